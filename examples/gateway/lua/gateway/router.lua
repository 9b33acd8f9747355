-- router.lua - finds the route of a request: methods, hosts, headers and paths
-- (prefix, or regular expression after "~"), the more specific route first.

local uri = require "gateway.uri"

local function host_pattern(host)
	local pattern = host:lower():gsub("[%-%.%+%[%]%(%)%$%^%%%?]", "%%%0"):gsub("%*", ".*")
	return "^" .. pattern .. "$"
end

local function any(list, test)
	if not list or #list == 0 then
		return true
	end
	for _, item in ipairs(list) do
		if test(item) then
			return true
		end
	end
	return false
end

local function headers_match(wanted, headers)
	for name, values in pairs(wanted or {}) do
		local given = headers[name]
		given = type(given) == "table" and given or { given }
		local found = any(values, function(value)
			for _, have in ipairs(given) do
				if have:lower() == value:lower() then
					return true
				end
			end
		end)
		if not found or #given == 0 then
			return false
		end
	end
	return true
end

local function hosts_match(hosts, host)
	return any(hosts, function(wanted)
		return (host or ""):lower():match(host_pattern((wanted:gsub(":%d+$", "")))) ~= nil
	end)
end

-- One path of a route: what it matched, the rest, and a regex's captures.
local function match_path(path, request_path)
	if path:sub(1, 1) == "~" then
		local m = ngx.re.match(request_path, "^" .. path:sub(2), "jou")
		if m then
			return { matched = m[0], rest = request_path:sub(#m[0] + 1), captures = m, regex = true }
		end
	elseif request_path:sub(1, #path) == path then
		return { matched = path, rest = request_path:sub(#path + 1) }
	end
end

local function best_path(paths, request_path)
	if not paths or #paths == 0 then
		return { matched = "/", rest = request_path, none = true }
	end
	local best
	for _, path in ipairs(paths) do
		local found = match_path(path, request_path)
		if found and (not best or found.regex and not best.regex
			or found.regex == best.regex and #found.matched > #best.matched) then
			best = found
		end
	end
	return best
end

local function count_rules(route)
	local n = 0
	for _, field in ipairs({ "methods", "hosts", "headers", "paths" }) do
		if route[field] and next(route[field]) ~= nil then
			n = n + 1
		end
	end
	return n
end

-- The order among matching routes, most important first.
local function rank(route, path)
	local headers = 0
	for _ in pairs(route.headers or {}) do
		headers = headers + 1
	end
	return { count_rules(route), headers, path.regex and 1 or 0,
		path.regex and route.regex_priority or 0, path.none and 0 or #path.matched,
		-(route.created_at or 0) }
end

local function outranks(a, b)
	for i = 1, #a do
		if a[i] ~= b[i] then
			return a[i] > b[i]
		end
	end
	return false
end

local function match_route(route, request)
	local fits = any(route.methods, function(method)
		return method == request.method
	end)
	fits = fits and any(route.protocols, function(protocol)
		return protocol == "http" or protocol == "https"
	end)
	fits = fits and hosts_match(route.hosts, request.host)
	fits = fits and headers_match(route.headers, request.headers)
	return fits and best_path(route.paths, request.path) or nil
end

local function join(base, rest, request_path, strip)
	if not strip then
		rest = request_path
	end
	if rest == "" then
		local open = request_path:sub(-1) == "/" and #request_path > 1
		if base == "/" then
			return base
		end
		base = base:gsub("/$", "")
		return open and base .. "/" or base
	end
	if not strip and rest == "/" then
		return base
	end
	return base:gsub("/$", "") .. "/" .. rest:gsub("^/", "")
end

local function without_dots(rest)
	if rest == "." or rest == ".." then
		return ""
	end
	return (rest:gsub("^%.?%./", ""))
end

-- The route for the current request: { route, service, prefix, captures,
-- upstream_uri, preserve_host }, or nil.
local function find(entities, request)
	request.path = uri.normalize(request.path)
	local best, best_rank, best_found
	for _, route in ipairs(entities.routes) do
		local found = match_route(route, request)
		local found_rank = found and rank(route, found)
		if found and (not best or outranks(found_rank, best_rank)) then
			best, best_rank, best_found = route, found_rank, found
		end
	end
	if not best then
		return nil
	end
	local service = best.service and entities.by_id.services[best.service.id]
	local base = service and service.path or "/"
	local strip = best.strip_path and not best_found.none
	return {
		route = best, service = service, captures = best_found.captures,
		prefix = strip and best_found.matched or nil,
		upstream_uri = join(base, without_dots(best_found.rest), request.path, strip),
	}
end

return { find = find }
