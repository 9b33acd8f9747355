-- ngx.socket: C has the sockets (plugins/lua/ngx); here is what needs no more than them.

local certificate = require "outrigger.c.certificate"
local socket = require "outrigger.c.socket"

local methods = socket.methods
local CERT, PKEY = 3, 4 -- as in ngx_socket.h

-- A client certificate and its key, or neither: what ngx.ssl parses, or FFI pointers.
function methods.setclientcert(self, cert, pkey)
	if not cert and not pkey then
		self[CERT], self[PKEY] = nil, nil
		return true
	elseif not cert or not pkey then
		return nil, "client certificate must be supplied with corresponding private key"
	elseif not certificate.is_cert(cert) then
		return nil, "bad cert arg: cdata expected, got " .. type(cert)
	elseif not certificate.is_key(pkey) then
		return nil, "bad pkey arg: cdata expected, got " .. type(pkey)
	end
	self[CERT], self[PKEY] = cert, pkey
	return true
end

function methods.sslhandshake(self, session, server_name, verify, send_status_req, ...)
	local n = select("#", ...)
	if not self or n > 0 then
		error("ngx.socket sslhandshake: expecting 1 ~ 5 arguments (including the object), but seen "
			.. (self and 5 + n or 0))
	end
	return socket.handshake(self, session, server_name, verify, send_status_req)
end

-- As the gateway has it: everything in one table.
function methods.tlshandshake(self, options)
	if options ~= nil and type(options) ~= "table" then
		error("bad options arg: table expected", 2)
	end
	options = options or {}
	if options.client_cert and not options.client_priv_key then
		error("client certificate supplied without corresponding private key", 2)
	end
	local ok, err = self:setclientcert(options.client_cert, options.client_cert and options.client_priv_key)
	if not ok then
		error(err, 2)
	end
	return self:sslhandshake(options.reused_session, options.server_name, options.ssl_verify,
		options.ocsp_status_req)
end

local function connect(...)
	local sock = socket.tcp()
	local ok, err = sock:connect(...)
	if ok then
		return sock
	end
	return nil, err
end

return function(ngx)
	ngx.socket = { tcp = socket.tcp, stream = socket.tcp, udp = socket.udp, connect = connect }
end
