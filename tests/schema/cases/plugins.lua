-- Schemas of plugins as part of the entity `plugins`.

return function(tools)
	local null, typedefs = tools.null, tools.typedefs
	local CONSUMER = { id = "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab" }

	local function config(fields, more)
		local list = { { config = { type = "record", fields = fields } } }
		for _, field in ipairs(more or {}) do
			list[#list + 1] = field
		end
		return { name = "case", fields = list }
	end

	local function nested()
		return config({ { a = { type = "string", required = true } },
			{ r = { type = "record", fields = { { x = { type = "integer", default = 5 } }, { y = { type = "record",
				fields = { { z = { type = "string", default = "z" } } } } } } } },
			{ opt = { type = "record", required = false, fields = { { x = { type = "integer", default = 5 } } } } } })
	end

	local function confs(...)
		local list = {}
		for i, conf in ipairs({ ... }) do
			list[i] = { name = "case", config = conf }
		end
		return list
	end

	return {
		{ "records are required", nested(), confs({ a = "x" }, {}, { a = "x", r = null }, { a = "x", r = { y = null } },
			{ a = "x", opt = {} }), how = "plugin" },
		{ "config may be left out", config({ { a = { type = "string", default = "d" } } }), { { name = "case" } }, how = "plugin" },
		{ "config null", config({ { a = { type = "string", default = "d" } } }), { { name = "case", config = null } }, how = "plugin" },
		{ "no config in the schema", { name = "case", fields = {} }, { { name = "case" }, { name = "case", config = {} } },
			how = "plugin" },
		{ "another plugin", nested(), { { name = "other", config = {} }, { config = {} }, { name = null } }, how = "plugin" },
		{ "a field beside config", config({}, { { colour = { type = "string" } } }), confs({}), how = "plugin" },
		{ "another type beside config", config({}, { { protocols = { type = "string" } } }), confs({}), how = "plugin" },
		{ "another type of config", { name = "case", fields = { { config = { type = "array", elements = { type = "string" } } } } },
			confs({}), how = "plugin" },
		{ "config of type json", { name = "case", fields = { { config = { type = "json", json_schema = { inline = {
			type = "object", properties = { a = { type = "number" } } } } } } } }, confs({ a = 1 }, { a = "x" }, { b = { 1 } }),
			how = "plugin" },
		{ "not for consumers", config({}, { { consumer = typedefs.no_consumer } }),
			{ { name = "case", config = {} }, { name = "case", config = {}, consumer = CONSUMER } }, how = "plugin" },
		{ "protocols", config({}, { { protocols = typedefs.protocols_http } }),
			{ { name = "case" }, { name = "case", protocols = { "tcp" } } }, how = "plugin" },
		{ "checks of the whole entity", (function()
			local schema = config({ { a = { type = "string" } }, { b = { type = "string" } } })
			schema.entity_checks = { { at_least_one_of = { "config.a", "config.b" } } }
			return schema
		end)(), confs({}, { a = "x" }, { c = 1 }), how = "plugin" },
		{ "checks of config and consumer", (function()
			local schema = config({ { a = { type = "string" } } })
			schema.entity_checks = { { conditional = { if_field = "config.a", if_match = { eq = "x" },
				then_field = "consumer", then_match = { required = true } } },
				{ custom_entity_check = { field_sources = { "config" }, fn = function(entity)
					return entity.config.a ~= "bad" or nil, "a is bad"
				end } } }
			return schema
		end)(), confs({ a = "x" }, { a = "bad" }, { a = 5 }), how = "plugin" },
	}
end
