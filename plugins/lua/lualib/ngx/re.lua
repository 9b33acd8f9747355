-- ngx.re: split, and options that have no meaning here.

local M = {}

local find, match = ngx.re.find, ngx.re.match

-- The next separator from ctx.pos on: where it begins, where it ends (exclusive), its first capture; nil and an
-- error or nothing.
local function next_separator(text, pattern, options, ctx)
	local at = { pos = ctx.pos }
	local from, to, err = find(text, pattern, options, at)
	if not from then
		return nil, nil, nil, err
	end
	local found = match(text, pattern, options, { pos = ctx.pos })
	ctx.pos = to < from and to + 2 or to + 1
	return from, to + 1, found and found[1] or nil
end

local function drop_empty_end(list, count)
	while count > 0 and list[count] == "" do
		list[count] = nil
		count = count - 1
	end
	return count
end

-- Splits until `max` pieces are there (0: no limit). Returns the number of pieces and where the rest begins.
local function split_at(text, pattern, options, state)
	local list, ctx = state.list, state.ctx
	local count, pieces, start, empty = 0, 1, ctx.pos, nil
	while state.max <= 0 or pieces < state.max do
		local from, to, capture, err = next_separator(text, pattern, options, ctx)
		if err then
			return nil, err
		elseif not from then
			break
		end
		start = empty or start
		empty = from == to and from or empty
		if from > start or not empty then
			count, pieces = count + 1, pieces + 1
			list[count] = text:sub(start, from - 1)
			if capture then
				count = count + 1
				list[count] = capture
			end
			start = to
			if start > #text then
				break
			end
		end
	end
	return count, start
end

-- As in lua-resty-core: without `max`, empty pieces at the end are left out; a capture follows its piece.
function M.split(text, pattern, options, ctx, max, list)
	text = tostring(text)
	ctx = ctx or { pos = 1 }
	ctx.pos = ctx.pos or 1
	max = max or 0
	if list ~= nil and type(list) ~= "table" then
		error("res is not a table", 2)
	end
	list = list or {}
	if ctx.pos > #text then
		list[1] = nil
		return list
	end
	ctx.pos = math.max(ctx.pos, 1)
	local count, start = split_at(text, pattern, options, { list = list, ctx = ctx, max = max })
	if not count then
		return nil, start
	end
	if max <= 0 and start > #text then
		count = drop_empty_end(list, count)
	else
		count = count + 1
		list[count] = text:sub(start)
	end
	list[count + 1] = nil
	return list
end

function M.opt(option)
	if option ~= "jit_stack_size" then
		error("unrecognized option name", 2)
	end
end

return M
