-- resty.sha224

return require "outrigger.digest" "SHA224"
