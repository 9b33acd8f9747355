-- resty.core.base: what doesn't need nginx.

return { version = "0.1.28", new_tab = require "table.new", clear_tab = require "table.clear" }
