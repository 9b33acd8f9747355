-- The value that stands for JSON null in schemas and confs: ngx.null, which is cjson.null too.

local ngx = rawget(_G, "ngx")
if ngx and ngx.null ~= nil then
	return ngx.null
end
return require("cjson").null
