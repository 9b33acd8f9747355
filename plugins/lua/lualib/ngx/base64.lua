-- ngx.base64: the alphabet of URLs.

local base64 = require "outrigger.c.base64"

local M = {}

function M.encode_base64url(text)
	if type(text) ~= "string" then
		return nil, "must provide a string"
	end
	return base64.encode_url(text)
end

function M.decode_base64url(text)
	if type(text) ~= "string" then
		return nil, "must provide a string"
	end
	local bytes = base64.decode_url(text)
	if not bytes then
		return nil, "invalid input"
	end
	return bytes
end

return M
