-- kong.meta: the gateway version whose plugin interface this is.

local version = setmetatable({ major = 3, minor = 9, patch = 1 }, {
	__tostring = function(t)
		return ("%d.%d.%d%s"):format(t.major, t.minor, t.patch, t.suffix or "")
	end,
})

return {
	_NAME = "kong",
	_VERSION = tostring(version),
	_VERSION_TABLE = version,
	_SERVER_TOKENS = "kong/" .. tostring(version),
	version = tostring(version),
}
