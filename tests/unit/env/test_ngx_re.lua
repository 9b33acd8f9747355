-- ngx.re: what nginx can't be asked about in the conformance test, since it differs by PCRE version.

local check = require "check"

local P = { PRIORITY = 1, VERSION = "1.0.0" }

function P:access()
	local found, err = ngx.re.match("a", "(a")
	check.equal(found, nil, "a broken pattern")
	check.equal(err, 'pcre2_compile() failed: missing closing parenthesis in "(a"', "a broken pattern")
	local _, _, find_err = ngx.re.find("a", "(a", "jo")
	check.equal(find_err, err, "a broken pattern, found")
	_, _, err = ngx.re.gsub("a", "(a", "b")
	check.equal(err, find_err, "a broken pattern, replaced")

	_, err = ngx.re.match("a\255b", "b", "u")
	check.contains(err, "pcre_exec() failed: -", "bytes that are no UTF-8")
	check.equal(ngx.re.match("a\255b", "b", "U")[0], "b", "and not looked at")

	-- Far more patterns than are kept.
	for i = 1, 5000 do
		check.equal(ngx.re.find("x" .. i .. "y", "^x" .. i .. "y$", "jo"), 1, "pattern " .. i)
	end

	-- A replacement that itself replaces, by the same pattern.
	local text = ngx.re.gsub("abc", "[a-c]", function(m)
		return m[0] .. ngx.re.gsub("cab", "[a-c]", function(n)
			return n[0]:upper()
		end, "jo")
	end, "jo")
	check.equal(text, "aCABbCABcCAB", "nested")
	check.finish()
end

return P
