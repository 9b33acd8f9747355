-- ngx.socket.tcp, connect, close: arguments, results, errors.

return function(say, try, peers)
	local host = "127.0.0.1"
	local sock = ngx.socket.tcp()
	say(type(sock), ngx.socket.stream == ngx.socket.tcp)
	try(ngx.socket.tcp, 1)

	-- before it is connected
	say("send", sock:send("x"))
	say("receive", sock:receive())
	say("receiveany", sock:receiveany(1))
	say("close", sock:close())
	say("reused", sock:getreusedtimes())
	say("keepalive", sock:setkeepalive())
	try(sock.getoption, sock, "keepalive")

	-- bad arguments
	try(sock.connect, sock)
	try(sock.connect, sock, host, 1, {}, 2)
	try(sock.connect, "no table", host, 1)
	try(sock.connect, sock, {}, 1)
	say(sock:connect(host))
	say(sock:connect(host, nil))
	say(sock:connect(host, "http"))
	say(sock:connect(host, -1))
	say(sock:connect(host, 65536))
	say(sock:connect(host, {}))
	try(sock.connect, sock, host, 1, { pool_size = 0 })
	try(sock.connect, sock, host, 1, { pool_size = "x" })
	try(sock.connect, sock, host, 1, { backlog = -1 })
	try(sock.connect, sock, host, 1, { pool = {} })
	say(sock:connect("", 80))
	say(sock:connect("a/b", 80))
	say(sock:connect("[::1", 80))
	say(sock:connect("[nonsense]", 80))
	say(sock:connect("::1", 80))
	say(sock:connect("unix:"))
	say(sock:connect("unix:" .. ("x"):rep(200)))

	-- errors
	say(sock:connect(host, peers.refused))
	say(sock:connect("unix:/nowhere/at/all"))

	-- connections
	say(sock:connect(host, peers.tcp))
	say(sock:getreusedtimes())
	say(sock:send("say:hello%0A\n"))
	say(sock:receive())
	say("again", sock:connect(host, tostring(peers.tcp)))
	say(sock:send("say:once%20more%0A\n"))
	say(sock:receive())
	say(sock:close())
	say(sock:close())
	say(sock:send("x"))
	try(sock.close, sock, 1)

	-- by a Unix socket
	say(sock:connect(peers.unix))
	say(sock:send("say:unix%0A\n"))
	say(sock:receive())
	say(sock:connect(peers.unix, nil, { pool = "mine" }))
	say(sock:close())

	-- all in one
	local one, err = ngx.socket.connect(host, peers.tcp)
	say(type(one), err)
	say(one:close())
	say(ngx.socket.connect(host, peers.refused))

	-- options
	local opts = ngx.socket.tcp()
	say(opts:connect(host, peers.tcp))
	say(opts:getoption("keepalive"))
	say(opts:setoption("keepalive", 1))
	say(opts:getoption("keepalive"))
	say(opts:setoption("keepalive", false == true and 1 or 0))
	say(opts:getoption("keepalive"))
	say(opts:setoption("tcp-nodelay", 1), opts:getoption("tcp-nodelay"))
	say(opts:setoption("reuseaddr", 1), opts:getoption("reuseaddr"))
	say(opts:setoption("sndbuf", 8192), opts:setoption("rcvbuf", 8192))
	say(opts:getoption())
	say(opts:getoption("nonsense"))
	say(opts:setoption())
	say(opts:setoption("keepalive"))
	say(opts:setoption("nonsense", 1))
	opts:close()
	say(opts:getoption("keepalive"))

	-- timeouts
	try(opts.settimeout, opts)
	try(opts.settimeout, opts, -1)
	try(opts.settimeout, opts, 2147483648)
	try(opts.settimeouts, opts, 1, 2)
	try(opts.settimeouts, opts, 1, 2, -3)
	say(opts:settimeout(nil))
	say(opts:settimeouts(1, 2, 3))
end
