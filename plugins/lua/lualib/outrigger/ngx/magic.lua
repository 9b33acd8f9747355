-- The fields of ngx that are functions underneath: ngx.ctx, ngx.status, ngx.headers_sent, ...
--
-- ngx.magic(name, get, set) makes one; it is there while the table is built.

local getters, setters = {}, {}

return function(ngx)
	setmetatable(ngx, {
		__index = function(_, name)
			local get = getters[name]
			if get then
				return get()
			end
		end,
		__newindex = function(t, name, value)
			local set = setters[name]
			if set then
				set(value)
			else
				rawset(t, name, value)
			end
		end,
	})

	function ngx.magic(name, get, set)
		getters[name] = get
		setters[name] = set
	end
end
