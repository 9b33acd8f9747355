-- Tables of headers as the gateway gives them: any spelling of a name finds the lower-case one.

local any_spelling = {}

function any_spelling.__index(headers, name)
	if type(name) == "string" then
		return rawget(headers, (name:lower():gsub("_", "-")))
	end
end

local function wrap(get_headers)
	return function(max_headers)
		local headers, err = get_headers(max_headers)
		return headers and setmetatable(headers, any_spelling), err
	end
end

return function(kong)
	for _, part in ipairs({ kong.request, kong.response, kong.service.response }) do
		part.get_headers = wrap(part.get_headers)
	end
end
