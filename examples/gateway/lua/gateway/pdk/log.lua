-- log.lua - kong.log: loggers with a name space, the inspector, and the data that
-- kong.log.serialize gives.

local errlog = require "ngx.errlog"
local serializer = require "gateway.pdk.log_serialize"
local inspect = require "gateway.pdk.log_inspect"

local LEVELS = { debug = ngx.DEBUG, info = ngx.INFO, notice = ngx.NOTICE, warn = ngx.WARN,
	err = ngx.ERR, crit = ngx.CRIT, alert = ngx.ALERT, emerg = ngx.EMERG }
local PREFIX = "[kong] "
local CORE_FORMAT = "%file_src:%line_src %message"
local NAMED_FORMAT = "%file_src:%line_src [%namespace] %message"

local function is_on(level)
	return ngx.get_phase() == "init" or level <= errlog.get_sys_filter_level()
end

local function join(...)
	local parts = { ... }
	for i = 1, select("#", ...) do
		parts[i] = tostring(parts[i])
	end
	return table.concat(parts)
end

-- Writes one message; `depth` is how far up the caller stands.
local function write(logger, level, depth, message)
	local where = debug.getinfo(depth + 1, "Sln") or {}
	local words = {
		["%file_src"] = (where.short_src or "?"):match("[^/]*$"),
		["%line_src"] = tostring(where.currentline or "?"), ["%func_name"] = where.name or "?",
		["%namespace"] = logger.namespace, ["%message"] = message,
	}
	errlog.raw_log(level, PREFIX .. logger.format:gsub("%%[a-z_]+", words))
end

local function level_function(logger, level)
	return function(...)
		if is_on(level) then
			write(logger, level, 2, join(...))
		end
	end
end

local function new_inspect(logger)
	local enabled = true
	return setmetatable({
		on = function()
			enabled = true
		end,
		off = function()
			enabled = false
		end,
	}, { __call = function(_, ...)
		if enabled and is_on(LEVELS.notice) then
			write(logger, LEVELS.notice, 2, "\n" .. inspect(...))
		end
	end })
end

-- The last argument may say since when and until when.
local function new_deprecation(logger)
	return setmetatable({}, { __call = function(_, ...)
		local n = select("#", ...)
		local meta = select(n, ...)
		local text = type(meta) == "table" and join(unpack({ ... }, 1, n - 1)) or join(...)
		if type(meta) == "table" and meta.after then
			text = text .. " (deprecated after " .. meta.after
			text = text .. (meta.removal and ", scheduled for removal in " .. meta.removal or "") .. ")"
		end
		write(logger, LEVELS.warn, 2, text)
	end })
end

local function check_text(what, value)
	if type(value) ~= "string" then
		error(what .. " must be a string" .. (what == "format" and " if specified" or ""), 3)
	elseif value == "" then
		error(what .. " cannot be an empty string" .. (what == "format" and " if specified" or ""), 3)
	end
end

local new_logger

local function new_named(core, namespace, format)
	check_text("namespace", namespace)
	if format then
		check_text("format", format)
	end
	return new_logger(core, namespace, format or NAMED_FORMAT)
end

function new_logger(core, namespace, format)
	local hidden = { namespace = namespace, format = format }
	local logger = {
		inspect = new_inspect(hidden),
		deprecation = new_deprecation(hidden),
		set_serialize_value = serializer.set_value,
		serialize = function()
			return serializer.serialize(core.kong)
		end,
		set_format = function(text)
			if text and type(text) ~= "string" then
				error("format must be a string", 2)
			end
			hidden.format = text or NAMED_FORMAT
		end,
		new = function(name, text)
			return new_named(core, name, text)
		end,
	}
	for name, level in pairs(LEVELS) do
		logger[name] = level_function(hidden, level)
	end
	return setmetatable(logger, { __call = function(self, ...)
		return self.notice(...)
	end })
end

return function(core)
	return new_logger(core, "core", CORE_FORMAT)
end
