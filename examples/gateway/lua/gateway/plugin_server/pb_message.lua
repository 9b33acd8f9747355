-- pb_message.lua - messages of pb_schema.lua to bytes and back: tables by field name.
--
-- Debian has no protobuf library for Lua. This does what the real gateway's does with
-- messages of proto3: a number that is 0 and a text that is empty are not written, but a false
-- is; what is absent is read as 0, "", false or an empty list, while an absent message, or
-- member of a oneof, is nil.

local ffi = require "ffi"
local bit = require "bit"
local messages = require("gateway.plugin_server.pb_schema").messages

local VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
local FIXED_SIZE = { [FIXED64] = 8, [FIXED32] = 4 }
local DEFAULTS = { int32 = 0, int64 = 0, double = 0, bool = false, bytes = "" }

local encode, decode

-- ---- to bytes ----

-- A number below 0 has 64 bits.
local function long_varint(n)
	local rest, out = ffi.cast("uint64_t", ffi.cast("int64_t", n)), {}
	repeat
		local low = tonumber(bit.band(rest, 0x7f))
		rest = bit.rshift(rest, 7)
		out[#out + 1] = string.char(rest > 0 and low + 0x80 or low)
	until rest == 0
	return table.concat(out)
end

-- LuaJIT's machine code for shifts of 64 bits is wrong now and then.
jit.off(long_varint)

local function varint(n)
	if n < 0 then
		return long_varint(n)
	end
	local out = {}
	while n >= 0x80 do
		out[#out + 1] = string.char(n % 0x80 + 0x80)
		n = (n - n % 0x80) / 0x80
	end
	return table.concat(out) .. string.char(n)
end

local function with_length(bytes)
	return varint(#bytes) .. bytes
end

local function write_integer(value)
	local n = tonumber(value)
	return n and varint(n), VARINT
end

local writers = { int32 = write_integer, int64 = write_integer }

function writers.bool(value)
	return varint(value and 1 or 0), VARINT
end

function writers.double(value)
	local n = tonumber(value)
	return n and ffi.string(ffi.new("double[1]", n), 8), FIXED64
end

function writers.bytes(value)
	return type(value) == "string" and with_length(value), BYTES
end

local function write_message(value, kind)
	return type(value) == "table" and with_length(encode(kind, value)), BYTES
end

local function write_one(field, value)
	local bytes, wire = (writers[field.type] or write_message)(value, field.type)
	if not bytes then
		error(("%s expected for field '%s', got %s"):format(field.type, field.name, type(value)))
	end
	return varint(field.number * 8 + wire) .. bytes
end

local function is_left_out(field, value)
	return value == nil or not field.in_oneof and field.type ~= "bool"
		and value == DEFAULTS[field.type]
end

function encode(kind, message)
	local out = {}
	for _, field in ipairs(messages[kind]) do
		local value = message[field.name]
		if field.repeated then
			for _, item in ipairs(value or {}) do
				out[#out + 1] = write_one(field, item)
			end
		elseif not is_left_out(field, value) then
			out[#out + 1] = write_one(field, value)
		end
	end
	return table.concat(out)
end

-- ---- from bytes ----

local function read_varint(data, at)
	local value, shift = ffi.new("uint64_t", 0), 0
	while true do
		local byte = data:byte(at) or error("invalid varint value at offset " .. at)
		value = bit.bor(value, bit.lshift(ffi.cast("uint64_t", bit.band(byte, 0x7f)), shift))
		at, shift = at + 1, shift + 7
		if byte < 0x80 then
			return value, at
		end
	end
end

jit.off(read_varint)

local function read_bytes(data, at, size)
	if at + size - 1 > #data then
		error(("unfinished bytes (len %d at offset %d)"):format(size, at))
	end
	return data:sub(at, at + size - 1), at + size
end

-- A field's number or bytes, as they stand there.
local function read_raw(data, at, wire)
	if wire == VARINT then
		return read_varint(data, at)
	elseif wire == BYTES then
		local size
		size, at = read_varint(data, at)
		return read_bytes(data, at, tonumber(size))
	end
	return read_bytes(data, at, FIXED_SIZE[wire] or error("unknown wire type " .. wire))
end

local readers = {}

function readers.int32(raw)
	return tonumber(ffi.cast("int32_t", raw))
end

function readers.int64(raw)
	return tonumber(ffi.cast("int64_t", raw))
end

function readers.bool(raw)
	return raw ~= 0
end

function readers.double(raw)
	local value = ffi.new("double[1]")
	ffi.copy(value, raw, 8)
	return value[0]
end

function readers.bytes(raw)
	return raw
end

local WIRES = { int32 = VARINT, int64 = VARINT, bool = VARINT, double = FIXED64 }

local function read_one(field, raw, wire)
	if wire ~= (WIRES[field.type] or BYTES) then
		error(("type mismatch for field '%s'"):format(field.name))
	end
	local reader = readers[field.type]
	if reader then
		return reader(raw)
	end
	return decode(field.type, raw)
end

local function with_defaults(kind)
	local message, by_number = {}, {}
	for _, field in ipairs(messages[kind]) do
		by_number[field.number] = field
		if field.repeated then
			message[field.name] = {}
		elseif not field.in_oneof then
			message[field.name] = DEFAULTS[field.type]
		end
	end
	return message, by_number
end

function decode(kind, data)
	local message, by_number = with_defaults(kind)
	local at = 1
	while at <= #data do
		local tag, raw
		tag, at = read_varint(data, at)
		tag = tonumber(tag)
		raw, at = read_raw(data, at, tag % 8)
		local field = by_number[math.floor(tag / 8)]
		if field then
			local value = read_one(field, raw, tag % 8)
			if field.repeated then
				table.insert(message[field.name], value)
			else
				message[field.name] = value
			end
		end
	end
	return message
end

return { encode = encode, decode = decode }
