-- kong.tools.rand: random bytes and texts, fit for secrets, from the operating system.

local rand = {}

-- `count` bytes, or nil and a text.
function rand.get_rand_bytes(count)
	local file, err = io.open("/dev/urandom", "rb")
	if not file then
		return nil, err
	end
	file:setvbuf("no")
	local bytes = file:read(count)
	file:close()
	return bytes
end

-- 32 letters and digits.
function rand.random_string()
	local text = ngx.encode_base64(rand.get_rand_bytes(24), true)
	return (text:gsub("[/+]", function(c)
		return string.char((c == "/" and 65 or 97) + rand.get_rand_bytes(1):byte() % 26)
	end))
end

return rand
