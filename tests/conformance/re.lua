return function(say, try)
	local function match(...)
		say("match", select(2, ...), ngx.re.match(...))
	end
	match("hello, 1234", "[0-9]+")
	match("hello, 1234", "([0-9])[0-9]+")
	match("hello, world", "(world)|(hello)|(?<named>howdy)")
	match("hello, world", "(?<a>h)(?<b>x)?", "jo")
	match("hello", "HELLO")
	match("hello", "HELLO", "i")
	match("hello\nworld", "^world", "m")
	match("hello\nworld", "o.w", "s")
	match("hello", "e", "a")
	match("hello", "l l", "x")
	match("hello", "l+", "d")
	match("hello", "(l)+", "d")
	match("\228\184\173", ".", "u")
	match("\228\184\173", ".")
	match("hello", "(?<n>h)|(?<n>x)", "D")
	match("hh", "(?<n>h)(?<n>h)", "D")
	match("a", "x*")
	match("", "")
	match(1234, "3")
	match("a\0b", "\\x00b")
	try(ngx.re.match, "a", "a", "w")
	try(ngx.re.match, "a", "a", "jow")

	local ctx = { pos = 3 }
	say(ngx.re.match("1234, hello", "[0-9]+", "", ctx), ctx)
	say(ngx.re.match("1234, hello", "[0-9]+", "jo", ctx), ctx)
	ctx = {}
	say(ngx.re.match("ab", "a", "", ctx), ctx)
	ctx = { pos = -5 }
	say(ngx.re.match("ab", "b", "", ctx), ctx)
	local own = { "old", old = 1 }
	say(ngx.re.match("hello", "l(l)", nil, nil, own) == own, own)

	say(ngx.re.find("hello, 1234", "([0-9])([0-9]+)", "jo"))
	say(ngx.re.find("hello, 1234", "([0-9])([0-9]+)", "jo", nil, 1))
	say(ngx.re.find("hello, 1234", "([0-9])([0-9]+)", "jo", nil, 2))
	say(ngx.re.find("abc", "b(x)?", "", nil, 1))
	say(ngx.re.find("abc", "b", "", nil, 3))
	say(ngx.re.find("abc", "b", "", nil, -1))
	say(ngx.re.find("abc", "x"))
	say(ngx.re.find("abc", ""))
	ctx = { pos = 2 }
	say(ngx.re.find("aXbXc", "X", "", ctx), ctx)
	say(ngx.re.find("aXbXc", "X", "", ctx), ctx)
	say(ngx.re.find("aXbXc", "X", "", ctx), ctx)

	for _, case in ipairs({ { "hello, world!", "([a-z]+)", "i" }, { "ab", "" }, { "aab", "a*" }, { "", "x" },
		{ "", "" }, { "1,2", "(?<n>[0-9])" } }) do
		for m, err in ngx.re.gmatch(case[1], case[2], case[3]) do
			say("gmatch", case[2], m, err)
		end
	end
	local it = ngx.re.gmatch("a", "a")
	say(it(), it(), it())

	local function gsub(subject, pattern, replace, options)
		say("gsub", pattern, type(replace) == "function" and "function" or replace,
			ngx.re.gsub(subject, pattern, replace, options))
		say("sub", ngx.re.sub(subject, pattern, replace, options))
	end
	for _, template in ipairs({ "[$0]", "[$1]", "[$2]", "$$1${1}${0}x", "plain", "", "$00", "$01x", "$10x",
		"${00}", "[$x]", "[$]", "${", "$a", "a$ b", "${1x}", "${}" }) do
		gsub("hello", "(l)", template)
	end
	gsub("hello", "", "-")
	gsub("hello", "l*", "-")
	gsub("hello", "x", "-")
	gsub("", "", "-")
	gsub("hello", "l", 5)
	gsub(12321, "2", "x", "jo")
	gsub("hello, world", "([a-z])[a-z]*", function(m)
		return "[" .. m[0] .. "," .. m[1] .. "]"
	end, "i")
	gsub("hello", "(x)?l", function(m)
		return tostring(m[1])
	end)
	gsub("hello", "l", function()
		return 1
	end)

	local split = require("ngx.re").split
	for _, case in ipairs({ { "a,b,c", "," }, { "a,b,c", ",", nil, nil, 2 }, { ",a,,b,", "," }, { "abc", "" },
		{ "a,b,c", "(,)" }, { "abc", "x" }, { "", "," }, { "a1b22c", "[0-9]+", "jo" }, { "a,b,c", ",", nil, { pos = 3 } },
		{ "a,b,,", ",", nil, nil, 10 }, { "ab", "", nil, nil, 2 }, { "a,b", ",", nil, nil, 0 },
		{ "aXbXc", "x", "i" }, { "a,b", ",", nil, { pos = 9 } } }) do
		say("split", case[1], case[2], split(unpack(case, 1, 5)))
	end
	say(split("a,b,c,d", ",", nil, nil, 0, { 1, 2, 3, 4, 5, 6, 7 }))
	try(split, "a", ",", nil, nil, nil, 5)
end
