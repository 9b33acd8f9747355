-- kong.tools.cjson: JSON with arrays that stay arrays.

local cjson = require("cjson.safe").new()

cjson.decode_array_with_array_mt(true)
cjson.encode_sparse_array(nil, nil, 2 ^ 15)
cjson.encode_number_precision(require("kong.constants").CJSON_MAX_PRECISION)

return { encode = cjson.encode, decode_with_array_mt = cjson.decode, array_mt = cjson.array_mt }
