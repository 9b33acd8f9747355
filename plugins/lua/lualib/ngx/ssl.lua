-- ngx.ssl: what needs no handshake of the gateway's. Chains and keys are userdata, where nginx has cdata.

local certificate = require "outrigger.c.certificate"

local VERSIONS = { SSLv3 = 0x0300, TLSv1 = 0x0301, ["TLSv1.1"] = 0x0302, ["TLSv1.2"] = 0x0303, ["TLSv1.3"] = 0x0304 }

local ssl = {
	SSL3_VERSION = VERSIONS.SSLv3, TLS1_VERSION = VERSIONS.TLSv1, TLS1_1_VERSION = VERSIONS["TLSv1.1"],
	TLS1_2_VERSION = VERSIONS["TLSv1.2"], TLS1_3_VERSION = VERSIONS["TLSv1.3"],
}

for _, name in ipairs({ "parse_pem_cert", "parse_pem_priv_key", "parse_der_cert", "parse_der_priv_key", "cert_pem_to_der",
	"priv_key_pem_to_der" }) do
	ssl[name] = certificate[name]
end

function ssl.get_tls1_version_str()
	return kong.nginx.get_tls1_version_str()
end

function ssl.get_tls1_version()
	local name, err = kong.nginx.get_tls1_version_str()
	return VERSIONS[name], err
end

for _, name in ipairs({ "clear_certs", "set_der_cert", "set_der_priv_key", "set_cert", "set_priv_key", "verify_client",
	"raw_server_addr", "raw_client_addr", "server_name", "server_port", "export_keying_material",
	"export_keying_material_early", "get_req_ssl_pointer", "get_upstream_ssl_pointer", "ssl_session_reused",
	"get_client_random", "get_server_random", "get_session_master_key" }) do
	ssl[name] = function()
		error(("ngx.ssl.%s is not available in Outrigger: the handshake is in the gateway"):format(name), 2)
	end
end

return ssl
