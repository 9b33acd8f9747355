-- kong.tools.http: checks of names in HTTP.

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

return http
