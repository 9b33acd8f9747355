-- The one form of a path among those that mean the same: encoded characters that need not be are decoded,
-- "." and ".." are resolved, doubled slashes are one.

local RESERVED = "[!*'();:@&=+$,/?%%#%[%]]"

local function decode(hex)
	local char = string.char(tonumber(hex, 16))
	return char:find(RESERVED) and "%" .. hex:upper() or char
end

-- Removes the last segment of a path.
local function parent(segments)
	segments[#segments] = nil
end

-- A segment begins with its slash.
local function resolve(path)
	local segments, position = {}, 1
	while position <= #path do
		local segment = path:match("^/?[^/]*", position)
		position = position + #segment
		local is_last = position > #path
		if segment == "/.." or segment == "/." then
			if segment == "/.." then
				parent(segments)
			end
			segments[#segments + 1] = is_last and "/" or nil
		elseif segment ~= "/" or is_last then
			segments[#segments + 1] = segment
		end
	end
	return table.concat(segments)
end

return function(path)
	if path == "" or path == "/" then
		return path
	end
	return resolve((path:gsub("%%(%x%x)", decode)))
end
