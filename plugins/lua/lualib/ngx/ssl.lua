-- ngx.ssl: what needs no handshake of the gateway's. Chains and keys are userdata, where nginx has cdata.

local certificate = require "outrigger.c.certificate"

local ssl = {
	parse_pem_cert = certificate.parse_pem_cert, parse_pem_priv_key = certificate.parse_pem_priv_key,
	SSL3_VERSION = 0x0300, TLS1_VERSION = 0x0301, TLS1_1_VERSION = 0x0302, TLS1_2_VERSION = 0x0303,
	TLS1_3_VERSION = 0x0304,
}

for _, name in ipairs({ "clear_certs", "set_der_cert", "set_der_priv_key", "set_cert", "set_priv_key",
	"verify_client", "raw_server_addr", "raw_client_addr", "server_name", "server_port",
	"get_tls1_version", "get_tls1_version_str", "get_client_random", "export_keying_material" }) do
	ssl[name] = function()
		error(("ngx.ssl.%s is not available in Outrigger: the handshake is in the gateway"):format(name), 2)
	end
end

return ssl
