-- kong.pdk.private.rate_limiting: headers that several plugins set, kept in the request's context until one of them
-- puts them into the response.

local rate_limiting = {}

local KEY = "__rate_limiting_context__"

local function check(value, kinds, what, fn)
	if not kinds[type(value)] then
		error(("arg #%d `%s` for function `%s` must be a %s, got %s"):format(what == "key" and 2 or 3, what, fn,
			what == "key" and "string" or "string or a number", type(value)), 3)
	end
end

function rate_limiting.store_response_header(ctx, name, value)
	check(name, { string = true }, "key", "store_response_header")
	check(value, { string = true, number = true }, "value", "store_response_header")
	local kept = ctx[KEY]
	if kept then
		kept[name] = value
	else
		ctx[KEY] = { [name] = value }
	end
end

function rate_limiting.get_stored_response_header(ctx, name)
	check(name, { string = true }, "key", "get_stored_response_header")
	local kept = ctx[KEY]
	return kept and kept[name]
end

function rate_limiting.apply_response_headers(ctx)
	local texts = {}
	for name, value in pairs(ctx[KEY] or {}) do
		texts[name] = tostring(value)
	end
	if next(texts) ~= nil then
		kong.response.set_headers(texts)
	end
end

return rate_limiting
