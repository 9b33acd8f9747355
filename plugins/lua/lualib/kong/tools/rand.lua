-- kong.tools.rand: random bytes from the operating system.

local rand = {}

-- `count` bytes fit for secrets, or nil and a text.
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

return rand
