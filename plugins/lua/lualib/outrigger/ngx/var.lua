-- ngx.var: nginx' variables of the request, in the gateway. They can be read only.

local function get(_, name)
	if type(name) ~= "string" then
		error("bad variable name", 2)
	end
	return kong.nginx.get_var(name)
end

local function set(_, name)
	error(("ngx.var.%s can't be set: writes to variables don't cross to the gateway"):format(
		tostring(name)), 2)
end

return function(ngx)
	ngx.var = setmetatable({}, { __index = get, __newindex = set })
end
