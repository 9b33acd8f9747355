-- Functions that stop the whole process while they wait: they work, and are logged when they take long.

local core = require "outrigger.core"
local clock = require "outrigger.c.time"

local blocking = {}

local LONG = 0.1 -- seconds
local WARN = 5

local function finish(name, began, ...)
	local took = clock.monotonic() - began
	if took >= LONG then
		core.log(WARN, name, (" has blocked all events of this process for %.2f s"):format(took))
	end
	return ...
end

local function timed(name, fn)
	return function(...)
		return finish(name, clock.monotonic(), fn(...))
	end
end

-- What the C library makes of a refused fork.
local EPERM, ENOMEM = 1, 12
local NOT_RUN = 127 * 256 -- as a shell says it, too, of a command that it can't find
local HINT = ' (plugins start programs only with "plugin_NAME_allow = fork, exec")'

local function wrap_execute(execute)
	return function(...)
		local status = execute(...)
		if status == NOT_RUN then
			core.log(WARN, "os.execute: no program was run", HINT)
		end
		return status
	end
end

-- ---- io.popen ----

local METHODS = { "read", "write", "lines", "close", "flush", "seek", "setvbuf" }

-- A file whose methods are timed.
local function wrap_file(file)
	local methods = {}
	for _, name in ipairs(METHODS) do
		methods[name] = timed("io.popen's " .. name, function(_, ...)
			return file[name](file, ...)
		end)
	end
	function methods.lines(self)
		return function()
			return self:read("*l")
		end
	end
	return setmetatable({}, { __index = methods, __tostring = function()
		return tostring(file)
	end })
end

local function wrap_popen(popen)
	return function(...)
		local file, err, code = popen(...)
		if not file then
			return nil, (code == EPERM or code == ENOMEM) and err .. HINT or err, code
		end
		return wrap_file(file)
	end
end

-- ---- LuaSocket ----

local CLASSES = { "tcp{master}", "tcp{client}", "tcp{server}", "udp{connected}", "udp{unconnected}",
	"unix{master}", "unix{client}", "unix{server}" }
local CALLS = { "connect", "receive", "send", "accept", "receivefrom", "sendto" }

local function wrap_socket(core_module)
	for _, name in ipairs({ "select", "sleep" }) do
		if type(core_module[name]) == "function" then
			core_module[name] = timed("socket." .. name, core_module[name])
		end
	end
	for _, class in ipairs(CLASSES) do
		local mt = debug.getregistry()[class]
		local methods = type(mt) == "table" and mt.__index
		for _, name in ipairs(type(methods) == "table" and CALLS or {}) do
			if methods[name] then
				methods[name] = timed("LuaSocket's " .. name, methods[name])
			end
		end
	end
end

-- Loads socket.core as any other loader would, and times it.
local function load_socket(name)
	if name ~= "socket.core" then
		return nil
	end
	for i = 2, #package.loaders do
		local loader = package.loaders[i](name)
		if type(loader) == "function" then
			return function(...)
				local module = loader(...)
				wrap_socket(module)
				return module
			end
		end
	end
end

function blocking.install()
	os.execute = timed("os.execute", wrap_execute(os.execute))
	io.popen = wrap_popen(io.popen)
	table.insert(package.loaders, 1, load_socket)
end

return blocking
