-- sslhandshake, setclientcert: sessions, names, verification.

return function(say, try, peers)
	local ssl = require "ngx.ssl"
	local function open(port)
		local sock = ngx.socket.tcp()
		assert(sock:connect("127.0.0.1", port or peers.tls))
		return sock
	end
	local function talk(sock, steps)
		say(sock:send(steps .. "\n"))
		say(sock:receive())
	end
	local function kind(session)
		return type(session) == "userdata" and "cdata" or type(session)
	end

	local sock = ngx.socket.tcp()
	try(sock.sslhandshake, sock)
	try(sock.sslhandshake, sock, nil, nil, nil, nil, nil)

	sock = open()
	local session, err = sock:sslhandshake()
	say(kind(session), err)
	talk(sock, "say:secret%0A")
	say(kind((sock:sslhandshake())))
	say(sock:sslhandshake(false))
	say(sock:sslhandshake(session) == session)
	say(sock:close())
	say(sock:sslhandshake())

	sock = open()
	say(sock:sslhandshake(false))
	talk(sock, "name")
	say(sock:close())
	sock = open()
	say(sock:sslhandshake(false, "tls.test"))
	talk(sock, "name")
	sock = open()
	say(sock:sslhandshake(false, "tls.test", true))
	talk(sock, "name")
	say(sock:send("say:" .. ("x"):rep(100) .. "%0D%0Arest close\n"))
	say(#sock:receive())
	say(sock:receive("*a"))
	say(sock:close())
	sock = open()
	session, err = sock:sslhandshake(nil, "tls.test", true, true)
	say(kind(session), err)
	sock = open()
	say(kind((sock:sslhandshake(session, "tls.test", true))))
	talk(sock, "say:resumed%0A")
	sock = open()
	say(sock:sslhandshake(false, "other.test", false))

	-- nginx returns true, of a socket that it has closed, where a handshake fails without having waited
	local function fail(port, steps, ...)
		for _ = 1, 100 do
			sock = open(port)
			if steps then
				sock:send(steps)
			end
			local ok, reason = sock:sslhandshake(false, ...)
			if not ok then
				say(ok, reason, sock:send("x"))
				return
			end
		end
	end
	fail(nil, nil, "other.test", true)

	-- pools keep what has been shaken
	sock = open()
	say(sock:sslhandshake(false))
	talk(sock, "say:x%0A")
	say(sock:setkeepalive())
	sock = open()
	say(sock:getreusedtimes())
	say(sock:sslhandshake(false))
	talk(sock, "say:again%0A")
	sock:close()

	-- not TLS at all
	fail(peers.tcp, "say:nonsense%0A close\n")
	fail(peers.tcp, "close\n")
	sock = open(peers.tcp)
	sock:send("hold\n")
	sock:settimeout(50)
	say(sock:sslhandshake(false))

	-- a peer that wants to know who we are
	local chain, key = assert(ssl.parse_pem_cert(peers.cert)), assert(ssl.parse_pem_priv_key(peers.key))
	sock = open(peers.demanding)
	say(sock:setclientcert(chain, key))
	say(sock:sslhandshake(false, "tls.test", true))
	talk(sock, "cert")
	sock = open(peers.demanding)
	sock:sslhandshake(false)
	sock:send("cert\n")
	say((sock:receive()))
	say(sock:setclientcert(chain))
	say(sock:setclientcert(nil, key))
	say(sock:setclientcert("text", key))
	say(sock:setclientcert(chain, {}))
	say(sock:setclientcert(nil, nil))

	-- parsing
	say(type((ssl.parse_pem_cert(peers.cert))) ~= "nil", (ssl.parse_pem_priv_key(peers.key)) ~= nil)
	say(ssl.parse_pem_cert("nonsense"))
	say(ssl.parse_pem_priv_key("nonsense"))

	-- from now on, nginx puts the number before all errors of handshakes
	fail(peers.stranger, nil, "stranger.test", true)
	fail(peers.stranger, nil, nil, true)
end
