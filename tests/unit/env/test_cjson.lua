-- cjson: what OpenResty has beyond the lua-cjson that the conformance test compares with.

local check = require "check"

local P = { PRIORITY = 1, VERSION = "1.0.0" }

local function arrays(cjson)
	check.equal(cjson.encode(cjson.empty_array), "[]", "empty_array")
	check.equal(cjson.encode(setmetatable({}, cjson.empty_array_mt)), "[]", "empty_array_mt, empty")
	check.equal(cjson.encode(setmetatable({ a = 1 }, cjson.empty_array_mt)), '{"a":1}', "empty_array_mt")
	check.equal(cjson.encode(setmetatable({}, cjson.array_mt)), "[]", "array_mt, empty")
	check.equal(cjson.encode(setmetatable({ 1, a = 2 }, cjson.array_mt)), "[1]", "array_mt")
	check.equal(cjson.encode({ a = {} }), '{"a":{}}', "an empty table")
	cjson.encode_empty_table_as_object(false)
	check.equal(cjson.encode({ a = {} }), '{"a":[]}', "an empty table as array")
	cjson.encode_empty_table_as_object("on")

	check.equal(getmetatable(cjson.decode("[]")), nil, "not marked")
	cjson.decode_array_with_array_mt(true)
	local text = '{"a":[],"b":[1,null,{"c":{},"d":[[]]}],"e":"\\u00e9/"}'
	local value = cjson.decode(text)
	check.equal(getmetatable(value.a), cjson.array_mt, "marked")
	check.equal(value.b[2], ngx.null, "null in an array")
	check.equal(cjson.encode(value.b[3].d), "[[]]", "there and back")
	check.equal(cjson.encode(value.b[3].c), "{}", "there and back")
	check.equal(value.e, "\195\169/", "a text")
	check.raises(function()
		cjson.decode("[1")
	end, "at character", "bad JSON")
	cjson.decode_max_depth(2)
	check.raises(function()
		cjson.decode("[[[1]]]")
	end, "too many nested", "too deep")
end

local function options(cjson)
	check.equal(cjson.encode("a/b"), '"a\\/b"', "slashes")
	cjson.encode_escape_forward_slash(false)
	check.equal(cjson.encode("a/b"), '"a/b"', "slashes as they are")
	cjson.encode_number_precision(16)
	check.equal(cjson.encode(0.1 + 0.2), "0.3", "16 digits")
	check.equal(cjson.encode(9007199254740992), "9007199254740992", "16 digits")
	cjson.encode_skip_unsupported_value_types(true)
	check.equal(cjson.encode({ print, 1 }), "[null,1]", "functions")
	check.raises(function()
		cjson.encode_escape_forward_slash("maybe")
	end, "invalid option 'maybe'", "a bad option")
end

function P:access()
	local cjson = require "cjson"
	arrays(cjson.new())
	options(cjson.new())
	check.equal(cjson.encode("a/b"), '"a\\/b"', "the common one is as it was")

	local safe = require "cjson.safe"
	local sparse = {}
	sparse[3000], sparse[1] = 1, 1
	check.truthy(safe.encode(sparse), "the gateway's settings: sparse arrays")
	check.equal(safe.encode(9007199254740993), "9007199254740992", "the gateway's settings: digits")
	check.equal(select(2, safe.encode({ [true] = 1 })),
		"Cannot serialise boolean: table key must be a number or string", "an error")

	local kong_cjson = require "kong.tools.cjson"
	check.equal(kong_cjson.encode(kong_cjson.decode_with_array_mt('{"a":[]}')), '{"a":[]}', "kong.tools.cjson")
	check.finish()
end

return P
