-- handler.lua - makes an external plugin look like a Lua plugin: a table with a
-- function for each phase that its server advertises.

local exposed = require "gateway.plugin_server.exposed"
local instances = require "gateway.plugin_server.instances"
local own_schema = require "gateway.own_schema"
local schema = require "gateway.schema"
local clone = require "table.clone"
local get_ctx_table = require("resty.core.ctx").get_ctx_table

local PROTOCOLS = {
	["MsgPack:1"] = "gateway.plugin_server.mp_rpc", ["ProtoBuf:1"] = "gateway.plugin_server.pb_rpc",
}

-- The log phase cannot use sockets: a timer runs the event with what is saved here.
local function log_phase(connection, kong, name)
	local function run(premature, conf, saved)
		if premature then
			return
		end
		get_ctx_table(saved.ngx_ctx)
		exposed.with_saved(saved, function()
			connection:handle_event(conf, "log")
		end)
	end
	return function(conf)
		ngx.timer.at(0, run, conf, {
			plugin_name = name,
			serialize_data = kong.log.serialize(),
			ngx_ctx = clone(ngx.ctx),
			ctx_shared = kong.ctx.shared,
			request_headers = ngx.req.get_headers(),
			response_headers = ngx.resp.get_headers(),
			response_status = ngx.status,
			req_start_time = ngx.req.start_time(),
		})
	end
end

-- A handler: name, priority, phases as functions of the configuration.
local function new(info, kong)
	local protocol = PROTOCOLS[info.server.protocol]
	if not protocol then
		error("unknown protocol implementation: " .. tostring(info.server.protocol), 0)
	end
	local connection = require(protocol).new({ name = info.Name, socket = info.server.socket, kong = kong,
		api = exposed.new(kong), instances = instances })
	local own = own_schema.load(info.Name)
	local definition = own and own.definition or info.Schema
	local handler = {
		name = info.Name, priority = info.Priority, version = info.Version, schema = definition,
		own_schema = own, phases = {},
		no_route = schema.forbids(definition, "route"),
		no_service = schema.forbids(definition, "service"),
		no_consumer = schema.forbids(definition, "consumer"),
	}
	for _, phase in ipairs(info.Phases or {}) do
		handler.phases[phase] = phase == "log" and log_phase(connection, kong, info.Name)
			or function(conf)
				connection:handle_event(conf, phase)
			end
	end
	return handler
end

return { new = new }
