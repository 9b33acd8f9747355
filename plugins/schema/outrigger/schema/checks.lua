-- Checks for which a library is needed: regular expressions, certificates, keys.
--
-- Regular expressions are those of ngx.re. Certificates and keys are read by outrigger.pem, which is
-- written in C. Where one of them is missing, what it would look at passes.

local has_pem, pem = pcall(require, "outrigger.pem")

local checks = {}

local function find(text, pattern, flags)
	local ngx = rawget(_G, "ngx")
	if ngx and ngx.re then
		return ngx.re.find(text, pattern, flags)
	end
	return 1
end

-- Why a text is no PCRE; nil when it is one.
function checks.regex_error(pattern)
	local _, _, err = find("", pattern, "aj")
	return err
end

-- Whether a PCRE matches somewhere in a text.
function checks.regex_matches(text, pattern)
	return find(text, pattern, "jo") ~= nil
end

local function no_error() end

-- Why a text is no certificate (PEM or DER).
checks.certificate_error = has_pem and pem.certificate_error or no_error

-- Why a text is no key; the kind is "public" or "private" (PEM), or nil for either (PEM or DER).
checks.key_error = has_pem and pem.key_error or no_error

-- Whether a public and a private key (PEM) belong together.
checks.is_pair = has_pem and pem.is_pair or function()
	return true
end

return checks
