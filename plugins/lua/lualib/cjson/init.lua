-- cjson, as OpenResty has it: lua-cjson with arrays that stay arrays.
--
-- What is written is written here, since Debian's lua-cjson knows no array_mt and no empty_array. What is read is
-- read by lua-cjson where it is installed, for its exact idea of JSON; where arrays are to be marked, or without it,
-- by another parser, which wants valid UTF-8 and no number but JSON's.

local json = require "outrigger.c.json"

local MAX_PRECISION = 16

-- lua-cjson itself, which this module hides.
local function load_library()
	for template in package.cpath:gmatch("[^;]+") do
		local open = package.loadlib(template:gsub("%?", "cjson"), "luaopen_cjson")
		if open then
			return open()
		end
	end
end

local found, library = pcall(load_library)
library = found and library or nil

local function new_config()
	return { escape_slash = true, empty_is_object = true, sparse_is_object = false, sparse_ratio = 2,
		sparse_safe = 10, precision = 14, write_invalid = false, invalid_is_null = false,
		encode_depth = 1000, decode_depth = 1000, mark_arrays = false, read_invalid = true,
		keep_buffer = true, skip_unsupported = false }
end

local function bad_option(name, value)
	error(("bad argument #1 to '%s' (invalid option '%s')"):format(name, tostring(value)), 4)
end

-- A function that sets (and returns) a field that is true or false.
local function switch(config, name, field)
	return function(value)
		if value == "on" or value == "off" then
			value = value == "on"
		elseif value ~= nil and type(value) ~= "boolean" then
			bad_option(name, value)
		end
		if value ~= nil then
			config[field] = value
		end
		return config[field]
	end
end

-- The same for a whole number.
local function integer(config, name, field, max)
	return function(value)
		if value ~= nil then
			if type(value) ~= "number" or value % 1 ~= 0 or value < 1 or value > max then
				error(("bad argument #1 to '%s' (expected integer between 1 and %d)"):format(name,
					max), 3)
			end
			config[field] = value
		end
		return config[field]
	end
end

local function settings(cjson, config)
	for name, field in pairs({ encode_empty_table_as_object = "empty_is_object",
		encode_escape_forward_slash = "escape_slash", decode_array_with_array_mt = "mark_arrays",
		encode_keep_buffer = "keep_buffer", decode_invalid_numbers = "read_invalid",
		encode_skip_unsupported_value_types = "skip_unsupported" }) do
		cjson[name] = switch(config, name, field)
	end
	cjson.encode_max_depth = integer(config, "encode_max_depth", "encode_depth", 2 ^ 31 - 1)
	cjson.decode_max_depth = integer(config, "decode_max_depth", "decode_depth", 2 ^ 31 - 1)
	cjson.encode_number_precision = integer(config, "encode_number_precision", "precision",
		MAX_PRECISION)

	function cjson.encode_invalid_numbers(value)
		if value == "null" then
			config.invalid_is_null, config.write_invalid = true, false
		elseif value ~= nil then
			config.write_invalid = switch(config, "encode_invalid_numbers", "write_invalid")(value)
			config.invalid_is_null = false
		end
		return config.invalid_is_null and "null" or config.write_invalid
	end

	function cjson.encode_sparse_array(convert, ratio, safe)
		if convert ~= nil and type(convert) ~= "boolean" then
			bad_option("encode_sparse_array", convert)
		elseif convert ~= nil then
			config.sparse_is_object = convert
		end
		config.sparse_ratio = tonumber(ratio) or config.sparse_ratio
		config.sparse_safe = tonumber(safe) or config.sparse_safe
		return config.sparse_is_object, config.sparse_ratio, config.sparse_safe
	end
end

-- lua-cjson's own decode for this configuration; nil where it won't do.
local function library_decode(config)
	local instance = library and library.new()
	return function(text)
		if not instance or config.mark_arrays then
			return nil
		end
		instance.decode_max_depth(config.decode_depth)
		instance.decode_invalid_numbers(config.read_invalid)
		return instance.decode(text)
	end
end

local function check_one(n, name)
	if n ~= 1 then
		error(("bad argument #1 to '%s' (expected 1 argument)"):format(name), 3)
	end
end

local new

local function fill(cjson, config)
	local decode_first = library_decode(config)

	function cjson.encode(...)
		check_one(select("#", ...), "encode")
		local text, err = json.encode((...), config)
		if not text then
			error(err, 2)
		end
		return text
	end

	function cjson.decode(...)
		check_one(select("#", ...), "decode")
		local text = ...
		if type(text) ~= "string" and type(text) ~= "number" then
			error(("bad argument #1 to 'decode' (string expected, got %s)"):format(type(text)), 2)
		end
		text = tostring(text)
		local ok, value = pcall(decode_first, text)
		if not ok then
			error((tostring(value):gsub("^.-:%d+: ", "")), 2)
		elseif value ~= nil then
			return value
		end
		local err
		value, err = json.decode(text, config)
		if err then
			error(err, 2)
		end
		return value
	end

	cjson.new = new
end

new = function()
	local config = new_config()
	local cjson = { _NAME = "cjson", _VERSION = "2.1.0.11", null = ngx.null,
		empty_array = json.empty_array, array_mt = json.array_mt, empty_array_mt = json.empty_array_mt }
	settings(cjson, config)
	fill(cjson, config)
	return cjson
end

return new()
