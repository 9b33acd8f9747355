-- Every case of tests/schema comes out as from the gateway's own schema modules.

local check = require "check"

local folder = assert(os.getenv("OUTRIGGER_SOURCE_DIR"), "OUTRIGGER_SOURCE_DIR is not set") .. "/tests/schema/"

local function read_lines(name)
	local lines = {}
	for line in io.lines(folder .. "expected/" .. name .. ".txt") do
		lines[#lines + 1] = line
	end
	return lines
end

local P = { PRIORITY = 1, VERSION = "1.0.0" }

function P:access()
	local run = assert(loadfile(folder .. "run.lua"))()
	for _, name in ipairs({ "validators", "types", "entity_checks", "processing", "typedefs", "meta", "plugins",
		"json_schema", "regex" }) do
		local lines = run(assert(loadfile(folder .. "cases/" .. name .. ".lua"))())
		local expected = read_lines(name)
		check.equal(#lines, #expected, "the number of cases of " .. name)
		for i, line in ipairs(expected) do
			check.equal(lines[i], line, name)
		end
	end
	check.finish()
end

return P
