-- phases.lua - in which phase a request is, and which a PDK function allows.

local bits = {
	init_worker = 0x00000001, certificate = 0x00000002, client_hello = 0x00000008,
	rewrite = 0x00000010, access = 0x00000020, balancer = 0x00000040, response = 0x00000080,
	cluster_listener = 0x00000100, header_filter = 0x00000200, body_filter = 0x00000400,
	log = 0x00002000, preread = 0x00004000, error = 0x01000000, admin_api = 0x10000000,
}

local names = {}
for name, value in pairs(bits) do
	names[value] = name
end

local function names_of(mask)
	local list = {}
	local value = 1
	for _ = 1, 30 do
		if bit.band(mask, value) ~= 0 and names[value] then
			list[#list + 1] = names[value]
		end
		value = bit.lshift(value, 1)
	end
	return table.concat(list, ", ")
end

local function mask_of(...)
	local mask = 0
	for _, name in ipairs({ ... }) do
		mask = bit.bor(mask, bits[name])
	end
	return mask
end

-- Raises unless the current phase is in the mask.
local function check(mask)
	local current = ngx.ctx.KONG_PHASE
	if not current then
		error(("no phase in ngx.ctx.KONG_PHASE, (need one of %s)"):format(names_of(mask)), 3)
	end
	if bit.band(current, mask) == 0 then
		error(("function cannot be called in %s phase (only in: %s)"):format(
			names[current] or "'unknown phase'", names_of(mask)), 3)
	end
end

-- Raises if the current phase is in the mask.
local function check_not(mask)
	local current = ngx.ctx.KONG_PHASE
	if not current then
		error("no phase in ngx.ctx.KONG_PHASE")
	end
	if bit.band(current, mask) ~= 0 then
		error(("function cannot be called in %s phase (can be called in any phases except: %s)")
			:format(names[current] or "'unknown phase'", names_of(mask)))
	end
end

return {
	bits = bits,
	mask_of = mask_of,
	check = check,
	check_not = check_not,
	request = mask_of("rewrite", "access", "balancer", "response", "header_filter",
		"body_filter", "log", "error", "admin_api", "cluster_listener"),
	-- After the route is known.
	routed = mask_of("access", "header_filter", "response", "body_filter", "log"),
}
