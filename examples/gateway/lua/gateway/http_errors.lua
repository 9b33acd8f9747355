-- http_errors.lua - the bodies of answers that the gateway makes itself.

local MIME = {
	["application/grpc"] = "", ["text/html"] = "text/html; charset=utf-8",
	["application/json"] = "application/json; charset=utf-8",
	["text/plain"] = "text/plain; charset=utf-8",
	["application/xml"] = "application/xml; charset=utf-8",
	application = "application/json; charset=utf-8", text = "text/plain; charset=utf-8",
}
local DEFAULT = "application/json; charset=utf-8"

local TEMPLATES = {
	[""] = "",
	[MIME["application/json"]] = '{\n  "message":"%s",\n  "request_id":"%s"\n}',
	[MIME["text/plain"]] = "%s\nrequest_id: %s\n",
	[MIME["application/xml"]] = '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n'
		.. "  <message>%s</message>\n  <requestid>%s</requestid>\n</error>\n",
	[MIME["text/html"]] = '<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n'
		.. "    <title>Error</title>\n  </head>\n  <body>\n    <h1>Error</h1>\n"
		.. "    <p>%s.</p>\n    <p>request_id: %s</p>\n  </body>\n</html>\n",
}

local MESSAGES = {
	[400] = "Bad request", [401] = "Unauthorized", [402] = "Payment required",
	[403] = "Forbidden", [404] = "Not found", [405] = "Method not allowed",
	[406] = "Not acceptable", [407] = "Proxy authentication required",
	[408] = "Request timeout", [409] = "Conflict", [410] = "Gone", [411] = "Length required",
	[412] = "Precondition failed", [413] = "Payload too large", [414] = "URI too long",
	[415] = "Unsupported media type", [416] = "Range not satisfiable",
	[417] = "Expectation failed", [418] = "I'm a teapot", [421] = "Misdirected request",
	[422] = "Unprocessable entity", [423] = "Locked", [424] = "Failed dependency",
	[425] = "Too early", [426] = "Upgrade required", [428] = "Precondition required",
	[429] = "Too many requests", [431] = "Request header fields too large",
	[451] = "Unavailable for legal reasons", [494] = "Request header or cookie too large",
	[500] = "An unexpected error occurred", [501] = "Not implemented",
	[502] = "An invalid response was received from the upstream server",
	[503] = "The upstream server is currently unavailable",
	[504] = "The upstream server is timing out", [505] = "HTTP version not supported",
	[506] = "Variant also negotiates", [507] = "Insufficient storage", [508] = "Loop detected",
	[510] = "Not extended", [511] = "Network authentication required",
}

local function mime_of(media_type)
	local major, minor = media_type:match("^([^/]+)/(.+)$")
	if major and minor == "*" then
		return MIME[major] or DEFAULT
	end
	return MIME[media_type] or DEFAULT
end

-- The content type that an Accept header (string, array or nil) asks for.
local function content_type_for(accept)
	if type(accept) == "table" then
		accept = table.concat(accept, ",")
	end
	local best, best_quality = DEFAULT, 0
	for entry in (accept or ""):gmatch("[^,]+") do
		local media_type = entry:match("^%s*([%w%-!#$&^_+.*]+/[%w%-!#$&^_+.*]+)")
		local quality = tonumber(entry:match(";%s*q%s*=%s*([%d.]+)")) or 1
		if media_type and quality > best_quality then
			best, best_quality = mime_of(media_type:lower()), quality
		end
	end
	return best
end

-- The body for a content type (as content_type_for gives it), or a plain one
-- for JSON where the type is not known.
local function body(content_type, message, request_id)
	local template = TEMPLATES[content_type] or TEMPLATES[MIME[content_type] or DEFAULT]
	return string.format(template, message, request_id)
end

return {
	content_type_for = content_type_for,
	body = body,
	message = function(status)
		return MESSAGES[status] or string.format("The upstream server responded with %d", status)
	end,
	-- What nginx itself answers where nobody gave a body.
	plain_page = function(status, reason)
		local title = status .. " " .. reason
		return "<html>\r\n<head><title>" .. title .. "</title></head>\r\n<body>\r\n<center><h1>"
			.. title .. "</h1></center>\r\n</body>\r\n</html>\r\n"
	end,
}
