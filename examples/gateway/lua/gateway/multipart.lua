-- multipart.lua - the fields of a multipart/form-data body.

local function boundary_of(content_type)
	return content_type:match('boundary="([^"]+)"') or content_type:match("boundary=([^;%s]+)")
end

local function add(fields, name, value)
	local known = fields[name]
	if known == nil then
		fields[name] = value
	elseif type(known) == "table" then
		known[#known + 1] = value
	else
		fields[name] = { known, value }
	end
end

local function read_part(fields, part)
	local head, value = part:match("^\r?\n(.-)\r?\n\r?\n(.*)$")
	local name = head and (head:match('[; ]name="([^"]*)"') or head:match("[; ]name=([^;%s]+)"))
	if name then
		add(fields, name, (value:gsub("\r?\n$", "")))
	end
end

-- A table of values, an array where a name comes more than once; nil if the
-- content type has no boundary.
local function decode(body, content_type)
	local boundary = boundary_of(content_type)
	if not boundary then
		return nil
	end
	local fields, mark = {}, "--" .. boundary
	local from, to = body:find(mark, 1, true)
	while to do
		from = to + 1
		local next_from, next_to = body:find(mark, from, true)
		if not next_from then
			break
		end
		read_part(fields, body:sub(from, next_from - 1))
		to = next_to
	end
	return fields
end

return { decode = decode }
