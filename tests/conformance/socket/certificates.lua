-- ngx.ssl: certificates and keys, from PEM to DER.

return function(say, _, peers)
	local ssl = require "ngx.ssl"
	local cert, key, locked = peers.cert, peers.key, peers.locked_key
	local function digest(text, err)
		say(text and #text, text and ngx.md5(text), err)
	end

	digest(ssl.cert_pem_to_der(cert))
	digest(ssl.cert_pem_to_der(cert .. peers.ca))
	digest(ssl.cert_pem_to_der("words before\n" .. cert .. "and after\n"))
	digest(ssl.cert_pem_to_der(""))
	digest(ssl.cert_pem_to_der("nonsense"))
	digest(ssl.cert_pem_to_der(key))
	digest(ssl.cert_pem_to_der(cert:sub(1, 200)))
	digest(ssl.cert_pem_to_der(cert .. peers.ca:sub(1, 200)))
	say(ssl.cert_pem_to_der(cert) == ngx.decode_base64((cert:gsub("%-%-%-%-%-[^-]+%-%-%-%-%-", ""):gsub("%s", ""))))

	digest(ssl.priv_key_pem_to_der(key))
	digest(ssl.priv_key_pem_to_der(key, "not needed"))
	digest(ssl.priv_key_pem_to_der(locked, "secret"))
	digest(ssl.priv_key_pem_to_der(locked, "wrong"))
	digest(ssl.priv_key_pem_to_der(locked, ""))
	digest(ssl.priv_key_pem_to_der(""))
	digest(ssl.priv_key_pem_to_der(cert))
	digest(ssl.priv_key_pem_to_der(key:sub(1, 100)))

	local function parse(name, text)
		local value, err = ssl[name](text)
		say(name, value ~= nil, err)
	end
	parse("parse_pem_cert", cert)
	parse("parse_pem_cert", cert .. peers.ca)
	parse("parse_pem_cert", cert .. peers.ca:sub(1, 200))
	parse("parse_pem_cert", "")
	parse("parse_pem_priv_key", key)
	parse("parse_pem_priv_key", "")
	parse("parse_pem_priv_key", cert)

	for _, name in ipairs({ "SSL3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3" }) do
		say(name, ssl[name .. "_VERSION"])
	end
end
