-- The functions of libc that the gateway's own modules have declared before any plugin runs. Plugins (file-log among
-- the bundled ones) call them by ffi.C without a declaration of theirs.

local open_ffi = package.preload.ffi
if not open_ffi then
	return -- PUC Lua
end

package.preload.ffi = function(...)
	local ffi = open_ffi(...)
	ffi.cdef [[
	int open(const char * filename, int flags, ...);
	size_t read(int fd, void *buf, size_t count);
	int write(int fd, const void *ptr, int numbytes);
	int close(int fd);
	char *strerror(int errnum);
	int gethostname(char *name, size_t len);
	]]
	return ffi
end
