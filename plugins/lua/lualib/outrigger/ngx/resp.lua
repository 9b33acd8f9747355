-- ngx.status, ngx.header, ngx.resp: the response to the client, by the PDK.
--
-- Before there is a response, the gateway doesn't let it be read; what an event has set is known here
-- (outrigger.response).

local core = require "outrigger.core"
local response = require "outrigger.response"

local MAX_LINES = 1000

local BEFORE = { rewrite = true, access = true }

local function get_header(_, name)
	if type(name) ~= "string" then
		return nil
	end
	name = name:gsub("_", "-")
	if BEFORE[core.phase()] then
		return response.get(name)
	end
	return kong.response.get_headers(MAX_LINES)[name]
end

local function set_header(_, name, value)
	name = tostring(name):gsub("_", "-")
	if value == nil or type(value) == "table" and #value == 0 then
		kong.response.clear_header(name)
	else
		kong.response.set_header(name, type(value) == "table" and value or tostring(value))
	end
end

-- The gateway says names in lower case. Who wants them raw means to write them again, and to find them by the
-- spelling in which headers are set.
local function as_written(headers)
	local written = {}
	for name, value in pairs(headers) do
		written[(name:gsub("%f[%a]%a", string.upper))] = value
	end
	return written
end

return function(ngx)
	ngx.header = setmetatable({}, { __index = get_header, __newindex = set_header })

	ngx.resp = {}

	function ngx.resp.get_headers(max, raw)
		local headers = kong.response.get_headers(max == 0 and MAX_LINES or max)
		return raw and as_written(headers) or headers
	end

	ngx.magic("status", function()
		if BEFORE[core.phase()] then
			return response.status() or 0
		end
		return kong.response.get_status()
	end, function(status)
		kong.response.set_status(tonumber(status))
	end)

	ngx.magic("headers_sent", function()
		return core.phase() == "log"
	end)
end
