-- pb_rpc.lua - one plugin's conversation with its server in ProtoBuf:1: frames on one
-- pooled connection for a call and, where it is an event, for its PDK calls. What fails
-- is a 500, but for words on which the real gateway starts over, without limit.

local ffi = require "ffi"
local schema = require "gateway.plugin_server.pb_schema"
local message = require "gateway.plugin_server.pb_message"
local values = require "gateway.plugin_server.pb_values"
local exposed = require "gateway.plugin_server.exposed"
local json = require "gateway.json"

local Rpc = {}
Rpc.__index = Rpc

-- The PDK's functions by name, each with its `description`; looked up once in a worker, and
-- before any plugin runs, so kong.log.* write without a plugin's name.
local functions

local function find_functions(api)
	local found = {}
	for name, description in pairs(schema.functions) do
		found[name] = { f = exposed.look_up(api, name), description = description }
	end
	return found
end

-- ---- frames ----

local function read_frame(socket)
	local head, err = socket:receive(4)
	if not head then
		return nil, err
	end
	local size = ffi.new("uint32_t[1]")
	ffi.copy(size, head, 4)
	return socket:receive(size[0])
end

-- Two writes, as the real gateway makes.
local function write_frame(socket, payload)
	assert(socket:send(ffi.string(ffi.new("uint32_t[1]", #payload), 4)))
	assert(socket:send(payload))
end

-- ---- events ----

local function answer(rpc, name, bytes)
	local found = functions[name]
	if not found then
		return nil, ("method %q not found"):format(name)
	end
	exposed.use_saved_log(rpc.kong)
	return values.call(found.f, found.description, bytes)
end

-- Answers PDK calls until an empty frame ends the event. true, or nil and an error.
local function serve_event(rpc, socket)
	while true do
		local name, err = read_frame(socket)
		if not name then
			return nil, err
		elseif name == "" then
			return true
		end
		local bytes, reply
		bytes, err = read_frame(socket)
		if bytes then
			reply, err = answer(rpc, name, bytes)
		end
		if not reply then
			return nil, err
		end
		write_frame(socket, reply)
	end
end

-- ---- calls ----

-- The RpcReturn, or nil and an error; then the connection is left open until the request's end.
function Rpc:call(command, argument)
	self.sequence = self.sequence + 1
	local sequence = self.sequence
	local socket, err = ngx.socket.connect("unix:" .. self.socket)
	if not socket then
		self.kong.log.err("trying to connect: ", err)
		return nil, err
	end
	write_frame(socket, message.encode("RpcCall", { sequence = sequence, [command] = argument }))
	if command == "cmd_handle_event" then
		local ok
		ok, err = serve_event(self, socket)
		if not ok then
			return nil, err
		end
	end
	local bytes
	bytes, err = read_frame(socket)
	if not bytes then
		return nil, err
	end
	socket:setkeepalive()
	local result = message.decode("RpcReturn", bytes)
	assert(result.sequence == sequence, "unexpected sequence in the plugin server's answer")
	return result
end

-- The instance's id, or nil and an error.
function Rpc:start_instance(conf)
	local result, err = self:call("cmd_start_instance", { name = self.name,
		config = json.encode(conf) })
	if result == nil then
		return nil, err
	end
	return result.instance_status.instance_id
end

function Rpc:close_instance(id)
	return self:call("cmd_close_instance", { instance_id = id })
end

function Rpc:handle_event(conf, phase)
	local ok
	local instance_id, err = self.instances.claim(self, conf)
	if not err then
		ok, err = self:call("cmd_handle_event", { instance_id = instance_id, event_name = phase })
	end
	if ok then
		return
	end
	local text = err:lower()
	if text:find("no plugin instance", 1, true) or text:find("closed", 1, true) then
		self.instances.reset(self.name)
		self.kong.log.warn(err)
		return self:handle_event(conf, phase)
	end
	self.kong.log.err("pluginserver error: ", err)
	self.kong.response.error(500)
end

-- options: name, socket, kong, api (exposed.new), instances.
local function new(options)
	functions = functions or find_functions(options.api)
	-- The first call's is 2.
	options.sequence = 1
	return setmetatable(options, Rpc)
end

return { new = new }
