-- The example plugins: what the gateway is told of them, and what they do with a pretended PDK.

_G.ngx = { null = newproxy() }

local check = require "check"
local plugin_info = require "outrigger.plugin_info"

local root = assert(os.getenv("OUTRIGGER_SOURCE_DIR"), "OUTRIGGER_SOURCE_DIR is not set")

local function load_plugin(path, name)
	local function module(part)
		return assert(loadfile(("%s/%s/%s.lua"):format(root, path, part)))()
	end
	local handler, schema = module("handler"), module("schema")
	local info, notes = plugin_info.build(handler, schema, name)
	check.truthy(info, name .. " can be served: " .. tostring(notes))
	return handler, info, notes
end

-- A `kong` that answers from `values` and writes down every other call.
local function pretend(values)
	local calls = {}
	local function node(path)
		return setmetatable({}, {
			__index = function(_, key)
				return node(path == "" and key or path .. "." .. key)
			end,
			__call = function(_, ...)
				local answer = values[path]
				if type(answer) == "function" then
					return answer(...)
				elseif answer ~= nil then
					return answer
				end
				local words = { path }
				for i = 1, select("#", ...) do
					local word = select(i, ...)
					words[#words + 1] = type(word) == "table" and (word.message or word.id
						or word["WWW-Authenticate"]) or tostring(word)
				end
				calls[#calls + 1] = table.concat(words, " ")
			end,
		})
	end
	_G.kong = node("")
	rawset(kong, "ctx", { plugin = {}, shared = {} })
	return calls
end

local function header_of(headers)
	return function(name)
		return headers[name]
	end
end

local function all(calls)
	return table.concat(calls, "\n")
end

-- hello-header
local handler, info = load_plugin("examples/lua/hello-header", "hello-header")
local conf = { request_header = "X-Name", response_header = "X-Hello", greeting = "hello" }
check.equal(table.concat(info.Phases, " "), "access", "phases of hello-header")
local calls = pretend({ ["request.get_header"] = header_of({ ["X-Name"] = "Ada" }) })
handler:access(conf)
check.equal(all(calls), "response.set_header X-Hello hello Ada", "a named caller")
calls = pretend({ ["request.get_header"] = header_of({}) })
handler:access(conf)
check.equal(all(calls), "response.set_header X-Hello hello stranger", "an unnamed caller")

-- all-phases
handler, info = load_plugin("examples/lua/all-phases", "all-phases")
conf = { tag = "t" }
check.equal(table.concat(info.Phases, " "), "rewrite access response log", "phases of all-phases")
calls = pretend({ ["request.get_method"] = "GET", ["request.get_path"] = "/a",
	["response.get_status"] = 200 })
for _, phase in ipairs(info.Phases) do
	handler[phase](handler, conf)
end
check.equal(all(calls), "service.request.set_header X-All-Phases-Rewrite t\n" ..
	"service.request.set_header X-All-Phases-Access t\n" ..
	"response.set_header X-All-Phases-Response t\n" ..
	"log.notice all-phases  t :  GET /a  ->  200", "calls of all-phases")

-- token-auth
handler, info = load_plugin("examples/lua/token-auth", "token-auth")
check.equal(table.concat(info.Phases, " "), "access", "phases of token-auth")
conf = { tokens = { "one", "two" }, header = "X-Token", hide_credentials = true }

local function authenticate(headers, more)
	local values = more or {}
	values["request.get_header"] = header_of(headers)
	calls = pretend(values)
	handler:access(conf)
	return all(calls)
end

check.equal(authenticate({}), "response.exit 401 No token found in request Token", "no token")
check.equal(authenticate({ ["X-Token"] = "three" }), "response.exit 401 Unauthorized Token",
	"a wrong token")
check.equal(authenticate({ ["X-Token"] = "two" }), "service.request.clear_header X-Token\n" ..
	"client.authenticate nil token-2\n" ..
	"service.request.clear_header X-Consumer-ID\n" ..
	"service.request.clear_header X-Consumer-Custom-ID\n" ..
	"service.request.clear_header X-Consumer-Username\n" ..
	"service.request.set_header X-Credential-Identifier token-2", "a right token")

conf = { tokens = { "one" }, header = "X-Token", hide_credentials = false, consumer = "ada" }
local consumer = { id = "c1", username = "ada" }
check.equal(authenticate({ ["X-Token"] = "one" }, { ["client.load_consumer"] = consumer }),
	"client.authenticate c1 token-1\n" ..
	"service.request.set_header X-Consumer-ID c1\n" ..
	"service.request.clear_header X-Consumer-Custom-ID\n" ..
	"service.request.set_header X-Consumer-Username ada\n" ..
	"service.request.set_header X-Credential-Identifier token-1", "a right token of a consumer")
check.equal(authenticate({ ["X-Token"] = "one" }, { ["client.load_consumer"] = function()
	return nil, "gone"
end }), "log.err no consumer  ada :  gone\n" ..
	"response.exit 500 An unexpected error occurred", "a consumer that cannot be loaded")

-- rock-sample
package.path = root .. "/tests/rocks/rock-sample/?.lua;" .. package.path
load_plugin("tests/rocks/rock-sample/kong/plugins/rock-sample", "rock-sample")

check.finish()
