-- ngx.re: regular expressions, built of C's compile, find and match (offsets from 0 there).

local c = require "outrigger.c.re"

local re = {}

-- Compiled expressions by options and pattern, whether 'o' asks for it or not. Two generations bound them.
local CACHE_MAX = 1024
local young, old, count = {}, {}, 0

local function keep(key, compiled)
	if count >= CACHE_MAX then
		old, young, count = young, {}, 0
	end
	young[key], count = compiled, count + 1
	return compiled
end

-- The expression, or nil and an error. An unknown option is raised to the caller of ngx.re's function.
local function compile(pattern, options)
	local key = (options or "") .. "\0" .. pattern
	local found = young[key]
	if found then
		return found
	elseif old[key] then
		return keep(key, old[key])
	end
	local ok, compiled, err = pcall(c.compile, pattern, options)
	if not ok then
		error(compiled, 3)
	elseif not compiled then
		return nil, err
	end
	return keep(key, compiled)
end

-- nil, and an error if there is one.
local function none(err)
	if err then
		return nil, err
	end
	return nil
end

local function offset(ctx)
	local pos = ctx and tonumber(ctx.pos)
	return pos and pos > 0 and pos - 1 or 0
end

function re.match(subject, pattern, options, ctx, captures)
	local compiled, err = compile(pattern, options)
	if not compiled then
		return nil, err
	end
	local found, from, to = c.match(compiled, tostring(subject), offset(ctx), captures)
	if not found then
		return none(from)
	end
	if ctx then
		ctx.pos = to + 1
	end
	return found
end

function re.find(subject, pattern, options, ctx, nth)
	local compiled, err = compile(pattern, options)
	if not compiled then
		return nil, nil, err
	end
	local stop, from, to = c.find(compiled, tostring(subject), offset(ctx), nth)
	if not stop and not from then
		return nil
	elseif not stop then
		return nil, nil, from
	end
	if ctx then
		ctx.pos = stop + 1
	end
	if from == false then
		return nil, nil, "nth out of bound"
	elseif not from then
		return nil, nil
	end
	return from + 1, to
end

-- ---- one match after the other ----

-- Where to go on behind a match; nil at the end. An empty match moves on by one byte.
local function next_offset(subject, from, to)
	local at = from == to and to + 1 or to
	return at <= #subject and at or nil
end

function re.gmatch(subject, pattern, options)
	subject = tostring(subject)
	local compiled, err = compile(pattern, options)
	if not compiled then
		return nil, err
	end
	local at = 0
	return function()
		if not at then
			return nil
		end
		local found, from, to = c.match(compiled, subject, at)
		at = found and next_offset(subject, from, to)
		if not found then
			return none(from)
		end
		return found
	end
end

-- ---- replacements ----

-- A template as a list of texts and numbers of captures; nil if it is none.
local function parse_template(template)
	local parts, at = {}, 1
	while true do
		local dollar = template:find("$", at, true)
		if not dollar then
			parts[#parts + 1] = template:sub(at)
			return parts
		end
		parts[#parts + 1] = template:sub(at, dollar - 1)
		local number, stop = template:match("^(%d+)()", dollar + 1)
		if not number then
			number, stop = template:match("^{(%d+)}()", dollar + 1)
		end
		if number then
			parts[#parts + 1] = tonumber(number)
		elseif template:sub(dollar + 1, dollar + 1) == "$" then
			parts[#parts + 1], stop = "$", dollar + 2
		else
			return nil
		end
		at = stop
	end
end

local function fill(parts, captures)
	local texts = {}
	for i, part in ipairs(parts) do
		texts[i] = type(part) == "string" and part or captures[part] or ""
	end
	return table.concat(texts)
end

-- The function that makes the text for a match; nil and an error.
local function replacer(replace)
	if type(replace) == "function" then
		return function(captures)
			return tostring(replace(captures))
		end
	end
	local parts = parse_template(tostring(replace))
	if not parts then
		return nil, "failed to compile the replacement template"
	end
	return function(captures)
		return fill(parts, captures)
	end
end

-- The new text, how many matches were replaced; or nil, nil and an error.
local function substitute(compiled, subject, replace, max)
	local parts, count_, at, done = {}, 0, 0, 0
	while at and count_ < max do
		local found, from, to = c.match(compiled, subject, at)
		if not found and from then
			return nil, nil, from
		elseif not found then
			break
		end
		count_ = count_ + 1
		parts[#parts + 1] = subject:sub(done + 1, from)
		parts[#parts + 1] = replace(found)
		done, at = to, next_offset(subject, from, to)
	end
	parts[#parts + 1] = subject:sub(done + 1)
	return table.concat(parts), count_
end

local function sub(subject, pattern, replace, options, max)
	local compiled, err = compile(pattern, options)
	if not compiled then
		return nil, nil, err
	end
	local replace_one
	replace_one, err = replacer(replace)
	if not replace_one then
		return nil, nil, err
	end
	return substitute(compiled, tostring(subject), replace_one, max)
end

function re.sub(subject, pattern, replace, options)
	return sub(subject, pattern, replace, options, 1)
end

function re.gsub(subject, pattern, replace, options)
	return sub(subject, pattern, replace, options, math.huge)
end

return function(ngx)
	ngx.re = re
end
