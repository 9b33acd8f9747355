-- resty.sha1

return require "outrigger.digest" "SHA1"
