-- kong.tools.module: modules that may be missing.

local module = {}

-- true and the module; false and why it isn't there. One that is there and broken raises.
function module.load_module_if_exists(name)
	local ok, result = xpcall(function()
		return require(name)
	end, debug.traceback)
	if ok then
		return true, result
	elseif type(result) == "string" and result:find("module '" .. name .. "' not found", 1, true) then
		return false, result
	end
	error("error loading module '" .. name .. "':\n" .. tostring(result))
end

return module
