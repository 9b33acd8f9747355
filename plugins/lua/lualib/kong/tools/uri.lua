-- kong.tools.uri: paths, escaped and normalised (RFC 3986).

local uri = {}

local RESERVED = "!*'();:@&=+$,/?%#[]"

function uri.escape(text)
	return (text:gsub("[^!#$&'()*+,/:;=?@%[\\%]A-Za-z0-9_.~%%%-]", function(c)
		return ("%%%02X"):format(c:byte())
	end))
end

-- Unescapes what needn't be escaped; other escapes in upper case.
local function unescape(text)
	return (text:gsub("%%(%x%x)", function(hex)
		local c = string.char(tonumber(hex, 16))
		return RESERVED:find(c, 1, true) and "%" .. hex:upper() or c
	end))
end

-- Segments with the slash before each; "" for what comes before the first one.
local function split(path)
	local segments = {}
	if path:sub(1, 1) ~= "/" then
		segments[1] = path:match("^[^/]*")
	end
	for segment in path:gmatch("/[^/]*") do
		segments[#segments + 1] = segment
	end
	return segments
end

-- Takes one segment to those before it. A "." or ".." at the end leaves a slash.
local function add_segment(output, segment, is_last)
	local name = segment:gsub("^/", "")
	if name ~= "." and name ~= ".." then
		output[#output + 1] = segment
		return
	elseif segment == name then
		return
	elseif name == ".." then
		output[#output] = nil
	end
	if is_last then
		output[#output + 1] = "/"
	end
end

-- Escapes unified, dot segments resolved, slashes merged if asked for.
function uri.normalize(path, merge_slashes)
	path = unescape(path)
	if merge_slashes then
		path = path:gsub("//+", "/")
	end
	if not path:find(".", 1, true) then
		return path
	end
	while path:find("^%.%.?/") do
		path = path:gsub("^%.%.?/", "")
	end
	local segments, output = split(path), {}
	for i, segment in ipairs(segments) do
		add_segment(output, segment, i == #segments)
	end
	return table.concat(output)
end

return uri
