-- kong.tools.ip: IP addresses, ranges and host names.

local ip = {}

-- The four numbers of an IPv4 address; zeros in front are no fault here.
local function octets(address)
	local parts = { address:match("^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$") }
	for i = 1, #parts do
		parts[i] = tonumber(parts[i])
		if parts[i] > 255 then
			return nil
		end
	end
	return #parts == 4 and parts or nil
end

-- The same without zeros in front.
local function plain_octets(address)
	local parts = octets(address)
	return parts and table.concat(parts, ".") == address and parts or nil
end

-- The groups of one side of an IPv6 address, each padded to four digits; nil when one is bad.
local function groups(text)
	local list = {}
	if text == "" then
		return list
	end
	for group in (text .. ":"):gmatch("(.-):") do
		if not group:match("^%x%x?%x?%x?$") then
			return nil
		end
		list[#list + 1] = ("0"):rep(4 - #group) .. group:lower()
	end
	return list
end

-- An IPv4 tail becomes two groups.
local function without_ipv4_tail(address)
	local head, tail = address:match("^(.*:)(%d+%.%d+%.%d+%.%d+)$")
	local parts = tail and plain_octets(tail)
	if not tail then
		return address
	elseif not parts then
		return nil
	end
	return ("%s%x:%x"):format(head, parts[1] * 256 + parts[2], parts[3] * 256 + parts[4])
end

-- All eight groups of an IPv6 address, or nil; :: stands for `least` groups of zeros or more.
local function expand(address, least)
	local left, right = address:match("^(.-)::(.*)$")
	local list, rest = groups(left or address), groups(right or "")
	local missing = list and rest and 8 - #list - #rest
	if not missing or left and missing < least or not left and missing ~= 0 then
		return nil
	end
	for _ = 1, missing do
		list[#list + 1] = "0000"
	end
	for _, group in ipairs(rest) do
		list[#list + 1] = group
	end
	return list
end

local function port_number(text)
	local port = tonumber(text)
	return port and port <= 65535 and port or nil
end

function ip.is_valid_ipv4(value)
	return type(value) == "string" and plain_octets(value) ~= nil
end

-- Brackets around it are no fault.
function ip.is_valid_ipv6(value)
	if type(value) ~= "string" then
		return false
	end
	local address = without_ipv4_tail(value:match("^%[(.*)%]$") or value)
	return address ~= nil and address ~= "" and expand(address, 1) ~= nil
end

function ip.is_valid_ip(value)
	return ip.is_valid_ipv4(value) or ip.is_valid_ipv6(value)
end

local function is_valid_cidr(value, is_valid_address, bits)
	if type(value) ~= "string" then
		return false
	end
	local address, prefix = value:match("^(.+)/(%d+)$")
	return address ~= nil and tostring(tonumber(prefix)) == prefix and tonumber(prefix) <= bits
		and is_valid_address(address)
end

function ip.is_valid_cidr_v4(value)
	return is_valid_cidr(value, ip.is_valid_ipv4, 32)
end

function ip.is_valid_cidr_v6(value)
	return is_valid_cidr(value, ip.is_valid_ipv6, 128)
end

function ip.is_valid_cidr(value)
	return ip.is_valid_cidr_v4(value) or ip.is_valid_cidr_v6(value)
end

function ip.is_valid_ip_or_cidr_v4(value)
	return ip.is_valid_ipv4(value) or ip.is_valid_cidr_v4(value)
end

function ip.is_valid_ip_or_cidr_v6(value)
	return ip.is_valid_ipv6(value) or ip.is_valid_cidr_v6(value)
end

function ip.is_valid_ip_or_cidr(value)
	return ip.is_valid_ip(value) or ip.is_valid_cidr(value)
end

-- "ipv4", "ipv6" or "name", by exclusion and not by validation.
function ip.hostname_type(value)
	local rest, colons = value:gsub(":", "")
	if colons > 1 then
		return "ipv6"
	end
	return rest:match("^[%d%.]+$") and "ipv4" or "name"
end

-- Address and port (or nil); nil and a text for a bad one.
function ip.normalize_ipv4(address)
	local host, port = address:match("^([^:]*):(%d+)$")
	local parts = octets(host or address)
	if not parts then
		return nil, "invalid ipv4 address: " .. address
	elseif port and not port_number(port) then
		return nil, "invalid port number"
	end
	return table.concat(parts, "."), port_number(port)
end

-- Takes ipv6, [ipv6] and [ipv6]:port; the result is expanded and has no brackets.
function ip.normalize_ipv6(address)
	local host, rest = address:match("^%[(.*)%](.*)$")
	local port = rest and rest:match("^:(%d+)$")
	if rest and rest ~= "" and not port then
		return nil, "invalid ipv6 address"
	elseif port and not port_number(port) then
		return nil, "invalid port number"
	end
	-- a single colon at an end stands for a group of zeros
	local list = expand((host or address):gsub("^:", "0:"):gsub(":$", ":0"), 0)
	if not list then
		return nil, "invalid ipv6 address: " .. address
	end
	return table.concat(list, ":"), port_number(port)
end

-- Segments may not be empty (but for the last) nor end with a dash.
local function is_hostname(name)
	return name:match("^[%w%-%._]+$") ~= nil and not name:find("..", 1, true)
		and name:sub(1, 1) ~= "." and not name:find("-.", 1, true) and name:sub(-1) ~= "-"
end

function ip.check_hostname(address)
	local name, port = address:match("^(.*):(%d+)$")
	if port and not port_number(port) then
		return nil, "invalid port number"
	elseif not is_hostname(name or address) then
		return nil, "invalid hostname: " .. address
	end
	return name or address, port_number(port)
end

local NORMALIZE = { ipv4 = "normalize_ipv4", ipv6 = "normalize_ipv6", name = "check_hostname" }

-- {type, host, port or nil}; nil and a text for a bad one. Names are not changed.
function ip.normalize_ip(address)
	local kind = ip.hostname_type(address)
	local host, port = ip[NORMALIZE[kind]](address)
	if not host then
		return nil, port
	end
	return { type = kind, host = host, port = port }
end

return ip
