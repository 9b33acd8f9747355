return function(say, try)
	local function escaped(kind)
		local list = {}
		for byte = 0, 255 do
			local char = string.char(byte)
			if ngx.escape_uri(char, kind) ~= char then
				list[#list + 1] = ngx.escape_uri(char, kind)
			end
		end
		return table.concat(list)
	end
	for kind = 0, 6 do
		say("kind", kind, escaped(kind))
	end
	say("default kind", escaped(nil) == escaped(2))
	for _, value in ipairs({ 1, 1.5, true, false, "", "a b" }) do
		say(value, ngx.escape_uri(value))
	end
	say(ngx.escape_uri(nil), ngx.unescape_uri(nil), ngx.unescape_uri(12))
	try(ngx.escape_uri, "a", "x")
	try(ngx.escape_uri, "a", 7)
	try(ngx.escape_uri, "a", -1)

	for _, text in ipairs({ "%zz", "%", "%4", "%41%", "a+b", "%4z", "%%41", "a%2", "%00", "%fF" }) do
		say(text, ngx.unescape_uri(text))
	end

	for _, text in ipairs({ "a=1&b", "=x&a=", "a&a=2&a", "&&a=1&", "a=%zz", "a%3Db=c+d", "a==b", "a=1=2",
		"?a=1", "a;b=2", "", "&", "=", "a=1&a=2&a=3", "%3d=1", "%=1" }) do
		say(text, ngx.decode_args(text))
	end
	for _, max in ipairs({ 1, 2, 3, 0, -1 }) do
		say(max, ngx.decode_args("a=1&b=2&c=3", max))
	end
	local many = {}
	for i = 1, 150 do
		many[i] = "a=" .. i
	end
	local args, err = ngx.decode_args(table.concat(many, "&"))
	say(#args.a, err)
	say(#ngx.decode_args(table.concat(many, "&"), 0).a)
	try(ngx.decode_args, {})

	for _, args_ in ipairs({ {}, { a = {} }, { a = { 1, true, "x y" } }, { a = false },
		{ ["a b"] = "c&d" }, { a = 1.5 }, { a = true }, { a = "" }, { a = { 1, false, 2 } } }) do
		say(ngx.encode_args(args_))
	end
	try(ngx.encode_args, { a = { {} } })
	try(ngx.encode_args, { a = print })
	try(ngx.encode_args, { [true] = 1 })
	try(ngx.encode_args, { "x" })

	for _, text in ipairs({ "a'b\"c\\\n\r\0\26\tx\b", "", "\128" }) do
		say(ngx.quote_sql_str(text))
	end
	try(ngx.quote_sql_str)
end
