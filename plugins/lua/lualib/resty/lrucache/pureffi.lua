-- resty.lrucache.pureffi: the same interface.

return require "resty.lrucache"
