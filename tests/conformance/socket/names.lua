-- Names, and what becomes of those that aren't there.

return function(say, _, peers)
	local function try_name(name, port)
		local sock = ngx.socket.tcp()
		say(name, sock:connect(name, port or peers.tcp))
		return sock
	end

	local sock = try_name("a.test")
	say(sock:send("say:hello%0A\n"))
	say(sock:receive())
	say(sock:setkeepalive())
	sock = try_name("a.test")
	say(sock:getreusedtimes())
	sock:close()
	try_name("A.TEST")
	try_name("a.test", peers.refused)
	try_name("nobody.test")
	try_name("fails.test")
	try_name("empty.test")
	try_name("nobody.test")
	say(ngx.socket.connect("nobody.test", 80))
end
