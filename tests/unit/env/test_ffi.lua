-- What the gateway's modules declare for ffi.C is declared here too.

local check = require "check"

local P = { PRIORITY = 1, VERSION = "1.0.0" }

local function writes_and_reads(ffi)
	local name = os.tmpname()
	local fd = ffi.C.open(name, 1) -- O_WRONLY
	check.truthy(fd >= 0, "a file is opened")
	check.equal(ffi.C.write(fd, "text", 4), 4, "written")
	check.equal(ffi.C.close(fd), 0, "closed")
	local buffer = ffi.new("char[8]")
	fd = ffi.C.open(name, 0)
	check.equal(tonumber(ffi.C.read(fd, buffer, 8)), 4, "read")
	check.equal(ffi.string(buffer, 4), "text", "what was written")
	ffi.C.close(fd)
	os.remove(name)
	check.equal(ffi.C.open(name, 0), -1, "no such file")
	check.equal(ffi.string(ffi.C.strerror(ffi.errno())), "No such file or directory", "strerror")
end

function P:access()
	local has_ffi, ffi = pcall(require, "ffi")
	check.equal(has_ffi, rawget(_G, "jit") ~= nil, "ffi is there with LuaJIT")
	if has_ffi then
		writes_and_reads(ffi)
		ffi.cdef "int close(int fd);"
		check.equal(ffi.C.close(-1), -1, "a plugin may declare them again")
	end
	check.finish()
end

return P
