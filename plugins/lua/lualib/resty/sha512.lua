-- resty.sha512

return require "outrigger.digest" "SHA512"
