return function(say, try)
	for length = 0, 20 do
		local text = {}
		for i = 1, length do
			text[i] = string.char((i * 89 + length * 31) % 256)
		end
		text = table.concat(text)
		local coded = ngx.encode_base64(text)
		say(length, coded, ngx.encode_base64(text, true), ngx.decode_base64(coded) == text)
	end
	for _, text in ipairs({ "YQ==", "YQ", "YQ=", "Y", "YWJj", "YW Jj", "YW\nJj", "Y-_j", "=", "", "YQ==xx",
		"YQ=x", "YR==", "YWJjYQ", "\0", "YWJj\128" }) do
		say(text, ngx.decode_base64(text))
	end
	say(ngx.encode_base64(nil), ngx.encode_base64(12), ngx.encode_base64(true), ngx.encode_base64(false))
	try(ngx.encode_base64, "a", 1)
	try(ngx.decode_base64, 5)
	try(ngx.decode_base64)

	local url = require "ngx.base64"
	say(url.encode_base64url("\255\254\253a"), url.encode_base64url(""))
	for _, text in ipairs({ "YQ==", "YQ", "Y", "-_-_", "+/+/", "YQ=", "", "YWJj" }) do
		say(text, url.decode_base64url(text))
	end
	say(url.encode_base64url(5))
	say(url.decode_base64url(nil))
end
