-- Modules of the gateway that Outrigger doesn't have: why(name), or nil for all others.
--
-- A plugin may bring them along on its Lua path. Where it doesn't, `require` fails with the words of a module that
-- isn't there, since plugins ask this way whether the gateway has it, and the reason behind them.

local WHY = {
	["kong.enterprise_edition"] = "it is of the enterprise edition",
	["kong.db"] = "the gateway's entities can't be reached",
	["kong.dns"] = "names are resolved by what connects",
	["kong.resty.dns"] = "names are resolved by what connects",
	["kong.llm"] = "it is a part of the gateway's own AI plugins",
	["kong.clustering"] = "the control plane can't be reached",
	["kong.runloop"] = "it is made of the gateway itself",
	["kong.router"] = "it is made of the gateway itself",
	["kong.api"] = "it is made of the gateway itself",
	["kong.cmd"] = "it is made of the gateway itself",
	["kong.globalpatches"] = "it is made of the gateway itself",
}

-- Ours, and those of plugins, which tell their own story.
local OTHERS = { ["kong.plugins"] = true, ["kong.db.schema"] = true }

return function(name)
	if not name:find("^kong%.") then
		return nil
	end
	local part = name
	while part do
		if OTHERS[part] then
			return nil
		elseif WHY[part] then
			return WHY[part]
		end
		part = part:match("^(.+)%.[^.]*$")
	end
	return "it is the gateway's own, and not among those that Outrigger has"
end
