-- process.lua - starts the plugin servers that have a start command, from worker
-- 0, as children of it; logs their output; starts them again, at most once a
-- second, when they end; sends SIGTERM when the worker leaves.
--
-- The real gateway has ngx.pipe for this, which Debian's nginx lacks. Here the C
-- library starts the process; its output and its life are polled.

local ffi = require "ffi"
local raw_log = require("ngx.errlog").raw_log

ffi.cdef [[
typedef struct { char opaque[512]; } gateway_spawn_opaque;
int pipe2(int fds[2], int flags);
int close(int fd);
long read(int fd, void *buffer, size_t size);
int kill(int pid, int signal);
int posix_spawn(int *pid, const char *path, const gateway_spawn_opaque *actions,
	const gateway_spawn_opaque *attributes, const char *const argv[], char *const envp[]);
int posix_spawn_file_actions_init(gateway_spawn_opaque *actions);
int posix_spawn_file_actions_destroy(gateway_spawn_opaque *actions);
int posix_spawn_file_actions_adddup2(gateway_spawn_opaque *actions, int fd, int new_fd);
int posix_spawn_file_actions_addopen(gateway_spawn_opaque *actions, int fd, const char *path,
	int flags, unsigned mode);
int posix_spawn_file_actions_addclosefrom_np(gateway_spawn_opaque *actions, int from);
int posix_spawnattr_init(gateway_spawn_opaque *attributes);
int posix_spawnattr_destroy(gateway_spawn_opaque *attributes);
int posix_spawnattr_setflags(gateway_spawn_opaque *attributes, short flags);
int posix_spawnattr_setsigmask(gateway_spawn_opaque *attributes, const void *mask);
int posix_spawnattr_setsigdefault(gateway_spawn_opaque *attributes, const void *mask);
int sigemptyset(void *mask);
int sigfillset(void *mask);
]]

local C = ffi.C
local O_NONBLOCK, O_CLOEXEC = 0x800, 0x80000
local SPAWN_SETSIGDEF, SPAWN_SETSIGMASK = 0x04, 0x08
local SIGTERM = 15
local RESPAWN_SECONDS = 1
local CHUNK = 4096

local servers = {}

local function spawn_attributes()
	local attributes = ffi.new("gateway_spawn_opaque")
	local mask = ffi.new("char[128]")
	C.posix_spawnattr_init(attributes)
	C.posix_spawnattr_setflags(attributes, SPAWN_SETSIGDEF + SPAWN_SETSIGMASK)
	C.sigemptyset(mask)
	C.posix_spawnattr_setsigmask(attributes, mask)
	C.sigfillset(mask)
	C.posix_spawnattr_setsigdefault(attributes, mask)
	return attributes
end

-- Standard output and error go to `out`; no other descriptor is inherited.
local function spawn_actions(out)
	local actions = ffi.new("gateway_spawn_opaque")
	C.posix_spawn_file_actions_init(actions)
	C.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 0, 0)
	C.posix_spawn_file_actions_adddup2(actions, out, 1)
	C.posix_spawn_file_actions_adddup2(actions, out, 2)
	C.posix_spawn_file_actions_addclosefrom_np(actions, 3)
	return actions
end

-- A process id and the descriptor to read its output from; or nil and an error.
local function spawn(command)
	local fds = ffi.new("int[2]")
	if C.pipe2(fds, O_CLOEXEC) ~= 0 then
		return nil, "no pipe"
	end
	local actions, attributes = spawn_actions(fds[1]), spawn_attributes()
	local pid = ffi.new("int[1]")
	local argv = ffi.new("const char *[4]", { "/bin/sh", "-c", "exec " .. command })
	local failed = C.posix_spawn(pid, "/bin/sh", actions, attributes, argv, C.environ)
	C.posix_spawn_file_actions_destroy(actions)
	C.posix_spawnattr_destroy(attributes)
	C.close(fds[1])
	if failed ~= 0 then
		C.close(fds[0])
		return nil, "cannot start /bin/sh"
	end
	return pid[0], fds[0]
end

ffi.cdef [[ int fcntl(int fd, int command, ...); ]]

local function read_available(server)
	local n = C.read(server.output, server.buffer, CHUNK)
	while n > 0 do
		server.partial = server.partial .. ffi.string(server.buffer, n)
		n = C.read(server.output, server.buffer, CHUNK)
	end
end

local function log_lines(server, all)
	local prefix = ("[%s:%d] "):format(server.name, server.pid)
	server.partial = server.partial:gsub("([^\n]*)\n", function(line)
		if line ~= "" then
			raw_log(ngx.INFO, prefix .. line)
		end
		return ""
	end)
	if all and server.partial ~= "" then
		raw_log(ngx.INFO, prefix .. server.partial)
		server.partial = ""
	end
end

-- nginx's own SIGCHLD handler takes the exit status, so only the end is seen here.
local function is_alive(pid)
	return C.kill(pid, 0) == 0
end

local function start(server)
	ngx.log(ngx.NOTICE, "[kong] [pluginserver] starting pluginserver process for ", server.name)
	local pid, output = spawn(server.start_command)
	if not pid then
		ngx.log(ngx.ERR, "[kong] [pluginserver] ", output)
		return
	end
	local F_SETFL = 4
	C.fcntl(output, F_SETFL, ffi.cast("int", O_NONBLOCK))
	server.pid, server.output, server.partial = pid, output, ""
	server.buffer = server.buffer or ffi.new("char[?]", CHUNK)
	ngx.log(ngx.NOTICE, "[kong] [pluginserver] started, pid ", pid)
end

local function watch(server, poll)
	while server.pid and not ngx.worker.exiting() do
		read_available(server)
		log_lines(server, false)
		if not is_alive(server.pid) then
			break
		end
		ngx.sleep(poll)
	end
	if server.pid and not ngx.worker.exiting() then
		read_available(server)
		log_lines(server, true)
		C.close(server.output)
		ngx.log(ngx.NOTICE, "[kong] external pluginserver '", server.name, "' terminated")
		server.pid = nil
	end
end

local function keep_running(premature, server, poll)
	local next_start = 0
	while not premature and not ngx.worker.exiting() do
		if ngx.now() < next_start then
			-- nginx counts in milliseconds; less would be no sleep at all.
			ngx.sleep(math.max(0.001, math.min(poll, next_start - ngx.now())))
		else
			next_start = ngx.now() + RESPAWN_SECONDS
			start(server)
			watch(server, poll)
		end
	end
end

local function start_all(settings)
	if ngx.worker.id() ~= 0 or settings.role == "control_plane" then
		return
	end
	servers = settings.pluginservers
	for _, server in ipairs(servers) do
		if server.start_command then
			ngx.timer.at(0, keep_running, server, settings.pluginserver_poll or 0.05)
		end
	end
end

local function stop_all()
	for _, server in ipairs(servers) do
		if server.pid then
			C.kill(server.pid, SIGTERM)
			ngx.log(ngx.NOTICE, "[kong] [pluginserver] successfully stopped pluginserver '",
				server.name, "', pid ", server.pid)
		end
	end
end

return { start_all = start_all, stop_all = stop_all }
