-- Certificates and keys in confs: they are read by OpenSSL, and the errors are those of the gateway's library.

local check = require "check"

local PRIVATE = [[
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIG4Br+volEdTGB5yiEAazqWptyDOZD5HvggREbLsqCuooAoGCCqGSM49
AwEHoUQDQgAEsQcU1VHPaPMMnptw9qVKos9K2d8CpUHtu8w1jlX2dEQZu6kshTK0
0jycgnO9avpzK1VEqgKPBCVMsYenFTSZnQ==
-----END EC PRIVATE KEY-----
]]
local PUBLIC = [[
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsQcU1VHPaPMMnptw9qVKos9K2d8C
pUHtu8w1jlX2dEQZu6kshTK00jycgnO9avpzK1VEqgKPBCVMsYenFTSZnQ==
-----END PUBLIC KEY-----
]]
local OTHER_PUBLIC = [[
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEm4DbKKntSZ3I3E39Mr4/JL4VnyYf
i415kMg1aREAN2GlUci4iIAULrI3r8X3xRG1jEu/9EMqUi8NbqnjajEDhQ==
-----END PUBLIC KEY-----
]]
local CERTIFICATE = [[
-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUYOUlxc7dm1yf7MvxOc/zR50yFKQwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjExNjA1MzdaGA8yMTI2MTAyODE2MDUz
N1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLEH
FNVRz2jzDJ6bcPalSqLPStnfAqVB7bvMNY5V9nREGbupLIUytNI8nIJzvWr6cytV
RKoCjwQlTLGHpxU0mZ2jUzBRMB0GA1UdDgQWBBRwCNGDRxC2/+8t1uBFLcEHmDOP
wDAfBgNVHSMEGDAWgBRwCNGDRxC2/+8t1uBFLcEHmDOPwDAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCU1+HSekKINdTRNnuzvnCMncyt7Feq3qqK
l9GYTgr0FwIhAII2nKmel2qwRCFpqZ2WLn3Y8JV+PUeFSoXAPo0k+srS
-----END CERTIFICATE-----
]]

local function refused(validate, value, text, what)
	local ok, err = validate(value)
	check.truthy(not ok, what .. " is refused")
	check.equal(err:sub(1, #text), text, what)
end

local function certificates(typedefs)
	local validate = typedefs.certificate.custom_validator
	check.equal(validate(CERTIFICATE), true, "a certificate")
	refused(validate, "x", "invalid certificate: x509.new: error:", "nonsense")
	refused(validate, PRIVATE, "invalid certificate: x509.new: error:", "a key")
	refused(validate, CERTIFICATE:sub(1, 200), "invalid certificate: x509.new: error:", "half of one")
end

local function keys(typedefs)
	local validate = typedefs.key.custom_validator
	check.equal(validate(PRIVATE), true, "a private key")
	check.equal(validate(PUBLIC), true, "a public key")
	check.equal(validate('{"kty":"EC"}'), true, "a JWK is left to the gateway")
	refused(validate, "x", "invalid key: pkey.new:load_key: error:", "nonsense")
	refused(validate, CERTIFICATE, "invalid key: pkey.new:load_key: error:", "a certificate")
end

local function pairs_of_keys(typedefs)
	local validate = typedefs.pem.custom_validator
	check.equal(validate({ private_key = PRIVATE, public_key = PUBLIC }), true, "a pair")
	check.equal(validate({ private_key = PRIVATE, public_key = ngx.null }), true, "one alone")
	check.equal(validate({ private_key = "{vault://env/a}", public_key = "x" }), true, "a reference")
	refused(validate, { private_key = PRIVATE, public_key = OTHER_PUBLIC },
		"public key does not match private key", "no pair")
	refused(validate, { public_key = PRIVATE }, "could not load public key", "a private key as a public one")
	refused(validate, { private_key = PUBLIC }, "could not load private keypkey.new:load_key: error:",
		"a public key as a private one")
end

local P = { PRIORITY = 1, VERSION = "1.0.0" }

function P:access()
	local typedefs = require "kong.db.schema.typedefs"
	certificates(typedefs)
	keys(typedefs)
	pairs_of_keys(typedefs)
	check.finish()
end

return P
