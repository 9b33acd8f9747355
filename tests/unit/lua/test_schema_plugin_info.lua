-- What the gateway is told of a plugin, and what keeps a plugin from being served.

_G.ngx = { null = newproxy() }

local check = require "check"
local json_encode = require "outrigger.json_encode"
local plugin_info = require "outrigger.plugin_info"

local function run() end

local function handler(more)
	local result = { PRIORITY = 1000, VERSION = "1.2.3" }
	for key, value in pairs(more or {}) do
		result[key] = value
	end
	return result
end

local function schema()
	return { name = "p", fields = { { config = { type = "record", fields = {} } } } }
end

local function build(table_of_handler, table_of_schema, opts)
	return plugin_info.build(table_of_handler, table_of_schema or schema(), "p", opts)
end

local function phases_of(table_of_handler)
	return table.concat(build(table_of_handler).Phases, " ")
end

local function refused(table_of_handler, text, table_of_schema)
	local info, err = build(table_of_handler, table_of_schema)
	check.equal(info, nil, text .. " is refused")
	check.contains(err, text, text)
	check.contains(err, 'Plugin "p"', "the plugin is named")
end

check.equal(json_encode.encode((build(handler({ access = run, log = run })))),
	'{"Name":"p","Phases":["access","log"],"Priority":1000,"Schema":{"fields":[{"config":' ..
	'{"fields":[],"type":"record"}}],"name":"p"},"Version":"1.2.3"}', "the whole info")
check.contains(json_encode.encode((build(handler()))), '"Phases":[]', "no phase at all")
check.equal(phases_of(handler({ log = run, response = run, access = run, preread = run,
	rewrite = run, certificate = run })), "certificate rewrite preread access response log",
	"all phases")

-- Inherited phases.
local Base = { rewrite = run }
Base.__index = Base
local Derived = setmetatable({ access = run }, Base)
Derived.__index = Derived
check.equal(phases_of(setmetatable(handler(), Derived)), "rewrite access", "through tables")
check.equal(phases_of(setmetatable(handler(), { __index = function(_, key)
	return key == "log" and run or nil
end })), "log", "through a function")

-- Phases that cannot be had.
local info, notes = build(handler({ access = true, header_filter = run, init_worker = run }))
check.equal(#info.Phases, 0, "nothing usable is left")
check.equal(notes[1].path, "handler.header_filter", "a filter")
check.contains(notes[1].what, "runs header_filter only for plugins inside", "a filter")
check.equal(notes[2].path, "handler.access", "a phase that is no function")
check.contains(notes[2].what, "is a boolean, not a function", "a phase that is no function")
check.equal(notes[3].path, "handler.init_worker", "init_worker")
check.contains(notes[3].what, "Outrigger runs init_worker itself", "init_worker")

-- Filters, which run in another phase.
local filtered
filtered, notes = build(handler({ access = run, body_filter = run, log = run }), nil, { filters = true })
check.equal(table.concat(filtered.Phases, " "), "access response log", "a filter's phase")
check.equal(notes[1].path, "handler.body_filter", "a filter that runs")
check.contains(notes[1].what, "runs inside of the response phase", "a filter that runs")
for _, phase in ipairs({ "body_filter", "response" }) do
	for version, is_noted in pairs({ ["2.8"] = true, ["3.8"] = true, ["3.9"] = false }) do
		_, notes = build(handler({ [phase] = run }), nil, { filters = true, kong_version = version })
		local last = notes[#notes]
		check.equal(last ~= nil and last.path == "handler.response" and
			last.what:find("over HTTP/2", 1, true) ~= nil, is_noted, phase .. " with HTTP/2 and Kong " .. version)
	end
end
refused(handler({ response = run, body_filter = run }), "it implements both `response` " ..
	"and `header_filter` or `body_filter` methods.")

-- PRIORITY and VERSION.
for _, priority in ipairs({ 1.5, "1000", 0 / 0, math.huge, -math.huge, 1e300, false }) do
	refused(handler({ PRIORITY = priority }), 'not a valid integer number, got: "' ..
		tostring(priority) .. '"')
end
check.equal(build(handler({ PRIORITY = -1000 })).Priority, -1000, "a negative priority")
for _, version in ipairs({ "1.2.3.4", "one", "", "1..2", 1.2, false }) do
	refused(handler({ VERSION = version }), 'does not follow the "x.y.z" format, got: "' ..
		tostring(version) .. '"')
end
for given, version in pairs({ ["1.0"] = "1.0", ["v2.3.4"] = "2.3.4", ["1.2.3-rc1"] = "1.2.3" }) do
	check.equal(build(handler({ VERSION = given })).Version, version, "version " .. given)
end

-- Broken modules.
refused(true, "its handler module returned a boolean")
refused(handler(), "because of its schema: schema violation (name: required field missing)",
	{ fields = {} })
refused(setmetatable({}, { __index = function()
	error("boom")
end }), "boom")

-- Notes of the schema come along.
local strict = schema()
strict.check = run
check.equal(select(2, build(handler(), strict))[1].path, "check", "a note of the schema")

check.finish()
