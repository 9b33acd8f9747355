-- client_tls.lua - kong.client.tls. This gateway serves no TLS, so only the
-- checks and the answers of a plain connection remain.

local phases = require "gateway.pdk.phases"

local CERTIFICATE = phases.mask_of("certificate")
local CLIENT_HELLO = phases.mask_of("client_hello")
local BEFORE_LOG = phases.mask_of("rewrite", "access", "response", "balancer")
local REWRITE_AND_LATER = phases.mask_of("rewrite", "access", "response", "balancer", "log")

local function only_in(mask)
	return function()
		phases.check(mask)
		return nil, "not a TLS connection"
	end
end

local function set_client_verify(value)
	phases.check(BEFORE_LOG)
	assert(type(value) == "string")
	if value ~= "SUCCESS" and value ~= "NONE" and value:sub(1, 7) ~= "FAILED:" then
		error("unknown client verify value: " .. value .. " accepted values are: \"SUCCESS\", "
			.. "\"NONE\" or \"FAILED:<reason>\"", 2)
	end
	ngx.ctx.CLIENT_VERIFY_OVERRIDE = value
end

return function()
	return {
		request_client_certificate = only_in(CERTIFICATE),
		disable_session_reuse = only_in(CERTIFICATE),
		disable_http2_alpn = only_in(CLIENT_HELLO),
		get_full_client_certificate_chain = only_in(REWRITE_AND_LATER),
		set_client_verify = set_client_verify,
	}
end
