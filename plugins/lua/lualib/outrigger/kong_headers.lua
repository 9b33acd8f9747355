-- get_headers of the PDK: any spelling of a name finds the lower-case one.

local any_spelling = require("outrigger.headers").any_spelling

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
