-- kong.workspaces: there is one, whose id the gateway gives with each conf.

local workspaces = {}

local DEFAULT = "default"

function workspaces.get_workspace_id()
	return kong.default_workspace
end

function workspaces.get_workspace_name()
	return DEFAULT
end

function workspaces.get_workspace()
	return { id = kong.default_workspace, name = DEFAULT, meta = {} }
end

function workspaces.set_workspace() end

return workspaces
