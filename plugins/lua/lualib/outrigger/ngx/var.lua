-- ngx.var: nginx' variables of the request, in the gateway. They can be read only.

local check = require "outrigger.ngx.check"

local function get(_, name)
	check.request()
	if type(name) == "number" then
		return nil -- what a location's regular expression has captured
	elseif type(name) ~= "string" then
		error("bad variable name", 2)
	end
	return kong.nginx.get_var(name)
end

local function set(_, name)
	check.request()
	if type(name) ~= "string" then
		error("bad variable name", 2)
	end
	error(("ngx.var.%s can't be set: writes to variables don't cross to the gateway"):format(name), 2)
end

return function(ngx)
	ngx.var = setmetatable({}, { __index = get, __newindex = set })
end
