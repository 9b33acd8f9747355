-- kong.log: what is more than a line of one level.

local core = require "outrigger.core"
local inspect = require "outrigger.inspect"

local LEVELS = { emerg = 1, alert = 2, crit = 3, err = 4, warn = 5, notice = 6, info = 7,
	debug = 8 }

-- kong.log.deprecation(..., { after =, removal =, trace = })
local function deprecation_text(meta)
	local text = ""
	if meta.after and meta.removal then
		text = (" (deprecated after %s, scheduled for removal in %s)"):format(meta.after, meta.removal)
	elseif meta.after then
		text = (" (deprecated after %s)"):format(meta.after)
	elseif meta.removal then
		text = (" (scheduled for removal in %s)"):format(meta.removal)
	end
	return meta.trace and debug.traceback(text, 3) or text
end

local function deprecation(_, ...)
	local n = select("#", ...)
	local meta = n > 0 and select(n, ...)
	if type(meta) == "table" and core.logs(LEVELS.warn) then
		local args = { ... }
		args[n] = deprecation_text(meta)
		core.log(LEVELS.warn, unpack(args, 1, n))
		return
	end
	core.log(LEVELS.warn, ...)
end

local function new_inspect(prefix)
	local facility = { on = nil, off = nil }
	local enabled = true
	function facility.on()
		enabled = true
	end
	function facility.off()
		enabled = false
	end
	return setmetatable(facility, {
		__call = function(_, ...)
			if not enabled or not core.logs(LEVELS.notice) then
				return
			end
			local parts = {}
			for i = 1, select("#", ...) do
				parts[i] = inspect((select(i, ...)))
			end
			core.log(LEVELS.notice, prefix, table.concat(parts, " "))
		end,
	})
end

-- `left_out` is what the gateway adds where the value may be left out.
local function check_text(value, name, left_out)
	if type(value) ~= "string" then
		error(("%s must be a string%s"):format(name, left_out), 3)
	elseif value == "" then
		error(("%s cannot be an empty string%s"):format(name, left_out), 3)
	end
end

-- kong.log.new(namespace): a facility whose lines begin with the namespace.
local function new(namespace, format)
	check_text(namespace, "namespace", "")
	if format then
		check_text(format, "format", " if specified")
	end
	local prefix = "[" .. namespace .. "] "
	local facility = { inspect = new_inspect(prefix) }
	for name, level in pairs(LEVELS) do
		facility[name] = function(...)
			core.log(level, prefix, ...)
		end
	end
	return setmetatable(facility, {
		__call = function(_, ...)
			core.log(LEVELS.notice, prefix, ...)
		end,
	})
end

return function(kong)
	local log = kong.log
	log.deprecation = setmetatable({ write = log.warn }, { __call = deprecation })
	log.inspect = new_inspect("")
	log.new = new
	function log.set_format(format)
		if format and type(format) ~= "string" then
			error("format must be a string", 2)
		end
	end
end
