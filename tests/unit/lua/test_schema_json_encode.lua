-- JSON text of plain data is exact and the same each time.

local null = newproxy()
_G.ngx = { null = null }

local check = require "check"
local json_encode = require "outrigger.json_encode"

local function text_of(value)
	local text, err = json_encode.encode(value)
	return text or "error: " .. err
end

local array = setmetatable({}, json_encode.array_mt)

local cases = {
	{ null, "null" }, { true, "true" }, { false, "false" },
	{ 0, "0" }, { -0.0, "0" }, { 5, "5" }, { -7, "-7" }, { 65535, "65535" },
	{ 2147483646, "2147483646" }, { 1e8, "100000000" },
	{ 9007199254740992, "9007199254740992" }, { 0.5, "0.5" }, { 0.1, "0.1" }, { 0.01, "0.01" },
	{ 1 / 3, "0.3333333333333333" }, { 0.1 + 0.2, "0.30000000000000004" }, { 1e300, "1e+300" },
	{ "", '""' }, { 'a"b\\c/', '"a\\"b\\\\c/"' }, { "\n\t\r\b\f", '"\\n\\t\\r\\b\\f"' },
	{ "a\0b\1\127", '"a\\u0000b\\u0001\\u007f"' }, { "\195\188", '"\195\188"' },
	{ {}, "{}" }, { array, "[]" }, { setmetatable({}, json_encode.object_mt), "{}" },
	{ { 1, "x", null }, '[1,"x",null]' }, { { b = 1, a = { 2 }, c = {} }, '{"a":[2],"b":1,"c":{}}' },
	{ 0 / 0, "error: not a JSON number: " .. tostring(0 / 0) },
	{ math.huge, "error: not a JSON number: " .. tostring(math.huge) },
	{ print, "error: a function is not JSON" },
	{ { 1, a = 2 }, "error: a table with holes or with both names and positions is not JSON" },
	{ { 1, [3] = 2 }, "error: a table with holes or with both names and positions is not JSON" },
	{ { [true] = 1 }, "error: a table key is a boolean" },
}
for i, case in ipairs(cases) do
	check.equal(text_of(case[1]), case[2], "case " .. i)
end

local loop = {}
loop.a = { loop }
check.equal(text_of(loop), "error: a table that contains itself is not JSON", "a cycle")
local shared = { 1 }
check.equal(text_of({ shared, shared }), "[[1],[1]]", "a shared table is no cycle")

for _, number in ipairs({ 1e16, 123456789.123, 5e-324, 1.7976931348623157e308, -2.5e-7 }) do
	check.equal(tonumber(text_of(number)), number, "round trip of " .. number)
end

check.finish()
