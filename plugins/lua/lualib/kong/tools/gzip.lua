-- kong.tools.gzip: text or nil and an error.

local gzip = require "outrigger.c.gzip"

return { deflate_gzip = gzip.deflate, inflate_gzip = gzip.inflate }
