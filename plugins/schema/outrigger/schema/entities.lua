-- The entities that a plugin's schema is part of, as far as a conf needs them: what a conf may refer to,
-- and `plugins`, whose `config` each plugin's schema defines.

local Entity = require "kong.db.schema.entity"
local Schema = require "kong.db.schema"
local null = require "outrigger.null"

local entities = {}

local REFERENCED = { "workspaces", "services", "routes", "consumers", "certificates",
	"ca_certificates", "upstreams", "key_sets", "keys" }

for _, name in ipairs(REFERENCED) do
	assert(Schema.new({
		name = name, primary_key = { "id" },
		fields = { { id = { type = "string", uuid = true, auto = true } } },
	}))
end

local HTTP = { "grpc", "grpcs", "http", "https" }
local PROTOCOLS = { "grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp" }

local function reference(name)
	return { type = "foreign", reference = name, default = null, on_delete = "cascade" }
end

local TIME = { type = "integer", timestamp = true, auto = true }

local plugins = {
	name = "plugins",
	primary_key = { "id" },
	subschema_key = "name",
	subschema_error = "plugin '%s' not enabled; add it to the 'plugins' configuration property",
	fields = {
		{ id = { type = "string", uuid = true, auto = true } },
		{ name = { type = "string", required = true } },
		{ instance_name = { type = "string", unique = true } },
		{ created_at = TIME }, { updated_at = TIME },
		{ route = reference "routes" }, { service = reference "services" },
		{ consumer = reference "consumers" },
		{ config = { type = "record", abstract = true } },
		{ protocols = { type = "set", required = true, default = HTTP,
			elements = { type = "string", one_of = PROTOCOLS } } },
		{ enabled = { type = "boolean", required = true, default = true } },
		{ tags = { type = "set", elements = { type = "string", required = true } } },
	},
}

-- The entity `plugins` with one plugin, whose schema it is; or nil, err.
function entities.with_plugin(name, schema)
	local entity = assert(Entity.new(plugins))
	local ok, err = entity:new_subschema(name, schema)
	if not ok then
		return nil, err
	end
	return entity
end

return entities
