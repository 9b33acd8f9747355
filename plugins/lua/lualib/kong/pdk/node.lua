-- kong.pdk.node: kong.node under its module's name.

return { new = function()
	return kong.node
end }
