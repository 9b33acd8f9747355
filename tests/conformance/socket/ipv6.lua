-- IPv6: addresses, names that have nothing else, datagrams.

return function(say, try, peers)
	local function talk(host, port)
		local sock = ngx.socket.tcp()
		say(host, sock:connect(host, port))
		say(sock:send("say:six%0A\n"))
		say(sock:receive())
		say(sock:setkeepalive())
		sock = ngx.socket.tcp()
		say(sock:connect(host, port))
		say(sock:getreusedtimes(), sock:close())
	end

	talk("[::1]", peers.tcp6)
	talk("[0:0:0:0:0:0:0:1]", peers.tcp6)
	talk("six.test", peers.tcp6)
	say(ngx.socket.tcp():connect("[::1]", peers.refused6))
	say(ngx.socket.tcp():connect("six.test", peers.refused6))

	local sock = ngx.socket.tcp()
	say(sock:connect("[::1]", peers.tls6))
	say(sock:sslhandshake(false, "tls.test", true))
	say(sock:send("name\n"))
	say(sock:receive())
	sock:close()

	for _, host in ipairs({ "[::1]", "six.test" }) do
		sock = ngx.socket.udp()
		say(sock:setpeername(host, peers.udp6))
		say(sock:send("datagram"))
		say(sock:receive())
		say(sock:close())
	end
	try(sock.setpeername, sock)
end
