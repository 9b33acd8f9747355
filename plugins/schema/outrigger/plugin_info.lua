-- What the gateway must know of a plugin: name, priority, version, phases, schema.
--
-- The rules and texts for PRIORITY, VERSION and phases are the gateway's, which refuses to start
-- with a plugin that breaks them.

local json_encode = require "outrigger.json_encode"
local meta = require "outrigger.schema_meta"
local schema_dump = require "outrigger.schema_dump"

local plugin_info = {}

-- Phases that an external plugin can have, in the order in which they run.
plugin_info.PHASES = { "certificate", "rewrite", "preread", "access", "response", "log" }

local LEFT_OUT = "is left out: the gateway runs %s only for plugins inside its process, and filters are off"
local IN_RESPONSE = "runs inside of the response phase, for which the gateway holds back the whole response: " ..
	"it is not called for responses that the gateway or another plugin makes, nor for upgraded connections"
local NOT_HTTP2 = "is not called for requests over HTTP/2, where the gateway is older than Kong 3.9"
local NOT_SENT = "is not advertised: the gateway sends no %s event to external plugins"
local RUN_HERE = "is not advertised: Outrigger runs %s itself, when it begins to serve"
local CONFIGURE = "is not advertised: Outrigger runs %s itself, when instances come and go"

-- Phases that a handler may have and the gateway never sends.
local ELSEWHERE = {
	{ "init_worker", RUN_HERE }, { "configure", CONFIGURE }, { "balancer", NOT_SENT },
	{ "ws_handshake", NOT_SENT }, { "ws_client_frame", NOT_SENT },
	{ "ws_upstream_frame", NOT_SENT }, { "ws_close", NOT_SENT },
}

local function defines(handler, phase, notes)
	local value = handler[phase]
	if value ~= nil and type(value) ~= "function" then
		notes[#notes + 1] = { path = "handler." .. phase,
			what = ("is a %s, not a function; it is not advertised"):format(type(value)) }
	end
	return type(value) == "function"
end

local function add_note(notes, phase, what)
	notes[#notes + 1] = { path = "handler." .. phase, what = what:format(phase) }
end

-- Whether the handler has filters. They are run in `response` if `is_running`.
local function look_at_filters(handler, is_running, notes)
	local found = false
	for _, phase in ipairs({ "header_filter", "body_filter" }) do
		if defines(handler, phase, notes) then
			found = true
			add_note(notes, phase, is_running and IN_RESPONSE or LEFT_OUT)
		end
	end
	return found
end

-- Whether the gateway buffers no response of a request over HTTP/2, without which there is no `response`.
local function lacks_http2(opts)
	local version = opts and opts.kong_version and meta.version_number(opts.kong_version)
	return version ~= nil and version < meta.version_number("3.9")
end

-- The advertised phases, inherited ones too, and notes on what is called elsewhere or never; nil, err.
-- opts.filters: header_filter and body_filter are run in `response`; opts.kong_version as for schema_dump.dump.
function plugin_info.phases(handler, name, opts)
	local phases, notes = setmetatable({}, json_encode.array_mt), {}
	local is_running = opts and opts.filters or false
	local filters = look_at_filters(handler, is_running, notes)
	for _, phase in ipairs(plugin_info.PHASES) do
		local is_defined = defines(handler, phase, notes)
		if is_defined and filters and phase == "response" then
			return nil, ('Plugin "%s" can\'t be loaded because it implements both `response` ' ..
				"and `header_filter` or `body_filter` methods."):format(name)
		elseif is_defined or filters and is_running and phase == "response" then
			phases[#phases + 1] = phase
			if phase == "response" and lacks_http2(opts) then
				add_note(notes, phase, NOT_HTTP2)
			end
		end
	end
	for _, row in ipairs(ELSEWHERE) do
		if defines(handler, row[1], notes) then
			add_note(notes, row[1], row[2])
		end
	end
	return phases, notes
end

function plugin_info.priority(handler, name)
	local value = handler.PRIORITY
	-- inf % 1 and nan % 1 are nan; beyond 2^53 numbers are no longer exact
	if type(value) ~= "number" or value % 1 ~= 0 or math.abs(value) > 2 ^ 53 then
		return nil, ('Plugin "%s" cannot be loaded because its PRIORITY field is not a valid ' ..
			'integer number, got: "%s". Set PRIORITY = 1000, or what its order needs, in ' ..
			"handler.lua."):format(name, tostring(value))
	end
	return value
end

-- The first run of digits and dots, as the gateway reads versions: "1.2.3-rc1" is 1.2.3.
local function clean_version(value)
	local text = type(value) == "string" and value:match("%d[%d%.]*")
	if not text then
		return nil
	end
	local parts = {}
	for part in (text:gsub("%.$", "") .. "."):gmatch("(%d*)%.") do
		if part == "" then
			return nil
		end
		parts[#parts + 1] = tostring(tonumber(part))
	end
	return #parts <= 3 and table.concat(parts, ".") or nil
end

function plugin_info.version(handler, name, where)
	local version = clean_version(handler.VERSION)
	if not version then
		return nil, ('Plugin "%s" cannot be loaded because its VERSION field does not follow ' ..
			'the "x.y.z" format, got: "%s". Set VERSION = "1.0.0" in %s.'):format(
			name, tostring(handler.VERSION), where or "handler.lua")
	end
	return version
end

local function append(list, more)
	for _, entry in ipairs(more) do
		list[#list + 1] = entry
	end
end

local function build(handler, schema, name, opts)
	local priority, version, phases, plain, err, notes, more
	priority, err = plugin_info.priority(handler, name)
	if not priority then
		return nil, err
	end
	version, err = plugin_info.version(handler, name, opts and opts.where)
	if not version then
		return nil, err
	end
	phases, notes = plugin_info.phases(handler, name, opts)
	if not phases then
		return nil, notes
	end
	plain, more = schema_dump.dump(schema, name, opts)
	if not plain then
		return nil, ('Plugin "%s" cannot be loaded because of its schema: %s'):format(name, more)
	end
	append(notes, more)
	return setmetatable({ Name = name, Priority = priority, Version = version, Phases = phases,
		Schema = plain }, json_encode.object_mt), notes
end

-- The info table of the gateway's query_cmd and notes ({path=, what=, minor=}), or nil and an
-- error text. Options as for schema_dump.dump; where = the file that has the version; filters as above.
function plugin_info.build(handler, schema, name, opts)
	if type(handler) ~= "table" then
		return nil, ('Plugin "%s" cannot be loaded because its handler module returned a %s; ' ..
			"it must return a table."):format(name, type(handler))
	end
	local ok, info, notes = pcall(build, handler, schema, name, opts)
	if not ok then
		return nil, ('Plugin "%s" cannot be loaded: %s'):format(name, tostring(info))
	end
	return info, notes
end

-- The notes as an array of texts for people.
function plugin_info.note_texts(notes)
	local texts = setmetatable({}, json_encode.array_mt)
	for i, note in ipairs(notes) do
		texts[i] = note.path .. " " .. note.what
	end
	return texts
end

return plugin_info
