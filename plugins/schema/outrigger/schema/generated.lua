-- Values that make themselves: ids, random texts, the time.

local get_rand_bytes = require("kong.tools.rand").get_rand_bytes

local ok, core = pcall(require, "outrigger.core")

local generated = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

-- A version 4 UUID.
function generated.uuid()
	local bytes = { get_rand_bytes(16):byte(1, 16) }
	bytes[7] = bytes[7] % 16 + 64
	bytes[9] = bytes[9] % 64 + 128
	return (("%02x"):rep(4) .. ("-" .. ("%02x"):rep(2)):rep(3) .. "-" .. ("%02x"):rep(6)):format(
		unpack(bytes))
end

-- 32 letters and digits.
function generated.string()
	return (get_rand_bytes(32):gsub(".", function(byte)
		local index = byte:byte() % #ALPHABET + 1
		return ALPHABET:sub(index, index)
	end))
end

-- Seconds since 1970, to the millisecond where the host has a finer clock.
generated.now = ok and core.now or os.time

return generated
