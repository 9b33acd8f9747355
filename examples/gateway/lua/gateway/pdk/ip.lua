-- ip.lua - kong.ip: is an address among trusted_ips?

local ffi = require "ffi"

ffi.cdef [[ int inet_pton(int family, const char *text, void *address); ]]

local AF_INET, AF_INET6 = 2, 10

-- The bytes of an address, IPv4 or IPv6; nil if it is none.
local function to_bytes(text)
	local size = text:find(":", 1, true) and 16 or 4
	local address = ffi.new("unsigned char[16]")
	if ffi.C.inet_pton(size == 16 and AF_INET6 or AF_INET, text, address) ~= 1 then
		return nil
	end
	return ffi.string(address, size)
end

local function to_range(text)
	local address, bits = text:match("^([^/]+)/?(%d*)$")
	local bytes = address and to_bytes(address)
	if not bytes then
		return nil
	end
	return { bytes = bytes, bits = tonumber(bits) or #bytes * 8 }
end

local function in_range(bytes, range)
	if #bytes ~= #range.bytes then
		return false
	end
	local whole, rest = math.floor(range.bits / 8), range.bits % 8
	if bytes:sub(1, whole) ~= range.bytes:sub(1, whole) then
		return false
	end
	if rest == 0 then
		return true
	end
	local shift = 8 - rest
	return bit.rshift(bytes:byte(whole + 1), shift) == bit.rshift(range.bytes:byte(whole + 1), shift)
end

return function(_, core)
	local ranges = {}
	for _, text in ipairs(core.settings.trusted_ips or {}) do
		ranges[#ranges + 1] = to_range(text)
	end

	local function is_trusted(address)
		local bytes = #ranges > 0 and to_bytes(address)
		if not bytes then
			return false
		end
		for _, range in ipairs(ranges) do
			if in_range(bytes, range) then
				return true
			end
		end
		return false
	end

	return { is_trusted = is_trusted }
end
