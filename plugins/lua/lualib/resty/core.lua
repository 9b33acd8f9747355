-- resty.core: all of it is here already.

return { version = "0.1.28" }
