-- receiveuntil: iterators, sized reads, inclusive, patterns that overlap themselves.

return function(say, try, peers)
	local function open(steps)
		local sock = ngx.socket.tcp()
		assert(sock:connect("127.0.0.1", peers.tcp))
		assert(sock:send(steps .. "\n"))
		return sock
	end

	local function all(text, pattern, options)
		local sock = open("say:" .. text .. " close")
		local reader = options and sock:receiveuntil(pattern, options) or sock:receiveuntil(pattern)
		say(pattern, reader())
		say(reader())
		say(reader())
		sock:close()
	end

	all("hello--world--rest", "--")
	all("hello--world--rest", "--", { inclusive = true })
	all("hello--world--rest", "--", { inclusive = false })
	all("hello-world", "--")
	all("----", "--")
	all("abababacabab", "ababac")
	all("abababacabab", "ababac", { inclusive = true })
	all("aaaaab", "aab")
	all("aabaabaaabaabaaac", "aabaaac")
	all("ab%0D%0A%0D%0Acd%0D%0A%0D%0D%0A%0D%0A", "\r\n\r\n")
	all("x%00y%00", "\0")
	all("abcabcabdabcabcabcabd", "abcabcabd")
	all("a", "abc")
	all("ab", "abc")
	all("-", "-")
	all("bbbbba", "ba")

	local function sized(text, pattern, size, options)
		local sock = open("say:" .. text .. " close")
		local reader = options and sock:receiveuntil(pattern, options) or sock:receiveuntil(pattern)
		for _ = 1, 8 do
			local data, err, partial = reader(size)
			say(pattern, size, data, err, partial)
			if not data and err then
				break
			end
		end
		sock:close()
	end

	for size = 1, 7 do
		sized("hello--world--re", "--", size)
		sized("hello--world--re", "--", size, { inclusive = true })
		sized("aabaabaaabaabaaacaab", "aabaaac", size)
		sized("abababac", "ababac", size)
	end
	sized("hello--x", "--", 0)
	sized("hello--x", "--", -1)

	-- pieces, and the time
	local sock = open("say:ab-%20-c- line say:-de-- close")
	local reader = sock:receiveuntil("--")
	say(sock:receive(1))
	sock:settimeout(30)
	say("time", reader())
	sock:settimeout(10000)
	sock:send("on\n")
	say(reader())
	say(reader())
	say(reader())

	-- between other reads
	sock = open("say:one--two%0Athree--four close")
	reader = sock:receiveuntil("--")
	say(reader())
	say(sock:receive())
	say(reader())
	say(sock:receive("*a"))

	-- bad arguments
	sock = open("hold")
	try(sock.receiveuntil, sock)
	try(sock.receiveuntil, sock, "x", {}, 1)
	try(sock.receiveuntil, sock, "x", 1)
	try(sock.receiveuntil, sock, "x", { inclusive = 1 })
	try(sock.receiveuntil, sock, {})
	say(sock:receiveuntil(""))
	try(sock:receiveuntil("x"), 1, 2)
	try(sock:receiveuntil("x"), "y")
	sock:close()
	say(sock:receiveuntil("x")())
end
