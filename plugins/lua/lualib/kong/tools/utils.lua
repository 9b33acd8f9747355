-- kong.tools.utils: what it was before it was several modules.

local utils = {}

for _, name in ipairs({ "table", "uuid", "rand", "time", "string", "ip", "http" }) do
	for key, value in pairs(require("kong.tools." .. name)) do
		utils[key] = value
	end
end

return utils
