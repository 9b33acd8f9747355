-- What an entity gets by itself, what is made of its shorthands, its transformations, and what is read.

return function(tools)
	local null = tools.null
	local STRING, INTEGER = { type = "string" }, { type = "integer" }

	local function auto()
		return { fields = {
			{ id = { type = "string", uuid = true, auto = true } }, { key = { type = "string", auto = true } },
			{ created_at = { type = "integer", timestamp = true, auto = true } },
			{ updated_at = { type = "number", timestamp = true, auto = true } },
			{ other = { type = "integer", auto = true } },
		} }
	end

	local function redis_record(more)
		local record = more or {}
		record.type, record.fields = "record", {
			{ host = { type = "string", default = "local" } }, { port = { type = "integer", default = 6379 } } }
		return record
	end

	local function shorthands()
		return { fields = { { redis = redis_record({ required = true }) }, { n = INTEGER }, { m = { type = "map",
			keys = { type = "string" }, values = { type = "string" } } } },
		shorthand_fields = {
			{ number = { type = "integer", gt = 0, func = function(value)
				return { n = value }
			end } },
			{ port = { type = "integer", deprecation = { message = "m", removal_in_version = "4",
				replaced_with = { { path = { "redis", "port" } } } }, func = function(value)
				return { redis = { port = value } }
			end } },
			{ where = { type = "string", func = function(value)
				return { redis = { host = value } }
			end } },
			{ twice = { type = "integer", deprecation = { message = "m", removal_in_version = "4",
				replaced_with = { { path = { "n" }, reverse_mapping_function = function(data)
					return data.n and data.n ~= null and data.n * 2 or nil
				end } } }, func = function(value)
				return { n = value / 2 }
			end } },
			{ nothing = { type = "string", func = function() end } },
		} }
	end

	local function transformed()
		return { fields = { { a = STRING }, { b = STRING }, { c = STRING } }, transformations = {
			{ input = { "a" }, on_write = function(a)
				return { a = a:upper() }
			end, on_read = function(a)
				return { a = a:lower() }
			end },
			{ input = { "b" }, needs = { "c" }, on_write = function(b, c)
				if c == "fail" then
					return nil, "it failed"
				end
				return { b = b .. c }
			end },
			{ on_write = function(entity)
				return { c = entity.c ~= null and entity.c .. "!" or nil }
			end },
		} }
	end

	local function stored(more)
		local schema = { fields = {
			{ a = STRING }, { i = INTEGER }, { d = { type = "string", default = "d" } },
			{ q = { type = "string", required = true, default = "q" } },
			{ e = { type = "string", len_min = 0 } }, { r = redis_record() }, { rr = redis_record({ required = true }) },
			{ s = { type = "set", elements = STRING } }, { l = { type = "array", elements = redis_record() } },
		} }
		for key, value in pairs(more or {}) do
			schema[key] = value
		end
		return schema
	end

	local function secrets()
		local field = { type = "string", referenceable = true }
		return { fields = {
			{ a = field }, { l = { type = "array", elements = field } },
			{ m = { type = "map", keys = STRING, values = field } }, { plain = STRING },
			{ r = { type = "record", required = true, fields = { { a = field } } } },
		} }
	end

	local ID = "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab"

	return {
		{ "auto: insert", auto(), { {}, { id = ID, key = "k", created_at = 5, updated_at = 6 },
			{ created_at = null, updated_at = null, key = null } } },
		{ "auto: upsert", auto(), { {} }, how = "upsert" },
		{ "auto: update", auto(), { {}, { updated_at = 1 } }, how = "update" },
		{ "update leaves what is absent absent", stored(), { {}, { a = "x" }, { r = { port = 1 } }, { r = null },
			{ l = { { port = 1 } } } }, how = "update" },
		{ "update refuses what is required", { fields = { { a = { type = "string", required = true } } } },
			{ {}, { a = null } }, how = "update" },
		{ "shorthand", shorthands(), { { number = 3 }, { number = "x" }, { number = 0 }, { number = 3, n = 4 },
			{ where = "h" }, { where = "h", redis = { host = "i", port = 2 } }, { nothing = "x" }, { number = null } } },
		{ "deprecated shorthand", shorthands(), { { port = 1 }, { port = 1, redis = { port = 1 } },
			{ port = 1, redis = { port = 2 } }, { port = 1, redis = { host = "h" } }, { port = "x" }, { port = null },
			{ port = 1, redis = { port = null } } } },
		{ "deprecated shorthand with a function", shorthands(), { { twice = 4 }, { twice = 4, n = 2 },
			{ twice = 4, n = 3 } } },
		{ "shorthands when read", shorthands(), { { redis = { host = "h", port = 1 }, n = 2 }, {} }, how = "select" },
		{ "shorthand in a nested record", { fields = { { r = { type = "record", required = true,
			fields = { { x = INTEGER } }, shorthand_fields = { { y = { type = "integer", func = function(value)
				return { x = value }
			end } } } } } } }, { { r = { y = 2 } }, { r = { y = "bad" } } } },
		{ "transformations", transformed(), { { a = "x" }, { b = "x" }, { b = "x", c = "y" }, { c = "y" },
			{ b = "x", c = "fail" }, {} } },
		{ "transformations when read", transformed(), { { a = "XyZ" }, { a = "" } }, how = "select" },
		{ "select", stored(), { {}, { a = null, i = 5.7, d = null, q = null, r = null, rr = null, s = null },
			{ a = "", e = "", unknown = 1 }, { s = { "a", "a" } }, { r = {}, rr = { port = 1 } },
			{ l = { {}, { port = null } } } }, how = "select" },
		{ "select with nulls", stored({ nulls = true }), { {}, { a = null, rr = { port = null } }, { a = "" } },
			how = "select" },
		{ "select with ttl", stored({ ttl = true }), { { ttl = 5 }, { ttl = null }, { ws_id = "w" } }, how = "select" },
		{ "secrets", secrets(), { { a = "{vault://env/HOME}" }, { a = "x" }, { a = "{vault://env/A}",
			["$refs"] = { a = "{vault://env/B}" } }, { l = { "x", "{vault://env/A}" } }, { m = { k = "{vault://env/A}", j = "x" } },
			{ plain = "{vault://env/A}" }, { r = { a = "{vault://env/A}" } },
			{ a = "secret", ["$refs"] = { a = "{vault://env/A}" } }, { a = "", ["$refs"] = { a = "{vault://env/A}" } } },
			how = "select" },
	}
end
