-- send: what can be sent, how much of it, and to whom it can't.

return function(say, try, peers)
	local function open(steps)
		local sock = ngx.socket.tcp()
		assert(sock:connect("127.0.0.1", peers.tcp))
		assert(sock:send(steps .. "\n"))
		return sock
	end

	local sock = open(("echo "):rep(11))
	local function echo(value)
		local sent, err = sock:send(value)
		assert(sock:send("\n"))
		say(sent, err, sock:receive())
	end
	echo("text")
	echo("a\0b")
	echo(42)
	echo(1.5)
	echo(-1e100)
	echo(nil)
	echo(true)
	echo(false)
	echo({ "a", 1, "b", { "c", { 2.5, "d" }, {} }, "e" })
	echo({})
	echo("")

	try(sock.send, sock)
	try(sock.send, sock, 1, 2)
	try(sock.send, sock, print)
	try(sock.send, sock, { x = 1 })
	try(sock.send, sock, { [0] = 1 })
	try(sock.send, sock, { [1.5] = 1 })
	try(sock.send, sock, { 1, nil, 3 })
	try(sock.send, sock, { true })
	try(sock.send, sock, { print })
	try(sock.send, sock, { { {}, { ngx.null } } })
	say(sock:close())

	-- much, to a peer that says how much it was
	sock = open("say:ready%0A rest")
	say(sock:receive())
	say(sock:send(("x"):rep(3000000)))
	sock:close()

	-- a peer that doesn't read
	sock = open("say:ready%0A line line")
	say(sock:receive())
	sock:send("one\n")
	sock:close()

	-- a peer that never reads
	sock = open("say:ready%0A deaf")
	say(sock:receive())
	sock:settimeouts(1000, 100, 1000)
	local sent, err = sock:send(("x"):rep(30000000))
	say(sent, err)
	say(sock:send("x"))
	say(sock:receive())
	say(sock:close())

	-- a peer that has gone
	sock = open("say:bye%0A reset")
	say(sock:receive())
	say(sock:receive())
	say((sock:send("x")))
	say(sock:send("x"))
	say(sock:close())
end
