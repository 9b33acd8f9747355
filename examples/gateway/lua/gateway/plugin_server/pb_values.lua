-- pb_values.lua - the arguments of a PDK function out of their message, and its results
-- into theirs. What does not fit is lost here as it is in the real gateway: a false
-- becomes nil, a null a text, an empty list an empty map, a nil "" or 0.

local message = require "gateway.plugin_server.pb_message"

-- ---- arguments ----

local from_list, from_struct

local function from_value(v)
	if v == nil then
		return nil
	elseif v.list_value then
		return from_list(message.decode("ListValue", v.list_value))
	elseif v.struct_value then
		return from_struct(message.decode("Struct", v.struct_value))
	end
	local null = v.null_value == 0 and "NULL_VALUE" or v.null_value
	return v.bool_value or v.string_value or v.number_value or null
end

function from_list(list)
	local out = {}
	for i, v in ipairs(list.values) do
		out[i] = from_value(v)
	end
	return out
end

function from_struct(struct)
	local out = {}
	for _, entry in ipairs(struct.fields) do
		out[entry.key] = from_value(entry.value)
	end
	return out
end

local function only_v(m)
	return m.v
end

-- By message: what the function is called with.
local arguments = {
	Empty = function() end,
	Bool = only_v, Int = only_v, String = only_v, ByteString = only_v,
	Struct = from_struct,
	ListValue = function(m)
		return unpack(from_list(m))
	end,
	KV = function(m)
		return m.k, from_value(m.v)
	end,
	Target = function(m)
		return m.host, m.port
	end,
	ExitArgs = function(m)
		return m.status, m.body, m.headers and from_struct(m.headers)
	end,
	ConsumerSpec = function(m)
		return m.id, m.by_username
	end,
	AuthenticateArgs = function(m)
		return m.consumer, m.credential
	end,
}

-- ---- results ----

local to_list, to_struct

local function to_value(v)
	local kind = type(v)
	if kind == "table" and v[1] ~= nil then
		return { list_value = message.encode("ListValue", to_list(v)) }
	elseif kind == "table" then
		return { struct_value = message.encode("Struct", to_struct(v)) }
	elseif kind == "nil" then
		return { null_value = 1 }
	end
	return { [kind == "boolean" and "bool_value" or kind .. "_value"] = v }
end

function to_list(list)
	local out = {}
	for i, v in ipairs(list) do
		out[i] = to_value(v)
	end
	return { values = out }
end

function to_struct(map)
	local out = {}
	for k, v in pairs(map) do
		out[#out + 1] = { key = k, value = to_value(v) }
	end
	return { fields = out }
end

local function as_v(v)
	return { v = v }
end

-- By message: what is written for what the function returned.
local results = {
	Bool = as_v, Int = as_v, Number = as_v, String = as_v, ByteString = as_v,
	Value = to_value,
	Struct = to_struct,
	RawBodyResult = function(body, err)
		if type(body) == "string" then
			return { content = body }
		end
		local path = ngx.req.get_body_file()
		return path and { body_filepath = path } or { error = err or "Can't read request body" }
	end,
	UriCapturesResult = function(captures)
		local named = {}
		for key, value in pairs(captures.named) do
			named[#named + 1] = { key = key, value = value }
		end
		return { unnamed = captures.unnamed, named = named }
	end,
}

local function as_it_is(value)
	return value
end

return {
	-- The bytes that answer a call of `f`, which is described in pb_schema.lua.
	call = function(f, description, bytes)
		local wrap = results[description.gives] or as_it_is
		local given = message.decode(description.takes, bytes)
		local result = wrap(f(arguments[description.takes](given)))
		return result == nil and "" or message.encode(description.gives, result)
	end,
}
