-- Lines of headers: names and values as nginx has them.

local check = require "outrigger.ngx.check"

local lines = {}

-- The gateway says names in lower case. Who wants them raw means to write them again, and to find them by the
-- spelling in which headers are set.
function lines.as_written(headers)
	local written = {}
	for name, value in pairs(headers) do
		written[(name:gsub("%f[%a]%a", string.upper))] = value
	end
	return written
end

-- No value ends its line.
local function to_text(value)
	return check.percent(tostring(value), "[%z\1-\8\10-\31\127]")
end

-- A text, or a list of them; nil for none.
function lines.to_value(value)
	if type(value) ~= "table" then
		return value ~= nil and to_text(value) or nil
	end
	local list = {}
	for i, item in ipairs(value) do
		list[i] = to_text(item)
	end
	return #list > 0 and list or nil
end

-- Calls add(name, text) for each line that a value is.
function lines.each(name, value, add)
	for _, text in ipairs(type(value) == "table" and value or { value }) do
		add(name, text)
	end
end

return lines
