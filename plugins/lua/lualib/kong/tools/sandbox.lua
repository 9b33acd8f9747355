-- kong.tools.sandbox: Lua code from configurations, in an environment of harmless functions.
--
-- kong.configuration.untrusted_lua says how: "sandbox" (the default), "on" (with everything), "off" (not at all).

local sandbox = {}

local HARMLESS = {
	[""] = "_VERSION assert error ipairs next pairs pcall select tonumber tostring type unpack xpcall",
	coroutine = "create resume running status wrap yield",
	math = "abs acos asin atan atan2 ceil cos cosh deg exp fmod floor frexp huge ldexp log log10 max min modf pi "
		.. "pow rad random sin sinh sqrt tan tanh",
	os = "clock date difftime time",
	string = "byte char find format gmatch gsub len lower match rep reverse sub upper",
	table = "concat insert maxn remove sort",
}

local function protect(module, name)
	return setmetatable({}, { __index = module, __newindex = function(_, key)
		error(("Can not modify %s.%s. Protected by the sandbox."):format(name, tostring(key)), 2)
	end })
end

local function copy_fields(from, names)
	local copy = {}
	for name in names:gmatch("%S+") do
		copy[name] = from[name]
	end
	return copy
end

local function base_environment()
	local env = copy_fields(_G, HARMLESS[""])
	for name, functions in pairs(HARMLESS) do
		if name ~= "" then
			env[name] = protect(copy_fields(_G[name], functions), name)
		end
	end
	return env
end

-- ---- what the gateway's settings allow ----

local function setting(name)
	return kong and kong.configuration and kong.configuration[name]
end

-- Puts the global `path` ("a.b.c") at the same place in target; a table can be read only.
local function link(path, from, target)
	local name, rest = path:match("^([^%.]+)%.?(.*)")
	local value = name and from[name]
	if value == nil then
		return
	elseif rest == "" then
		target[name] = type(value) == "table" and setmetatable({}, { __index = value }) or value
	elseif type(value) == "table" then
		target[name] = target[name] or {}
		link(rest, value, target[name])
	end
end

local function allowed_requires()
	local allowed = {}
	for _, name in ipairs(setting("untrusted_lua_sandbox_requires") or {}) do
		allowed[name] = true
	end
	return allowed
end

local lazy = {
	enabled = function()
		local mode = setting("untrusted_lua")
		return mode ~= nil and mode ~= "off"
	end,
	sandbox_enabled = function()
		return setting("untrusted_lua") == "sandbox"
	end,
	requires = allowed_requires,
	env_vars = function()
		return setting("untrusted_lua_sandbox_environment") or {}
	end,
	environment = function(configuration)
		local env = { require = function(name)
			if not configuration.requires[name] then
				error(("require '%s' not allowed within sandbox"):format(tostring(name)), 2)
			end
			return require(name)
		end }
		for _, path in ipairs(configuration.env_vars) do
			link(path, _G, env)
		end
		return env
	end,
}

-- The settings as they were when they were first looked at.
sandbox.configuration = setmetatable({
	err_msg = "loading of untrusted Lua code disabled because 'untrusted_lua' config option is set to 'off'",
}, { __index = function(configuration, key)
	local value = lazy[key] and lazy[key](configuration)
	rawset(configuration, key, value)
	return value
end })

-- ---- loading ----

local function load_text(text, chunk_name, env)
	if type(text) ~= "string" then
		error("expected a string", 3)
	elseif text:byte(1) == 27 then
		error("attempt to load a binary chunk (mode is 't')", 3)
	end
	return setfenv(assert(loadstring(text, chunk_name)), env)
end

-- The function that the code is. opts: env (further globals), chunk_name.
function sandbox.sandbox(text, opts)
	local configuration = sandbox.configuration
	if not configuration.enabled then
		error(configuration.err_msg, 2)
	end
	local given = opts and opts.env or {}
	local chunk_name = opts and opts.chunk_name
	if not configuration.sandbox_enabled then
		return load_text(text, chunk_name, setmetatable(given, { __index = _G }))
	end
	setmetatable(given, { __index = configuration.environment })
	local env = base_environment()
	for name in pairs(env) do
		if given[name] ~= nil then
			env[name] = given[name]
		end
	end
	env._G = env
	return load_text(text, chunk_name, setmetatable(env, { __index = given }))
end

-- The function that the code returns; false and what is wrong.
function sandbox.validate_function(text, opts)
	local ok, loaded = pcall(sandbox.sandbox, text, opts)
	if not ok then
		return false, "Error parsing function: " .. tostring(loaded)
	end
	local result
	ok, result = pcall(loaded)
	if not ok then
		return false, result
	elseif type(result) == "function" then
		return result
	end
	return false, "Bad return value from function, expected function type, got " .. type(result)
end

-- The same, raising.
function sandbox.parse(text, opts)
	return assert(sandbox.validate_function(text, opts))
end

-- true; false and what is wrong. Runs the code.
function sandbox.validate(text, opts)
	local ok, err = sandbox.validate_function(text, opts)
	if not ok then
		return false, err
	end
	return true
end

-- The same without running it.
function sandbox.validate_safe(text, opts)
	local ok, err = pcall(sandbox.sandbox, text, opts)
	if not ok then
		return false, "Error parsing function: " .. tostring(err)
	end
	return true
end

return sandbox
