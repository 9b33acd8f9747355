-- kong.tools.uuid: random ones (version 4).

local uuid = {}

function uuid.uuid()
	local bytes = { require("kong.tools.rand").get_rand_bytes(16):byte(1, 16) }
	bytes[7] = bytes[7] % 16 + 0x40
	bytes[9] = bytes[9] % 64 + 0x80
	return ("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x"):format(unpack(bytes))
end

local FORM = "^" .. ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12) .. "$"

function uuid.is_valid_uuid(text)
	return type(text) == "string" and text:find(FORM) ~= nil
end

return uuid
