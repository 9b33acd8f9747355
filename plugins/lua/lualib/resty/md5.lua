-- resty.md5

return require "outrigger.digest" "MD5"
