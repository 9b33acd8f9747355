-- cjson.safe: nil and an error where cjson raises, with the settings that the gateway has made for all.

local cjson = require "cjson"

local new

local function guard(fn)
	return function(...)
		local ok, value = pcall(fn, ...)
		if not ok then
			return nil, (tostring(value):gsub("^.-:%d+: ", ""))
		end
		return value
	end
end

new = function()
	local safe = cjson.new()
	safe._NAME, safe.new = "cjson.safe", new
	safe.encode, safe.decode = guard(safe.encode), guard(safe.decode)
	return safe
end

local shared = new()
shared.encode_sparse_array(nil, nil, 2 ^ 15)
shared.encode_number_precision(16)

return shared
