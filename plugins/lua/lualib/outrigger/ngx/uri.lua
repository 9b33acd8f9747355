-- ngx.escape_uri and its kin, base64, arguments of queries, SQL texts.

local base64 = require "outrigger.c.base64"
local uri = require "outrigger.c.uri"

local escape, unescape = uri.escape, uri.unescape

local MAX_KIND = 6
local MAX_ARGS = 100

local function escape_uri(text, kind)
	if kind ~= nil and type(kind) ~= "number" then
		error('"type" is not a number', 2)
	elseif kind and (kind < 0 or kind > MAX_KIND) then
		error(('"type" %s out of range'):format(kind), 2)
	end
	return escape(text, kind)
end

-- ---- arguments ----

local function add_arg(parts, key, value)
	local kind = type(value)
	if kind == "boolean" then
		parts[#parts + 1] = value and key or nil
	elseif kind == "number" or kind == "string" then
		parts[#parts + 1] = key .. "=" .. escape(value)
	else
		error(("attempt to use %s as query arg value"):format(kind), 4)
	end
end

local function encode_args(args)
	if type(args) ~= "table" then
		error(("bad argument #1 to 'encode_args' (table expected, got %s)"):format(
			args == nil and "no value" or type(args)), 2)
	end
	local parts = {}
	for key, value in pairs(args) do
		if type(key) ~= "string" then
			error('attempt to use a non-string key in the "args" option table', 2)
		end
		for _, item in ipairs(type(value) == "table" and value or { value }) do
			add_arg(parts, escape(key), item)
		end
	end
	return table.concat(parts, "&")
end

local function put_arg(args, key, value)
	local old = args[key]
	if old == nil then
		args[key] = value
	elseif type(old) == "table" then
		old[#old + 1] = value
	else
		args[key] = { old, value }
	end
end

-- Arguments without a name don't count.
local function split_arg(pair)
	local key, value = pair:match("^([^=]*)=(.*)$")
	key = unescape(key or pair)
	if key ~= "" then
		return key, value and unescape(value) or not value
	end
end

local function decode_args(text, max)
	if type(text) ~= "string" and type(text) ~= "number" then
		error(("bad argument #1 to 'decode_args' (string expected, got %s)"):format(
			text == nil and "no value" or type(text)), 2)
	end
	max = tonumber(max) or MAX_ARGS
	local args, count = {}, 0
	for pair in tostring(text):gmatch("[^&]+") do
		local key, value = split_arg(pair)
		if key and max > 0 and count == max then
			return args, "truncated"
		elseif key then
			count = count + 1
			put_arg(args, key, value)
		end
	end
	return args
end

-- ---- SQL ----

local SQL = { ["\0"] = "\\0", ["\b"] = "\\b", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
	["\26"] = "\\Z", ["\\"] = "\\\\", ["'"] = "\\'", ['"'] = '\\"' }

local function quote_sql_str(...)
	if select("#", ...) ~= 1 then
		error("expecting one argument", 2)
	end
	return "'" .. tostring((...)):gsub("[%z\b\n\r\t\26\\'\"]", SQL) .. "'"
end

return function(ngx)
	ngx.escape_uri, ngx.unescape_uri = escape_uri, unescape
	ngx.encode_args, ngx.decode_args = encode_args, decode_args
	ngx.encode_base64, ngx.decode_base64 = base64.encode, base64.decode
	ngx.quote_sql_str = quote_sql_str
end
