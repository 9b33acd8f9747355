-- How a tracing plugin takes trace headers from requests and gives them on.

local Schema = require "kong.db.schema"
local validate_header_name = require("kong.tools.http").validate_header_name

local EXTRACT = { "aws", "b3", "datadog", "gcp", "jaeger", "ot", "w3c" }
local INJECT = { "aws", "b3", "b3-single", "datadog", "gcp", "jaeger", "ot", "w3c" }

local function with_preserve(formats)
	return { "preserve", unpack(formats) }
end

return Schema.define({
	type = "record",
	fields = {
		{ extract = { type = "array", elements = { type = "string", one_of = EXTRACT },
			description = "Formats to look for in a request; the first one found is used." } },
		{ clear = { type = "array",
			elements = { type = "string", custom_validator = validate_header_name },
			description = "Headers to remove after the context was taken from them." } },
		{ inject = { type = "array",
			elements = { type = "string", one_of = with_preserve(INJECT) },
			description = "Formats to send; preserve is the format of the request." } },
		{ default_format = { type = "string", required = true, one_of = INJECT,
			description = "Format to send where preserve finds none in the request." } },
	},
})
