-- Every case of tests/schema comes out as from the gateway's own schema modules.

_G.ngx = { null = newproxy() }
_G.kong = { log = { warn = function() end }, vault = { get = function() end } }

local check = require "check"

local folder = assert(os.getenv("OUTRIGGER_SOURCE_DIR"), "OUTRIGGER_SOURCE_DIR is not set") .. "/tests/schema/"
local run = assert(loadfile(folder .. "run.lua"))()

local function read_lines(name)
	local lines = {}
	for line in io.lines(folder .. "expected/" .. name .. ".txt") do
		lines[#lines + 1] = line
	end
	return lines
end

for _, name in ipairs({ "validators", "types", "entity_checks", "processing", "typedefs", "meta", "plugins",
	"json_schema" }) do
	local lines = run(assert(loadfile(folder .. "cases/" .. name .. ".lua"))())
	local expected = read_lines(name)
	check.equal(#lines, #expected, "the number of cases of " .. name)
	for i, line in ipairs(expected) do
		check.equal(lines[i], line, name)
	end
end

check.finish()
