-- pb_schema.lua - pluginsocket.proto, this repository's description of ProtoBuf:1, as tables.
--   messages.NAME    its fields, in order: { name, number, type, repeated, in_oneof }
--   functions.NAME   by the name on the wire: { takes = message, gives = message }

local HERE = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
local PATH = HERE .. "../../../../../protocol/pluginsocket.proto"

local function read(path)
	local file = assert(io.open(path, "r"))
	local text = file:read("*a")
	file:close()
	return text
end

-- Service_Request_SetRawBody is kong.service.request.set_raw_body.
local function wire_name(name)
	local words = {}
	for word in name:gmatch("[^_]+") do
		words[#words + 1] = word:gsub("(%l%d*)(%u)", "%1_%2"):lower()
	end
	return "kong." .. table.concat(words, ".")
end

local function read_functions(text)
	local functions = {}
	for name, takes, gives, rest in text:gmatch("rpc ([%w_]+)%((%w+)%) returns %((%w+)%);([^\n]*)") do
		functions[rest:match("// (%S+)") or wire_name(name)] = { takes = takes, gives = gives }
	end
	return functions
end

-- Reads what stands between braces: fields into `fields`, inner messages into `messages`.
local function read_block(next_word, messages, fields, in_oneof)
	local word = next_word()
	while word and word ~= "}" do
		if word == "message" then
			local inner = {}
			messages[next_word()] = inner
			next_word()
			read_block(next_word, messages, inner, false)
		elseif word == "oneof" then
			next_word()
			next_word()
			read_block(next_word, messages, fields, true)
		else
			local repeated = word == "repeated"
			local field = { type = repeated and next_word() or word, repeated = repeated,
				in_oneof = in_oneof, name = next_word() }
			next_word()
			field.number = tonumber(next_word())
			next_word()
			fields[#fields + 1] = field
		end
		word = next_word()
	end
end

local function read_messages(text)
	local messages = {}
	text = text:gsub("//[^\n]*", ""):match("\n(message .*)\nservice ")
	local words = text:gsub("[{}=;]", " %0 "):gmatch("%S+")
	read_block(words, messages, {}, false)
	return messages
end

local text = read(PATH)
return { messages = read_messages(text), functions = read_functions(text) }
