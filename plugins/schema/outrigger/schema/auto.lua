-- What an entity gets without being told: ids, times, defaults, the structure of its records.

local cycle_aware_deep_copy = require("kong.tools.table").cycle_aware_deep_copy
local collections = require "outrigger.schema.collections"
local generated = require "outrigger.schema.generated"
local references = require "outrigger.schema.references"
local shorthands = require "outrigger.schema.shorthands"
local values = require "outrigger.schema.values"

local null = values.null

local MEMBER = { array = "elements", set = "elements", map = "values" }

-- The value of a field that was not given; nil where one is required.
local function missing_value(self, field, value, opts)
	if field.default ~= nil and not (opts and opts.no_defaults) then
		return collections.mark_default(field, cycle_aware_deep_copy(field.default))
	elseif field.nilable then
		return value
	elseif field.required ~= true then
		return null
	elseif field.type == "record" and not field.abstract then
		return self.schema_of(field):process_auto_fields({}, "insert")
	end
	return nil
end

local function goes_into_record(field, value, context)
	if context == "update" then
		return value ~= null and value ~= nil
	end
	return value ~= null and (value ~= nil or field.required == true)
end

local complete_value

local function complete_record(self, field, value, pass)
	if not goes_into_record(field, value, pass.context) then
		return value
	end
	value = value or missing_value(self, field, value, pass.opts)
	if type(value) ~= "table" then
		return value
	end
	return self.schema_of(field):process_auto_fields(value, pass.context, pass.nulls, pass.opts)
end

local function complete_members(self, field, value, pass)
	if field.type == "array" then
		value = collections.as_array(value)
	elseif field.type == "set" then
		value = collections.as_set(value)
	end
	local member = field[MEMBER[field.type]]
	if member then
		-- there may be holes
		for key, item in pairs(value) do
			value[key] = complete_value(self, member, item, pass)
		end
	end
	return value
end

-- The value, or nil, errors.
complete_value = function(self, field, value, pass)
	if pass.context == "select" and value == null and field.required == true then
		return missing_value(self, field, value, pass.opts)
	elseif field.abstract then
		return value
	end
	if field.type == "record" then
		local errors
		value, errors = complete_record(self, field, value, pass)
		if errors then
			return nil, errors
		end
	elseif type(value) == "table" then
		value = complete_members(self, field, value, pass)
	end
	if value == nil and pass.context ~= "update" then
		return missing_value(self, field, value, pass.opts)
	end
	return value
end

local function made_time(field)
	if field.type == "number" then
		return generated.now()
	elseif field.type == "integer" then
		return math.floor(generated.now())
	end
end

-- The value of a field that makes itself.
local function auto_value(name, field, value, context)
	local is_new = context == "insert" or context == "upsert"
	local is_text = field.uuid or field.type == "string"
	if is_text then
		if is_new and value == nil then
			return field.uuid and generated.uuid() or generated.string()
		end
	elseif name == "created_at" and is_new and (value == nil or value == null) or
		name == "updated_at" and (is_new or context == "update") then
		return made_time(field) or value
	end
	return value
end

-- What is read has no nulls unless they are asked for.
local function read_value(field, value, pass)
	if value == null and not pass.nulls then
		return nil
	elseif field.type == "integer" and type(value) == "number" then
		return math.floor(value)
	end
	return value
end

local function complete_fields(self, data, pass)
	local has_immutable = false
	for name, field in self:each_field(data) do
		local value, errors = data[name]
		if field.auto and not pass.is_select then
			value = auto_value(name, field, value, pass.context)
		end
		value, errors = complete_value(self, field, value, pass)
		if errors then
			return nil, errors
		end
		if pass.is_select then
			value = read_value(field, value, pass)
			if pass.refs then
				value = references.take(pass.refs, name, field, value)
			end
		elseif pass.context == "update" and field.immutable then
			has_immutable = true
		end
		data[name] = value
	end
	return data, nil, has_immutable
end

local function is_kept(self, name, pass)
	return name == "ttl" and self.ttl or name == "ws_id" and pass.opts and pass.opts.show_ws_id
		or shorthands.is_shown(self, name)
end

-- Takes away what is no field, and empty texts where the schema has none.
local function clean(self, data, pass)
	if self.ttl and data.ttl == null and not pass.nulls then
		data.ttl = nil
	end
	local found = references.close(pass.refs)
	for name, value in pairs(data) do
		local field = self.fields[name]
		if not field then
			if not is_kept(self, name, pass) then
				data[name] = nil
			end
		elseif value == "" and field.type == "string" and (field.len_min or 1) > 0 and
			not (found and found[name]) then
			data[name] = pass.nulls and null or nil
		end
	end
	data["$refs"] = found
	return data
end

-- Control planes, and the Admin API, which asks for nulls, see references and not secrets.
local function resolves_references(is_select, nulls)
	local kong = rawget(_G, "kong")
	local configuration = kong and rawget(kong, "configuration")
	return is_select and not nulls and
		not (configuration and configuration.role == "control_plane")
end

return function(Schema)
	-- A completed copy (for select: the entity itself, changed). `context` is insert, update, upsert or
	-- select; with `nulls` what is read keeps nulls. Options: no_defaults, hide_shorthands, show_ws_id,
	-- resolve (a function from a reference to its secret). nil and errors when a shorthand is wrong. The
	-- third result says that an update touches immutable fields.
	function Schema:process_auto_fields(data, context, nulls, opts)
		local pass = { context = context, nulls = nulls, opts = opts,
			is_select = context == "select" }
		if not pass.is_select then
			data = cycle_aware_deep_copy(data)
		end
		local errors = shorthands.expand(self, data, context, opts)
		if errors then
			return nil, errors
		end
		if resolves_references(pass.is_select, nulls) then
			pass.refs = references.open(data, opts)
		end
		local completed, has_immutable
		completed, errors, has_immutable = complete_fields(self, data, pass)
		if not completed then
			return nil, errors
		elseif pass.is_select then
			return clean(self, data, pass)
		end
		return data, nil, has_immutable
	end

	-- `top` over `bottom`: records field by field, everything else as a whole.
	function Schema:merge_values(top, bottom)
		local merged = {}
		if bottom == nil or bottom == null then
			bottom = {}
		end
		for _, entity in ipairs({ bottom, top }) do
			for key, value in pairs(entity) do
				merged[key] = value
			end
		end
		for name, field in self:each_field(bottom) do
			if top[name] == nil then
				merged[name] = bottom[name]
			elseif field.type == "record" and not field.abstract and
				type(top[name]) == "table" then
				merged[name] = self.schema_of(field):merge_values(top[name], bottom[name])
			end
		end
		return merged
	end
end
