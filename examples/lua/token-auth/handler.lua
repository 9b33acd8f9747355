-- token-auth: lets a request through only if it carries one of the configured tokens.

local constants = require "kong.constants"

local TokenAuth = {
	PRIORITY = 1250,
	VERSION = "1.0.0",
}

-- conf -> { token -> its position }, made once per configuration.
local known_tokens = setmetatable({}, { __mode = "k" })

local function tokens_of(conf)
	local tokens = known_tokens[conf]
	if not tokens then
		tokens = {}
		for position, token in ipairs(conf.tokens) do
			tokens[token] = position
		end
		known_tokens[conf] = tokens
	end
	return tokens
end

local function unauthorized(message)
	return kong.response.exit(401, { message = message }, {
		["WWW-Authenticate"] = "Token",
	})
end

-- Tells the upstream who calls. A header that does not apply is cleared, so that a client cannot
-- send its own.
local function set_upstream_header(name, value)
	if value then
		kong.service.request.set_header(name, value)
	else
		kong.service.request.clear_header(name)
	end
end

local function authenticate(consumer, credential)
	kong.client.authenticate(consumer, credential)
	consumer = consumer or {}
	set_upstream_header(constants.HEADERS.CONSUMER_ID, consumer.id)
	set_upstream_header(constants.HEADERS.CONSUMER_CUSTOM_ID, consumer.custom_id)
	set_upstream_header(constants.HEADERS.CONSUMER_USERNAME, consumer.username)
	set_upstream_header(constants.HEADERS.CREDENTIAL_IDENTIFIER, credential.id)
end

function TokenAuth:access(conf)
	local token = kong.request.get_header(conf.header)
	if not token then
		return unauthorized("No token found in request")
	end
	local position = tokens_of(conf)[token]
	if not position then
		return unauthorized("Unauthorized")
	end

	local consumer
	if conf.consumer then
		local err
		consumer, err = kong.client.load_consumer(conf.consumer, true)
		if not consumer then
			kong.log.err("no consumer ", conf.consumer, ": ", err or "not found")
			return kong.response.exit(500, { message = "An unexpected error occurred" })
		end
	end

	if conf.hide_credentials then
		kong.service.request.clear_header(conf.header)
	end
	authenticate(consumer, { id = "token-" .. position })
end

return TokenAuth
