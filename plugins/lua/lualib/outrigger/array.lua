-- The metatable of empty arrays in confs: it tells [] from {} where a conf is encoded again.
-- cjson's own where this cjson has one.

local ok, cjson = pcall(require, "cjson")

return ok and type(cjson) == "table" and cjson.array_mt or { __jsontype = "array" }
