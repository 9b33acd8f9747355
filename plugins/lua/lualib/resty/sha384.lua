-- resty.sha384

return require "outrigger.digest" "SHA384"
