-- The validator functions of the typedefs, with the gateway's texts.

local checks = require "outrigger.schema.checks"
local ip_tools = require "kong.tools.ip"
local normalize_path = require "outrigger.schema.normalize_path"
local string_tools = require "kong.tools.string"
local values = require "outrigger.schema.values"

local null, is_reference = values.null, values.is_reference

local validators = {}

-- The parsed host without a port, or nil and the text.
local function parse_host(value)
	local parsed, err = ip_tools.normalize_ip(value)
	if err == "invalid port number" or (parsed and parsed.port) then
		return nil, "must not have a port"
	elseif not parsed then
		return nil, "invalid value: " .. value
	end
	return parsed
end

function validators.host(value)
	local parsed, err = parse_host(value)
	return parsed and true, err
end

function validators.host_with_optional_port(value)
	local parsed, err = ip_tools.normalize_ip(value)
	return parsed and true, err
end

function validators.sni(value)
	local parsed = ip_tools.normalize_ip(value)
	if parsed and parsed.type ~= "name" then
		return nil, "must not be an IP"
	end
	return validators.host(value)
end

function validators.wildcard_host(value)
	local name, stars = value:gsub("%*", "wildcard")
	local position = value:find("*", 1, true)
	if position and position ~= 1 and position ~= #value then
		return nil, "wildcard must be leftmost or rightmost character"
	elseif stars > 1 then
		return nil, "only one wildcard must be specified"
	end
	return validators.sni(name)
end

function validators.host_with_wildcards(value)
	return validators.host_with_optional_port((value:gsub("%*", "abc")))
end

function validators.ip(value)
	if ip_tools.is_valid_ip(value) then
		return true
	end
	return nil, "not an ip address: " .. value
end

function validators.ip_or_cidr(value)
	if ip_tools.is_valid_ip_or_cidr(value) then
		return true
	end
	return nil, "invalid ip or cidr range: '" .. value .. "'"
end

function validators.ip_or_cidr_v4(value)
	if ip_tools.is_valid_ip_or_cidr_v4(value) then
		return true
	end
	return nil, "invalid ipv4 cidr range: '" .. value .. "'"
end

-- The third result tells the two kinds of failure apart.
function validators.path(value)
	if not value:match("^/[%w%.%-_~/%%:@!%$&'%(%)%*%+,;=]*$") then
		return nil, "invalid path: '" .. value ..
			"' (characters outside of the reserved list of RFC 3986 found)", "rfc3986"
	end
	local bad = value:gsub("%%%x%x", "___"):match("%%.?.?")
	if bad then
		return nil, "invalid url-encoded value: '" .. bad .. "'", "percent"
	end
	return true
end

-- A plain path, or ~ and a regex.
function validators.router_path(value)
	local ok, err, kind = validators.path(value)
	if kind == "percent" then
		return ok, err, kind
	elseif value:sub(1, 1) ~= "~" then
		local normalized = normalize_path(value)
		if value ~= normalized then
			return nil, "non-normalized path, consider use '" .. normalized .. "' instead"
		end
		return true
	end
	err = checks.regex_error(value:sub(2))
	if err then
		return nil, ("invalid regex: '%s' (PCRE returned: %s)"):format(value:sub(2), err)
	end
	return true
end

-- What is before the first colon, and the host of //user@host:port.
local function split_url(value)
	local scheme, rest = value:match("^(%w[%w+.-]*):(.*)$")
	local authority = (rest or value):match("^//([^/]*)")
	if not authority then
		return scheme, nil
	end
	authority = authority:gsub("^[^@]*@", ""):gsub(":[^:%]]*$", "")
	return scheme, authority ~= "" and authority or nil
end

function validators.url(value)
	local scheme, host = split_url(value)
	if value == "" then
		return nil, "could not parse url. invalid url"
	elseif not host then
		return nil, "missing host in url"
	elseif not scheme then
		return nil, "missing scheme in url"
	end
	return true
end

function validators.name(value)
	if value:match("^[%w%.%-_~]+$") then
		return true
	end
	return nil, "invalid value '" .. value ..
		"': it must only contain alphanumeric and '., -, _, ~' characters"
end

local function utf8_string(value)
	local ok, index = string_tools.validate_utf8(value)
	if ok then
		return true
	end
	return nil, "invalid utf-8 character sequence detected at position " .. index
end

function validators.utf8_name(value)
	local ok, err = utf8_string(value)
	if ok and not value:match("^[%w%.%-_~\128-\244]+$") then
		return nil, "invalid value '" .. value ..
			"': the only accepted ascii characters are alphanumerics or ., -, _, and ~"
	end
	return ok, err
end

function validators.tag(value)
	local ok, err = utf8_string(value)
	if ok and not value:match("^[ \033-\043\045\046\048-\126\128-\244]+$") then
		return nil, "invalid tag '" .. value ..
			"': expected printable ascii (except `,` and `/`) or valid utf-8 sequences"
	end
	return ok, err
end

function validators.certificate(value)
	local err = checks.certificate_error(value)
	if err then
		return nil, "invalid certificate: " .. err
	end
	return true
end

-- A JWK, the third form of a key, is JSON; it is not looked into here.
function validators.key(value)
	local err = not value:find('^%s*{.*"kty"') and checks.key_error(value)
	if err then
		return nil, "invalid key: " .. err
	end
	return true
end

local function given(value)
	return value ~= nil and value ~= null and value or nil
end

function validators.key_pair(value)
	local public, private = given(value.public_key), given(value.private_key)
	if is_reference(public) or is_reference(private) then
		return true
	elseif public and checks.key_error(public, "public") then
		return false, "could not load public key"
	end
	local err = private and checks.key_error(private, "private")
	if err then
		return false, "could not load private key" .. err
	elseif public and private and not checks.is_pair(public, private) then
		return false, "public key does not match private key"
	end
	return true
end

function validators.lua_code(value)
	local ok, err = nil, "attempt to load chunk with wrong mode"
	if value:byte() ~= 27 then
		ok, err = loadstring(value)
	end
	if not ok then
		return false, "Error parsing function: " .. err
	end
	return true
end

return validators
