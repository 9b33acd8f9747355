-- The example gateway's protobuf messages come back as they went, also as machine code.
if not jit then
	return -- it runs in nginx, which has LuaJIT
end

local root = os.getenv("OUTRIGGER_SOURCE_DIR")
package.path = root .. "/examples/gateway/lua/?.lua;" .. package.path

local message = require "gateway.plugin_server.pb_message"

for i = 1, 30000 do
	local config = ("x"):rep(i % 3000)
	local bytes = message.encode("RpcCall", { sequence = i, cmd_start_instance = { name = "p", config = config } })
	local call = message.decode("RpcCall", bytes)
	assert(call.sequence == i and call.cmd_start_instance.config == config, i)
end

for _, n in ipairs({ 0, 1, 127, 128, 16383, 16384, 2 ^ 31 - 1, -1, -2 ^ 31 }) do
	assert(message.decode("Int", message.encode("Int", { v = n })).v == n, n)
end
