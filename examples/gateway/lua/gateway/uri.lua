-- uri.lua - the two forms of a path: normalised (RFC 3986) for plugins, escaped
-- for the upstream.

local RESERVED = {}
for c in ("!*'();:@&=+$,/?%#[]"):gmatch(".") do
	RESERVED[c:byte()] = true
end
local TO_ESCAPE = "[^!#$&'()*+,/:;=?@[\\]A-Z\\d\\-_.~%]"

local function escape(path)
	return (ngx.re.gsub(path, TO_ESCAPE, function(m)
		return string.format("%%%02X", m[0]:byte())
	end, "ijo"))
end

local function decode_unreserved(text)
	return (text:gsub("%%(%x%x)", function(hex)
		local code = tonumber(hex, 16)
		return RESERVED[code] and "%" .. hex:upper() or string.char(code)
	end))
end

-- Removes dot segments; also joins slashes that follow each other.
local function remove_dots(path)
	local segments, n = {}, 0
	local last
	for segment in path:gmatch("[^/]+") do
		last = segment
		if segment == ".." then
			n = math.max(n - 1, 0)
		elseif segment ~= "." then
			n = n + 1
			segments[n] = segment
		end
	end
	local joined = "/" .. table.concat(segments, "/", 1, n)
	local open = path:sub(-1) == "/" or last == "." or last == ".."
	return open and n > 0 and joined .. "/" or joined
end

local function normalize(path)
	if path == "" or path == "/" then
		return path
	end
	path = decode_unreserved(path)
	if not path:find(".", 1, true) and not path:find("//", 1, true) then
		return path
	end
	return remove_dots(path)
end

return { escape = escape, normalize = normalize }
