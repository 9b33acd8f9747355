-- kong.tools.http: names, arguments, types and directives of HTTP.

local http = {}

-- The name, or nil and a text.
function http.validate_header_name(name)
	if name == nil or name == "" then
		return nil, "no header name provided"
	elseif name:match("^[%w_-]+$") then
		return name
	end
	return nil, "bad header name '" .. name ..
		"', allowed characters are A-Z, a-z, 0-9, '_', and '-'"
end

-- A token of RFC 2616: the token, or nil and a text.
function http.validate_http_token(token)
	if token == nil or token == "" then
		return nil, "no token provided"
	elseif not token:find('[%z\1-\32\127-\255()<>@,;:\\"/?={}%[%]]') then
		return token
	end
	return nil, "contains one or more invalid characters. ASCII " ..
		"control characters (0-31;127), space, tab and the " ..
		"characters ()<>@,;:\\\"/?={}[] are not allowed."
end

http.validate_cookie_name = http.validate_http_token

-- ---- arguments ----

local function compare_keys(a, b)
	if type(a) == type(b) then
		return a < b
	end
	return type(a) == "number"
end

local function sorted_keys(t)
	local keys = {}
	for key in pairs(t) do
		keys[#keys + 1] = key
	end
	table.sort(keys, compare_keys)
	return keys
end

-- As LuaSocket does it: all but letters, digits and "_".
local function escape(value)
	return (tostring(value):gsub("[^A-Za-z0-9_]", function(c)
		return ("%%%02x"):format(c:byte())
	end))
end

local function add_arg(parts, key, value, raw)
	if raw then
		parts[#parts + 1] = value == nil and key or ("%s=%s"):format(key, value)
	else
		parts[#parts + 1] = value == nil and escape(key) or escape(key) .. "=" .. escape(value)
	end
end

local function name_of(parent, key, no_array_indexes)
	if type(key) ~= "number" then
		return ("%s.%s"):format(parent, tostring(key))
	end
	return no_array_indexes and parent .. "[]" or ("%s[%s]"):format(parent, tostring(key))
end

local function add_table(parts, parent, t, opts)
	for _, key in ipairs(sorted_keys(t)) do
		local name, value = name_of(parent, key, opts.no_array_indexes), t[key]
		if type(value) == "table" then
			add_table(parts, name, value, opts)
		else
			add_arg(parts, name, value, opts.raw)
		end
	end
end

-- A query of a table, in the order of its keys: lists as a[1]=, tables as a.b=, null as an empty text.
function http.encode_args(args, raw, no_array_indexes)
	local parts, opts = {}, { raw = raw, no_array_indexes = no_array_indexes }
	for _, key in ipairs(sorted_keys(args)) do
		local value = args[key]
		if type(value) == "table" then
			add_table(parts, key, value, opts)
		elseif value == ngx.null then
			add_arg(parts, key, "")
		elseif tostring(value) == "" then
			parts[#parts + 1] = key
		else
			add_arg(parts, key, tostring(value), raw)
		end
	end
	return table.concat(parts, "&")
end

-- A table whose keys are 1, 2, ... as numbers or texts, as a list; else nil.
local function as_list(t)
	local list = {}
	for _ in pairs(t) do
		local value = t[tostring(#list + 1)]
		if value == nil then
			value = t[#list + 1]
		end
		if value == nil then
			return nil
		end
		list[#list + 1] = value
	end
	return list
end

local WORDS = { ["true"] = true, ["false"] = false }

-- Texts of a form as values: "" is null, "true" and "false" are booleans, numbered tables lists.
function http.decode_args(args)
	local result = {}
	for key, value in pairs(args) do
		if type(value) == "table" then
			result[key] = as_list(value) or value
		elseif value == "" then
			result[key] = ngx.null
		elseif WORDS[value] ~= nil then
			result[key] = WORDS[value]
		else
			result[key] = value
		end
	end
	return result
end

-- ---- requests ----

-- Whether the request came by https, also where that ended before the gateway; nil and an error if that isn't clear.
function http.check_https(trusted_ip, allow_terminated)
	if ngx.var.scheme:lower() == "https" then
		return true
	elseif not allow_terminated or not trusted_ip then
		return false
	end
	local scheme = ngx.var.http_x_forwarded_proto
	if not scheme then
		return false
	elseif scheme:find(",", 1, true) then
		return nil, "Only one X-Forwarded-Proto header allowed"
	end
	return scheme:lower() == "https"
end

-- The first value of a header of the request.
function http.get_header(name)
	return kong.request.get_header(name)
end

-- ---- responses ----

local ALWAYS = { [405] = "Method not allowed", [500] = "An unexpected error occurred", [502] = "Bad gateway" }
local OTHERWISE = { [401] = "Unauthorized", [404] = "Not found", [503] = "Service unavailable" }

-- A body for kong.response.exit: a table, or nil where there is none.
function http.get_default_exit_body(status, message)
	if type(status) ~= "number" then
		error("code must be a number", 2)
	elseif status < 100 or status > 599 then
		error("code must be a number between 100 and 599", 2)
	elseif status == 204 then
		return nil
	end
	local body = ALWAYS[status] or message or OTHERWISE[status]
	if body ~= nil and type(body) ~= "table" then
		body = { message = body }
	end
	return body
end

local JSON, HTML = "application/json; charset=utf-8", "text/html; charset=utf-8"
local PLAIN, XML = "text/plain; charset=utf-8", "application/xml; charset=utf-8"

local TYPES = { ["application/grpc"] = "", ["text/html"] = HTML, ["application/json"] = JSON,
	["text/plain"] = PLAIN, ["application/xml"] = XML, ["application/*"] = JSON, ["text/*"] = PLAIN,
	["*/*"] = JSON }

-- The content type of errors for a media type; the default (JSON), or nil and an error if that isn't wanted.
function http.get_mime_type(content_header, use_default)
	local found = TYPES[content_header:gsub("^%s+", ""):match("^[^;]*"):gsub("%s+$", "")]
	if found or use_default == nil or use_default then
		return found or JSON
	end
	return nil, "could not find MIME type"
end

-- The one that an Accept header (a text or a list) likes best.
function http.get_response_type(accept)
	local best, most = JSON, 0
	if type(accept) == "table" then
		accept = table.concat(accept, ",")
	end
	for item in (accept or ""):gmatch("[^,]+") do
		local media = item:match("^%s*([^%s;]+/[^%s;]+)")
		local quality = tonumber(item:match(";%s*q=([%d.]+)")) or 1
		if media and quality > most then
			most = quality
			best = http.get_mime_type(media:lower()) or best
		end
	end
	return best
end

local TEMPLATES = {
	[""] = "",
	[JSON] = '{\n  "message":"%s",\n  "request_id":"%s"\n}',
	[PLAIN] = "%s\nrequest_id: %s\n",
	[XML] = '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n  <message>%s</message>\n' ..
		"  <requestid>%s</requestid>\n</error>\n",
	[HTML] = '<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n    <title>Error</title>\n' ..
		"  </head>\n  <body>\n    <h1>Error</h1>\n    <p>%s.</p>\n    <p>request_id: %s</p>\n" ..
		"  </body>\n</html>\n",
}

-- The gateway's form of errors, with places for message and request id.
function http.get_error_template(mime_type)
	local template = TEMPLATES[mime_type] or TEMPLATES[TYPES[mime_type]]
	if template then
		return template
	end
	return nil, "no template found for MIME type " .. (mime_type or "empty")
end

-- ---- caching ----

-- "public, max-age=3600" as { public = true, ["max-age"] = 3600 }; names in lower case.
function http.parse_directive_header(header)
	local directives = {}
	if type(header) == "table" then
		header = table.concat(header, ", ")
	end
	for item in (header or ""):gmatch("[^,]+") do
		local name, value = item:match("^%s*([^=]+)=(.+)$")
		name = name or item:match("^%s*(.*)$")
		directives[name:lower()] = value and (tonumber(value) or value) or true
	end
	return directives
end

-- For how many seconds a response is fresh, by these directives or else the response's Expires.
function http.calculate_resource_ttl(directives)
	local age = directives and (directives["s-maxage"] or directives["max-age"])
	if not age then
		local expires = ngx.parse_http_time(tostring(kong.response.get_header("Expires")))
		age = expires and expires - ngx.time()
	end
	return age and math.max(age, 0) or 0
end

return http
