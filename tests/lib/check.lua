-- Counts checks of a Lua test and ends it: "ok N", or an error after a line for each failure.

local check = { count = 0, failed = 0 }

local function show(value)
	return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

local function report(ok, text)
	check.count = check.count + 1
	if not ok then
		check.failed = check.failed + 1
		io.stderr:write("not ok: ", text, "\n")
	end
	return ok
end

function check.equal(actual, expected, what)
	return report(actual == expected,
		("%s: got %s, expected %s"):format(what, show(actual), show(expected)))
end

function check.truthy(value, what)
	return report(value, ("%s: got %s"):format(what, show(value)))
end

-- `text` contains `part`, literally.
function check.contains(text, part, what)
	return report(type(text) == "string" and text:find(part, 1, true) ~= nil,
		("%s: %s does not contain %s"):format(what, show(text), show(part)))
end

-- `call` raises an error whose text contains `part`.
function check.raises(call, part, what)
	local ok, err = pcall(call)
	return report(not ok and tostring(err):find(part, 1, true) ~= nil,
		("%s: raised %s, expected %s"):format(what, ok and "nothing" or show(err), show(part)))
end

function check.finish()
	if check.failed > 0 or check.count == 0 then
		error(("%d of %d checks failed"):format(check.failed, check.count), 0)
	end
	print("ok " .. check.count)
end

return check
