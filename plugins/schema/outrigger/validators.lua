-- The validator functions of the typedefs, with the gateway's texts.

local ip_tools = require "kong.tools.ip"
local string_tools = require "kong.tools.string"

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
		return true
	end
	local _, _, regex_err = ngx.re.find("", value:sub(2), "aj")
	if regex_err then
		return nil, ("invalid regex: '%s' (PCRE returned: %s)"):format(value:sub(2), regex_err)
	end
	return true
end

function validators.url(value)
	local scheme, authority = value:match("^(%a[%w+.-]*):"), value:match("//([^/?#]*)")
	local host = authority and authority:gsub("^.*@", ""):gsub(":%d*$", "") or ""
	if host == "" then
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

-- Certificates and keys are parsed by the gateway alone: no crypto library is at hand here.
function validators.left_to_the_gateway()
	return true
end

return validators
