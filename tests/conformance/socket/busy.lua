-- One thread reads while another one writes; two that read at once are refused.

return function(say, _, peers)
	local sock = ngx.socket.tcp()
	say(sock:connect("127.0.0.1", peers.tcp))
	local reader = ngx.thread.spawn(function()
		return sock:receive()
	end)
	say(sock:receive())
	say(sock:receiveany(1))
	say(sock:close())
	say(sock:setkeepalive())
	say(sock:connect("127.0.0.1", peers.tcp))
	say(sock:send("say:hello%0A\n"))
	say(ngx.thread.wait(reader))
	say(sock:close())
end
