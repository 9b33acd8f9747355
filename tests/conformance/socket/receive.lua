-- receive, receiveany: patterns, sizes, what is left when the time is over or the peer has closed.

return function(say, try, peers)
	local function open(steps)
		local sock = ngx.socket.tcp()
		assert(sock:connect("127.0.0.1", peers.tcp))
		assert(sock:send(steps .. "\n"))
		return sock
	end

	local sock = open("say:one%0D%0Atwo%0A%0Athr%0Dee%0D%0A%00four%0A close")
	say(sock:receive())
	say(sock:receive("*l"))
	say(sock:receive("*l"))
	say(sock:receive("*l"))
	say(sock:receive("*l"))
	say("end", sock:receive("*l"))
	say("after it", sock:receive("*l"))
	say("sends", sock:send(""))
	say("keepalive", sock:setkeepalive())
	say(sock:close())
	say(sock:close())

	sock = open("say:0123456789 close")
	say(sock:receive(0))
	say(sock:receive(3))
	say(sock:receive("2"))
	say(sock:receive(100))
	say(sock:receive(1))
	say(sock:close())

	sock = open("say:partial%0Dline close")
	say(sock:receive("*l"))
	sock = open("say:all%0D%0Aof%20it close")
	say(sock:receive("*a"))
	say(sock:receive("*a"))
	sock = open("close")
	say(sock:receive("*a"))
	sock = open("close")
	say(sock:receive(5))

	-- the time is over: what has come is given, and it goes on
	sock = open("say:abcdef line say:ghi%0A line say:jkl close")
	sock:settimeout(30)
	say(sock:receive(2))
	say("line", sock:receive())
	say("nothing", sock:receive())
	say("size", sock:receive(4))
	sock:send("on\n")
	sock:settimeout(10000)
	say(sock:receive())
	sock:settimeout(30)
	say("all", sock:receive("*a"))
	say("any", sock:receiveany(10))
	sock:settimeouts(1000, 1000, 10000)
	sock:send("on\n")
	say(sock:receive("*a"))

	-- any
	sock = open("say:0123456789 line say:x close")
	say(sock:receiveany(4))
	say(sock:receiveany(100))
	sock:send("on\n")
	say(sock:receiveany(100))
	say(sock:receiveany(100))
	say(sock:receiveany(100))
	try(sock.receiveany, sock)

	-- a reset
	sock = open("line reset")
	sock:send("now\n")
	say(sock:receive())
	say(sock:receive())

	-- much
	sock = open("much:1000000 close")
	say(#sock:receive("*a"))

	-- bad arguments
	sock = open("hold")
	try(sock.receive, sock, "*n")
	try(sock.receive, sock, "l")
	try(sock.receive, sock, "*lines")
	try(sock.receive, sock, -1)
	try(sock.receive, sock, {})
	try(sock.receive, sock, nil)
	try(sock.receive, sock, 1, 2)
	try(sock.receiveany, sock, "x")
	try(sock.receiveany, sock, 0)
	try(sock.receiveany, sock, -1)
	try(sock.receiveany, sock, 1, 2)
	try(sock.receive)
	sock:close()
end
