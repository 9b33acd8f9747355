return function(say, try)
	local cjson = require "cjson"
	for _, text in ipairs({ "", "{", "[1,", "[1,]", '{"a":1,}', "x", "nul", "1 2", '"a', '"\\x"', '"\\u12"',
		"01", "1.", "-", "{1:2}", '{"a" 1}', '"\1"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', "0x10",
		"1e5", "-0", "12345678901234567890", "  [ ] ", "\239\187\191{}", "[1,2", "tru", '{"a":1 "b"}',
		'["\255"]', '{"a":1}}', "\0", '{"a\\u0000b":1}', "+1", ".5", "1E+2", "true", '{"a":{"b":[1,{"c":"d"}]}}',
		'{"a":1,"a":2}' }) do
		say(text)
		try(cjson.decode, text)
	end
	try(cjson.decode, ("["):rep(1001) .. ("]"):rep(1001))
	try(cjson.decode)
	try(cjson.decode, 5)
	try(cjson.decode, {})
	say(cjson.decode("null") == cjson.null, cjson.null == ngx.null, cjson.decode("[null]")[1] == ngx.null)

	for _, value in ipairs({ {}, { 1, 2, {} }, "a/b\127\1\"\\\b\f\n\r\t", 1e15, 0.1, 1 / 3, 2 ^ 53, -0, 100, 1e100,
		cjson.null, true, false, "\228\184\173\255", { a = { b = { 1, "x" } } }, { [1] = 1, [2] = 2, a = nil },
		{ ["1"] = 1 }, { 1, nil, 3 }, { [3] = 1 }, { [11] = 1 }, { [5] = 1, [20] = 2 }, { [1.5] = 1 }, { [-1] = 1 },
		{ [0] = 1 } }) do
		try(cjson.encode, value)
	end
	try(cjson.encode, nil)
	for _, value in ipairs({ { [1] = 1, [100] = 2 }, { a = print }, print, { [true] = 1 }, { [{}] = 1 }, 0 / 0,
		math.huge, coroutine.create(function() end) }) do
		try(cjson.encode, value)
	end
	try(cjson.encode)
	try(cjson.encode, 1, 2)

	local own = cjson.new()
	say(own.encode_sparse_array())
	say(own.encode_sparse_array(true, 2, 3), own.encode({ [100] = 1 }), cjson.encode_sparse_array())
	say(own.encode_number_precision(3), own.encode(1 / 3), own.encode_max_depth(2), own.encode({ { 1 } }))
	say(own.decode_max_depth(1))
	try(own.decode, "[[1]]")
	try(own.encode_max_depth, 0)
	try(own.encode_sparse_array, 1)
	try(own.encode_invalid_numbers, "x")
	say(own.encode_invalid_numbers("null"), own.encode({ 0 / 0, math.huge }))
	say(own.decode_invalid_numbers(false))
	try(own.decode, "[0x10]")

	local safe = require "cjson.safe"
	say(safe.decode("x"))
	say(safe.encode(print))
	say(safe.decode('{"a":1}'), safe.encode({ 1 }))
	say(safe.new().decode("y"))
end
