-- body.lua - a request's or response's body as a table, by its content type.

local json = require "gateway.json"
local multipart = require "gateway.multipart"
local checks = require "gateway.pdk.checks"

local FORM = "application/x-www-form-urlencoded"
local JSON = "application/json"
local MULTIPART = "multipart/form-data"

local function starts_with(text, prefix)
	return text:sub(1, #prefix) == prefix
end

local function read_json(source)
	local text, err = source.raw()
	if not text then
		return nil, err, JSON
	end
	local value = json.decode(text)
	if type(value) ~= "table" then
		return nil, "invalid json body", JSON
	end
	return value, nil, JSON
end

local function read_multipart(source, content_type)
	local text, err = source.raw()
	if not text then
		return nil, err, MULTIPART
	end
	local fields = multipart.decode(text, content_type)
	if not fields then
		return nil, "unable to decode multipart body", MULTIPART
	end
	return fields, nil, MULTIPART
end

-- source: raw() gives the bytes, args(max) the decoded form. Answers as
-- kong.request.get_body does: table or nil, error, mime type.
local function read(source, content_type, max_args)
	if not content_type then
		return nil, "missing content type"
	end
	local mime = content_type:lower():match("^[^;]*")
	if starts_with(mime, FORM) then
		checks.count("max_args", max_args)
		local args, err = source.args(max_args)
		if not args then
			return nil, err, FORM
		end
		return args, nil, FORM
	elseif starts_with(mime, JSON) then
		return read_json(source)
	elseif starts_with(mime, MULTIPART) then
		return read_multipart(source, content_type)
	end
	return nil, "unsupported content type '" .. content_type .. "'", mime
end

return { read = read }
