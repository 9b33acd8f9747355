-- mp_rpc.lua - one plugin's conversation with its server in MsgPack:1: a call and
-- its answer over a pooled connection, and the loop of steps of an event. The
-- weak points are those of the real gateway; plugin servers have to live with
-- them, so they are kept (see README.md).

local wire = require "gateway.plugin_server.mp_wire"
local exposed = require "gateway.plugin_server.exposed"
local json = require "gateway.json"

local Rpc = {}
Rpc.__index = Rpc

-- Functions by method name: they are looked up once in a worker.
local found = {}

local function call_pdk(rpc, name, args)
	found[name] = found[name] or exposed.look_up(rpc.api, name)
	local f = found[name]
	if not f then
		rpc.kong.log.err("could not find pdk method: ", name)
		return nil
	end
	exposed.use_saved_log(rpc.kong)
	local result
	if type(args) == "table" then
		result = f(unpack(args))
	else
		result = f(args)
	end
	local shape = wire.shapes[name]
	if shape then
		return shape(result)
	end
	return result
end

function Rpc:notice(label, value)
	local number = tonumber(value)
	if label == "serverPid" then
		if self.server_pid and self.server_pid ~= number then
			self.on_new_server(self)
		end
		self.server_pid = number
	end
end

-- Reads until the response to message `id` came: its result, or nil and an error.
function Rpc:read_response(socket, id)
	local read = wire.unpacker(function()
		return socket:receiveany(4096)
	end)
	while true do
		local ok, message = read()
		if not ok then
			socket:setkeepalive()
			return nil, "no data"
		end
		if message[1] == 2 then
			self:notice(message[2], message[3])
		else
			assert(message[1] == 1, "RPC response expected from Go plugin server")
			assert(message[2] == id, "unexpected RPC response ID from Go plugin server")
			socket:setkeepalive()
			if message[3] ~= nil then
				return nil, message[3]
			end
			return message[4]
		end
	end
end

function Rpc:call(method, ...)
	self.id = self.id + 1
	local id = self.id
	local socket, err = ngx.socket.connect("unix:" .. self.socket)
	if not socket then
		self.kong.log.err("trying to connect: ", err)
		return nil, err
	end
	local sent
	sent, err = socket:send(wire.pack({ 0, id, method, { ... } }))
	if not sent then
		socket:setkeepalive()
		return nil, err
	end
	return self:read_response(socket, id)
end

-- The instance's id, or nil and an error.
function Rpc:start_instance(conf)
	local status, err = self:call("plugin.StartInstance", { Name = self.name,
		Config = json.encode(conf) })
	if status == nil then
		return nil, err
	end
	return status.Id
end

function Rpc:close_instance(id)
	return self:call("plugin.CloseInstance", id)
end

function Rpc:run_event(instance_id, phase)
	local step, err = self:call("plugin.HandleEvent", { InstanceId = instance_id,
		EventName = phase })
	if not step then
		return nil, err
	end
	local event_id = step.EventId
	while step.Data ~= "ret" do
		local name = step.Data.Method
		local result = call_pdk(self, name, step.Data.Args)
		local method = type(result) == "table" and result._method
			or wire.steps[name] or "plugin.Step"
		step, err = self:call(method, { EventId = event_id, Data = result })
		if not step then
			return nil, err
		end
	end
	return true
end

function Rpc:handle_event(conf, phase)
	local ok, err
	local instance_id = nil
	instance_id, err = self.instances.claim(self, conf)
	if not err then
		ok, err = self:run_event(instance_id, phase)
	end
	if ok or not err then
		return
	end
	if err:lower():find("no plugin instance", 1, true) then
		self.instances.reset(self.name)
		self.kong.log.warn(err)
		return self:handle_event(conf, phase)
	end
	self.kong.log.err(err)
end

-- options: name, socket, kong, api (exposed.new), instances.
local function new(options)
	options.id = 0
	options.on_new_server = options.instances.forget_server
	return setmetatable(options, Rpc)
end

return { new = new }
