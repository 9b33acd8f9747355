-- ngx.status, ngx.header, ngx.resp: the response to the client, by the PDK.
--
-- Before there is a response, the gateway doesn't let it be read; what an event has set is known here
-- (outrigger.response).

local check = require "outrigger.ngx.check"
local core = require "outrigger.core"
local lines = require "outrigger.ngx.lines"
local output = require "outrigger.output"
local response = require "outrigger.response"

local MAX_LINES = 1000

local BEFORE = { rewrite = true, access = true }

local function get_header(_, name)
	check.request()
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
	check.request()
	name, value = tostring(name):gsub("_", "-"), lines.to_value(value)
	if value == nil then
		kong.response.clear_header(name)
	else
		kong.response.set_header(name, value)
	end
end

-- ngx.resp's module has it.
local function add_header(name, value)
	if value == nil then
		error("invalid header value", 2)
	end
	lines.each(tostring(name), lines.to_value(value), kong.response.add_header)
end

return function(ngx)
	ngx.header = setmetatable({}, { __index = get_header, __newindex = set_header })

	ngx.resp = { add_header = add_header }

	function ngx.resp.get_headers(max, raw)
		check.request()
		max = check.number(max, 1, -1)
		local headers
		if BEFORE[core.phase()] then
			headers = response.all()
		else
			headers = kong.response.get_headers(max == 0 and MAX_LINES or max > 0 and math.min(max, MAX_LINES) or nil)
		end
		return raw and lines.as_written(headers) or headers
	end

	ngx.magic("status", function()
		check.request()
		if BEFORE[core.phase()] then
			return response.status() or 0
		end
		return kong.response.get_status()
	end, function(status)
		check.request()
		kong.response.set_status(check.int(tonumber(status)))
	end)

	ngx.magic("headers_sent", function()
		check.request()
		local phase = core.phase()
		return phase == "log" or phase == "body_filter" or output.has_begun()
	end)
end
