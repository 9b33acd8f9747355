-- kong.tools.sha256: the digest, in four writings.

local base64 = require "outrigger.c.base64"
local hash = require "outrigger.c.hash"

local sha256 = {}

function sha256.sha256_bin(text)
	return hash.digest("SHA256", text)
end

function sha256.sha256_hex(text)
	return hash.hex(sha256.sha256_bin(text))
end

function sha256.sha256_base64(text)
	return base64.encode(sha256.sha256_bin(text))
end

function sha256.sha256_base64url(text)
	return base64.encode_url(sha256.sha256_bin(text))
end

return sha256
