-- ngx.md5 and its kin.

local hash = require "outrigger.c.hash"

return function(ngx)
	function ngx.md5(text)
		return hash.hex(hash.digest("MD5", text))
	end

	function ngx.md5_bin(text)
		return hash.digest("MD5", text)
	end

	function ngx.sha1_bin(text)
		return hash.digest("SHA1", text)
	end

	function ngx.hmac_sha1(...)
		local n = select("#", ...)
		if n ~= 2 then
			error("expecting 2 arguments, but got " .. n, 2)
		end
		local key, text = ...
		return hash.hmac("SHA1", key, text)
	end

	ngx.crc32_short, ngx.crc32_long = hash.crc32, hash.crc32
end
