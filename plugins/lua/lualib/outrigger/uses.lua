-- Finds in the text of a plugin what can't be had here, or what would hold up all events of its process.

local absent_modules = require "outrigger.absent_modules"

local uses = {}

-- Lua's own names begin anew after anything but these.
local NAME = "[%w_%.:]"

-- { name, what is to be said of it }. A name stands for its fields too; %s is the whole name as it was found.
local ABSENT = "%s is not available: it raises an error that says so"

local ROWS = {
	{ "kong.db", ABSENT, except = { ["kong.db.strategy"] = true } },
	{ "kong.dns", ABSENT }, { "kong.websocket", ABSENT }, { "kong.rpc", ABSENT },
	{ "ngx.exec", ABSENT },
	{ "ngx.location", ABSENT }, { "ngx.req.socket", ABSENT }, { "ngx.req.raw_header", ABSENT },
	{ "ngx.run_worker_thread", ABSENT }, { "ngx.on_abort", ABSENT },
	{ "ngx.req.get_body_file", "%s is always nil: a body that the gateway has put on its disk is read by "
		.. "kong.request.get_raw_body" },
	{ "os.exit", "%s is not available: it would end the server" },
	{ "debug.sethook", "%s is not available: the hook is in use" },
	{ "io.popen", "%s blocks: no other event of its process runs meanwhile" },
	{ "os.execute", "%s blocks: no other event of its process runs meanwhile" },
}

local BLOCKING = "module %s blocks: no other event of its process runs meanwhile"
local BLOCKING_MODULES = { socket = true, ["socket.core"] = true, ["socket.http"] = true, ["socket.ftp"] = true,
	["socket.smtp"] = true, ["socket.tp"] = true, ["socket.unix"] = true, ssl = true, ["ssl.https"] = true }

local ABSENT_MODULES = { ["ngx.pipe"] = true, ["ngx.balancer"] = true, ["ngx.ocsp"] = true,
	["ngx.ssl.session"] = true }

-- Plugins ask for these to learn whether they are there.
local GUARDED = "^kong%.enterprise_edition"

-- ---- comments ----

local function blank(text)
	return (text:gsub("[^\n]", " "))
end

-- Where the thing ends that begins at `at`: a comment, a text, or a single character. And whether it's a comment.
local function skip(text, at)
	local level, stop = text:match("^%-%-%[(=*)%[()", at)
	local is_comment = level ~= nil
	if not level then
		level, stop = text:match("^%[(=*)%[()", at)
	end
	if level then
		local _, last = text:find("]" .. level .. "]", stop, true)
		return last or #text, is_comment
	elseif text:find("^%-%-", at) then
		return (text:find("\n", at, true) or #text + 1) - 1, true
	end
	local quote = text:match("^[\"']", at)
	stop = at
	while quote and stop < #text do
		stop = stop + 1
		local c = text:sub(stop, stop)
		if c == quote or c == "\n" then
			break
		end
		stop = c == "\\" and stop + 1 or stop
	end
	return stop, false
end

-- The text with blanks in place of comments, and of what is in quotes too if `and_texts`.
local function without_comments(text, and_texts)
	local parts, at = {}, 1
	while true do
		local first = text:find("[%-%[\"']", at)
		if not first then
			break
		end
		local last, is_comment = skip(text, first)
		parts[#parts + 1] = text:sub(at, first - 1)
		local found = text:sub(first, last)
		parts[#parts + 1] = (is_comment or and_texts and last > first) and blank(found) or found
		at = last + 1
	end
	parts[#parts + 1] = text:sub(at)
	return table.concat(parts)
end

-- ---- lines ----

local function note_names(line, note)
	for _, row in ipairs(ROWS) do
		local pattern = "%f" .. NAME .. row[1]:gsub("%.", "%%.") .. "([%.:]?" .. NAME .. "*)"
		for rest in line:gmatch(pattern) do
			local name = row[1] .. rest:gsub(":.*$", ""):gsub("%.$", "")
			local is_longer = rest:find("^[%w_]") ~= nil
			if not is_longer and not (row.except and row.except[name]) then
				note(row[2]:format(name))
			end
		end
	end
end

-- Whether it is compiled in, or on the Lua path.
local function is_there(name)
	for i = 1, #package.loaders do
		local ok, found = pcall(package.loaders[i], name)
		if not ok or type(found) == "function" then
			return true
		end
	end
	return package.loaded[name] ~= nil or package.preload[name] ~= nil
end

local function note_absent(name, note)
	local why = not name:find(GUARDED) and absent_modules(name)
	if why and not is_there(name) then
		note(("module %s is not there: %s"):format(name, why))
	end
end

local function note_modules(line, note)
	for name in line:gmatch("require%s*%(?%s*[\"']([%w_%.%-]+)[\"']") do
		if BLOCKING_MODULES[name] then
			note(BLOCKING:format(name))
		elseif ABSENT_MODULES[name] then
			note("module " .. ABSENT:format(name))
		else
			note_absent(name, note)
		end
	end
end

local function note_dictionaries(line, note)
	for name in line:gmatch("%f[%w_%.:]ngx%.shared%.([%w_]+)") do
		if not ngx.shared[name] then
			note(("ngx.shared.%s is nil: nginx_http_lua_shared_dict names no such dictionary"):format(name))
		end
	end
end

local function note_writes(line, note)
	local name = line:match("%f[%w_%.]ngx%.var%.([%w_]+)%s*=[^=]")
	if name then
		note(("ngx.var.%s can't be set: it raises an error that says so"):format(name))
	end
end

-- A list of "FILE:LINE: what" for the text of a file.
function uses.find(file, text)
	local notes, number = {}, 0
	local names = (without_comments(text, true) .. "\n"):gmatch("(.-)\n")
	for line in (without_comments(text) .. "\n"):gmatch("(.-)\n") do
		number = number + 1
		local said = {}
		local function note(what)
			if not said[what] then
				said[what] = true
				notes[#notes + 1] = ("%s:%d: %s"):format(file, number, what)
			end
		end
		note_names(names(), note)
		note_modules(line, note)
		note_dictionaries(line, note)
		note_writes(line, note)
	end
	return notes
end

return uses
