-- resty.sha256

return require "outrigger.digest" "SHA256"
