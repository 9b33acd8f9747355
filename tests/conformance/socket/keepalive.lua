-- setkeepalive, getreusedtimes and pools.

return function(say, try, peers)
	local host = "127.0.0.1"
	local function open(options)
		local sock = ngx.socket.tcp()
		local ok, err = sock:connect(host, peers.tcp, options)
		return ok and sock, err
	end
	local function talk(sock)
		assert(sock:send("say:x%0A\n"))
		return sock:receive(), sock:getreusedtimes()
	end

	local sock = open()
	say(talk(sock))
	say(sock:setkeepalive())
	say(sock:getreusedtimes())
	say(sock:setkeepalive())
	say(sock:send("x"))
	say(sock:receive())
	say(sock:connect(host, peers.tcp))
	say(talk(sock))
	say(sock:setkeepalive(10000, 5))
	local other = open()
	say(talk(other))
	sock = open()
	say(talk(sock))
	say(sock:setkeepalive(0))
	say(other:setkeepalive())
	say(talk(open()))
	say(talk(open()))
	say(talk(open()))

	-- by name
	for _ = 1, 3 do
		sock = open({ pool = "mine" })
		say(talk(sock))
		say(sock:setkeepalive(10000))
	end
	sock = open({ pool = 17 })
	say(talk(sock))
	say(sock:setkeepalive(nil, nil))
	sock = open({ pool = "17" })
	say(talk(sock))
	sock:close()
	sock = ngx.socket.tcp()
	say(sock:connect(peers.unix))
	say(sock:setkeepalive())
	say(sock:connect(peers.unix))
	say(talk(sock))
	sock:close()

	-- a pool of one: the connection that is there for longest goes
	local one, two = open({ pool = "one", pool_size = 1 }), open({ pool = "one" })
	say(talk(one))
	say(talk(two))
	say(two:setkeepalive())
	say(one:setkeepalive())
	sock = open({ pool = "one" })
	say(talk(sock))
	say(talk(open({ pool = "one" })))
	sock:close()

	-- a pool that counts
	sock = open({ pool = "few", pool_size = 1, backlog = 0 })
	say(talk(sock))
	say(open({ pool = "few", pool_size = 1, backlog = 0 }))
	say(sock:setkeepalive())
	sock = open({ pool = "few" })
	say(talk(sock))
	say(open({ pool = "few" }))
	say(sock:close())
	say((open({ pool = "few" })) ~= nil)
	local first = open({ pool = "line", pool_size = 1, backlog = 1 })
	say(talk(first))
	sock = ngx.socket.tcp()
	sock:settimeout(30)
	say(sock:connect(host, peers.tcp, { pool = "line" }))
	say(first:close())
	say(sock:connect(host, peers.tcp, { pool = "line" }))

	-- what can't be kept
	sock = open()
	assert(sock:send("say:abcd%0A\n"))
	say(sock:receive(1))
	say(sock:setkeepalive())
	say(sock:receive())
	say(sock:setkeepalive())
	sock = open({ pool = "ended" })
	assert(sock:send("close\n"))
	say(sock:receive())
	say(sock:setkeepalive())

	-- one that ends while it is kept
	sock = open({ pool = "ends" })
	assert(sock:send("say:x%0A line close\n"))
	say(sock:receive())
	say(sock:send("now\n"))
	say(sock:receive())
	sock = open({ pool = "ends" })
	say(talk(sock))

	try(sock.setkeepalive, sock, 1, 2, 3)
	try(sock.setkeepalive, sock, 1, 0)
	try(sock.setkeepalive, sock, "x")
	try(sock.getreusedtimes, sock, 1)
end
