-- Functions of Lua that mean something else here.
--
-- Output: print is a log line, and standard output, which may be the answer to the gateway's
-- query_cmd, becomes standard error.
-- The end: os.exit would take all other plugins and their events along.

local absent_modules = require "outrigger.absent_modules"
local blocking = require "outrigger.blocking"
local core = require "outrigger.core"
local refused_modules = require "outrigger.refused_modules"

local guards = {}

local NOTICE = 6

local function redirect_output()
	_G.print = function(...)
		core.log(NOTICE, ...)
	end
	io.stdout = io.stderr
	io.output(io.stderr)
end

-- A collector that stands still looks like one that runs a finalizer (lua_compat.c), and a handler
-- that stopped it would stop it for all.
local function keep_collecting()
	local collect = collectgarbage
	_G.collectgarbage = function(option, ...)
		if option == "stop" then
			return 0
		end
		return collect(option, ...)
	end
end

-- A loader that finds nothing: what is said first of a module that is nowhere.
local function explain(name)
	local why = absent_modules(name)
	return why and "\n\tno module in Outrigger: " .. why
end

function guards.install()
	redirect_output()
	blocking.install()
	keep_collecting()
	os.exit = function()
		error("os.exit is not available in Outrigger: it would end the server", 2)
	end
	debug.sethook = function()
		error("debug.sethook is not available in Outrigger, which uses the hook itself", 2)
	end
	table.insert(package.loaders, 4, refused_modules) -- behind what is compiled in, before the disk
	table.insert(package.loaders, 2, explain)
end

return guards
