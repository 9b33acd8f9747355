-- uuid.lua - random ids, and ids made of names (version 5) by the rule by which
-- the real gateway makes those of a declarative file, so that both give the same.

local ffi = require "ffi"

local format = string.format

ffi.cdef [[ int getentropy(void *buffer, size_t length); ]]

-- The name space of all entities of declarative files.
local ENTITIES = "fd02801f-0957-4a15-a55a-c8d9606f30b5"
local PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

local function random_bytes(n)
	local buffer = ffi.new("unsigned char[?]", n)
	assert(ffi.C.getentropy(buffer, n) == 0, "no random bytes")
	return ffi.string(buffer, n)
end

local function to_hex(bytes)
	return (bytes:gsub(".", function(c)
		return format("%02x", c:byte())
	end))
end

local function from_text(text)
	return (text:gsub("-", ""):gsub("%x%x", function(hex)
		return string.char(tonumber(hex, 16))
	end))
end

local function to_text(bytes, version)
	local hex = to_hex(bytes:sub(1, 16))
	local variant = format("%x", bit.bor(bit.band(tonumber(hex:sub(17, 17), 16), 0x3), 0x8))
	return format("%s-%s-%d%s-%s%s-%s", hex:sub(1, 8), hex:sub(9, 12), version, hex:sub(14, 16),
		variant, hex:sub(18, 20), hex:sub(21, 32))
end

local function v4()
	return to_text(random_bytes(16), 4)
end

local function v5(namespace, name)
	return to_text(ngx.sha1_bin(from_text(namespace) .. name), 5)
end

return {
	v4 = v4,
	random_hex = function(n)
		return to_hex(random_bytes(n))
	end,
	-- The id of an entity (such as "routes") that a file knows by `key`.
	of_entity = function(entity, key)
		return v5(v5(ENTITIES, entity), key)
	end,
	is_valid = function(text)
		return type(text) == "string" and #text == 36 and ngx.re.find(text, PATTERN, "ijo") ~= nil
	end,
}
