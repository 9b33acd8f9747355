return function(say, try)
	local function hex(bytes)
		return (bytes:gsub(".", function(c)
			return ("%02x"):format(c:byte())
		end))
	end
	for _, text in ipairs({ "", "hello", ("x"):rep(1000), "\0\255" }) do
		say(ngx.md5(text), hex(ngx.md5_bin(text)), hex(ngx.sha1_bin(text)), ngx.crc32_short(text),
			ngx.crc32_long(text), hex(ngx.hmac_sha1("key", text)), hex(ngx.hmac_sha1("", text)))
	end
	for _, value in ipairs({ 12, true, false }) do
		say(ngx.md5(value), hex(ngx.sha1_bin(value)), ngx.crc32_long(value))
	end
	say(ngx.md5(nil), ngx.crc32_short(nil))
	try(ngx.hmac_sha1, "a")
end
