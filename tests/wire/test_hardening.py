"""Plugin code that tries to get at what is not its own: each attempt fails, and succeeds where the setting that
stops it is off, so that it is known to be an attempt."""
import ctypes
import errno
import json
import os
import select
import signal
import socket
import subprocess
import unittest
import unittest.mock

import lib
from nobody import needs_nobody

# Runs the Lua code of its conf, and answers with what that returns.
RUN = """
function P:access(conf)
    local ok, result = pcall(assert(loadstring(conf.word)))
    return kong.response.exit(200, tostring(result))
end
"""
SECRET = "OUTRIGGER_TEST_SECRET"
READ = """
local file, err = io.open("%s", "rb")
if not file then return err end
return file:read("*a")
"""
READ_MEMORY = """
local parent = tostring(io.open("/proc/self/stat"):read("*a")):match("%) %S (%d+)")
local file, err = io.open("/proc/" .. parent .. "/mem", "rb")
return file and "open" or err
"""
NOBODY = 65534


def worker_pids(server):
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
            if lib.stat_field(pid, 1) == str(server.process.pid) and lib.stat_field(pid, 0) not in "ZX"]


class HardeningTest(lib.WireTest):
    def write_plugin(self, folder, plugin, code):
        os.makedirs(os.path.join(folder, plugin))
        for name, text in (("handler", "local P = { PRIORITY = 1, VERSION = '1' }\n%s\nreturn P\n" % code),
                           ("schema", lib.SCHEMA % plugin)):
            with open(os.path.join(folder, plugin, name + ".lua"), "w", encoding="utf-8") as file:
                file.write(text)

    def serve_runner(self, environment=None, neighbour=None, popen=None, **settings):
        """`neighbour`: code of a plugin n beside it."""
        folder = os.path.join(self.temp_dir(), "plugins")
        self.write_plugin(folder, "p", RUN)
        if neighbour is not None:
            self.write_plugin(folder, "n", neighbour)
        os.chmod(os.path.dirname(folder), 0o755)
        plugins = ("p",) if neighbour is None else ("p", "n")
        server = lib.Server(*plugins, plugins_dir=folder, start=False, **settings)
        self.addCleanup(self.end, server)
        server.start(env={**os.environ, SECRET: "s3cret", "KEPT_A": "a", **(environment or {})}, cwd="/", **(popen or {}))
        server.wait_ready()
        return server

    def run_lua(self, server, code):
        gateway = self.connect(server)
        *self.said, last = gateway.play(gateway.start_instance("p", json.dumps({"word": code})), lambda *_: None)
        self.assertEqual(last[0], "kong.response.exit")
        return last[1][1]


class Environment(HardeningTest):
    def test_plugins_see_no_variables_but_known_ones(self):
        server = self.serve_runner()
        self.assertEqual(self.run_lua(server, "return os.getenv('%s')" % SECRET), "nil")
        self.assertNotEqual(self.run_lua(server, "return os.getenv('PATH')"), "nil")
        own = self.run_lua(server, READ % "/proc/self/environ")
        self.assertNotIn("s3cret", own)
        self.assertNotIn("KEPT_A", own)

    def test_named_variables_are_kept(self):
        server = self.serve_runner(keep_environment="KEPT_*, OTHER", environment={"OTHERS": "x"})
        self.assertEqual(self.run_lua(server, "return os.getenv('KEPT_A')"), "a")
        self.assertEqual(self.run_lua(server, "return os.getenv('OTHERS')"), "nil")


class EnvironmentOfCommands(HardeningTest):
    """They load plugins in the process that got the whole environment."""
    def load(self, *arguments):
        folder = os.path.join(self.temp_dir(), "plugins")
        os.makedirs(os.path.join(folder, "p"))
        code = ("local file = io.open('/proc/self/environ', 'rb')\n"
                "error('seen: ' .. file:read('*a'):gsub('%z', ' '):sub(1, 400) .. ' ' .. tostring(os.getenv('" + SECRET + "')))\n")
        with open(os.path.join(folder, "p", "handler.lua"), "w", encoding="utf-8") as file:
            file.write(code)
        with open(os.path.join(folder, "p", "schema.lua"), "w", encoding="utf-8") as file:
            file.write(lib.SCHEMA % "p")
        result = subprocess.run([lib.BINARY, *arguments, "--plugins-dir", folder, "--plugin", "p"],
                                env={SECRET: "s3cret", "KEPT_A": "a", "TZ": "UTC"}, timeout=lib.PATIENCE,
                                check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(result.returncode, 1, result.stdout)
        return result.stdout

    def test_plugins_find_no_more_of_it_than_in_a_worker(self):
        for arguments in (["check"], ["dump"], ["export", "p", "--to", self.temp_dir()]):
            seen = self.load(*arguments, "--keep-environment", "KEPT_*")
            self.assertRegex(seen, "seen: .*KEPT_A=a", arguments)
            self.assertIn("TZ=UTC", seen, arguments)
            self.assertNotIn("s3cret", seen, arguments)
            self.assertNotIn(SECRET, seen, arguments)


class Rights(HardeningTest):
    def status(self, server, key):
        text = self.run_lua(server, READ % "/proc/self/status")
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)[key]

    def test_no_program_gives_more_rights(self):
        self.assertEqual(self.status(self.serve_runner(), "NoNewPrivs"), "1")
        self.assertEqual(self.status(self.serve_runner(no_new_privs="off"), "NoNewPrivs"), "0")

    @unittest.skipUnless(os.getuid() == 0, "only root has rights to lose")
    def test_root_without_capabilities_reads_no_memory_of_the_supervisor(self):
        server = self.serve_runner(no_new_privs="off", landlock="off")
        self.assertEqual(self.run_lua(server, READ_MEMORY), "open")
        self.assertIn("Permission denied", self.run_lua(self.serve_runner(landlock="off"), READ_MEMORY))

    @unittest.skipUnless(os.getuid() == 0, "only root has rights to lose")
    def test_root_keeps_no_right_but_to_open_files_and_ports(self):
        kept = 1 << 1 | 1 << 10  # CAP_DAC_OVERRIDE, CAP_NET_BIND_SERVICE
        self.assertEqual(int(self.status(self.serve_runner(), "CapEff"), 16) & ~kept, 0)

    def test_no_cores_are_left(self):
        server = self.serve_runner()
        self.assertRegex(self.run_lua(server, READ % "/proc/self/limits"),
                         r"Max core file size +0 +0 ")


LANDLOCK_CREATE_RULESET = 444  # on every architecture


def landlock_version():
    return ctypes.CDLL(None, use_errno=True).syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)


def hide_landlock():
    """In a process that is about to run another program: the kernel has no Landlock for it."""
    class Instruction(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]

    class Program(ctypes.Structure):
        _fields_ = [("n", ctypes.c_ushort), ("first", ctypes.POINTER(Instruction))]
    load, unless, answer, allow, error = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000
    code = (Instruction * 4)((load, 0, 0, 0), (unless, 0, 1, LANDLOCK_CREATE_RULESET),
                             (answer, 0, 0, error | errno.ENOSYS), (answer, 0, 0, allow))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privs, seccomp, mode_filter = 38, 22, 2
    if (libc.prctl(no_new_privs, 1, 0, 0, 0) != 0 or
            libc.prctl(seccomp, mode_filter, ctypes.byref(Program(4, code)), 0, 0) != 0):
        raise OSError(ctypes.get_errno(), "no filter")


# Each tries to get at the file or folder of its name, and answers "done" or an error.
TRIES = {
    "read": "io.open('%(file)s', 'rb')",
    "dots": "io.open('%(ours)s/../../%(file)s', 'rb')",
    "link": "io.open('%(ours)s/link', 'rb')",
    "write": "io.open('%(file)s', 'r+b')",
    "truncate": "io.open('%(file)s', 'wb')",
    "make": "io.open('%(folder)s/new', 'wb')",
    "remove": "os.remove('%(file)s')",
    "rename": "os.rename('%(file)s', '%(ours)s/theirs')",
    "replace": "os.rename('%(ours)s/mine', '%(file)s')",
}


class Files(HardeningTest):
    def setUp(self):
        self.folder, self.ours = self.temp_dir(), self.temp_dir()
        for folder in (self.folder, self.ours):
            os.chmod(folder, 0o777)
        self.file = os.path.join(self.folder, "file")
        for path in (self.file, os.path.join(self.ours, "mine")):
            with open(path, "w", encoding="utf-8") as file:
                file.write("secret")
            os.chmod(path, 0o666)
        os.symlink(self.file, os.path.join(self.ours, "link"))

    def serve_bound(self, **settings):
        return self.serve_runner(write_paths=self.ours, **settings)

    def attempt(self, server, name):
        code = TRIES[name] % {"file": self.file, "folder": self.folder, "ours": self.ours}
        return self.run_lua(server, "local ok, err = %s return ok and 'done' or err" % code)

    @unittest.skipUnless(landlock_version() > 0, "the kernel has no Landlock")
    def test_nothing_but_the_given_places_can_be_read_or_written(self):
        server = self.serve_bound()
        for name in TRIES:
            self.assertRegex(self.attempt(server, name), "Permission denied|Invalid cross-device link", name)
        with open(self.file, encoding="utf-8") as file:
            self.assertEqual(file.read(), "secret")

    def test_without_that_they_could(self):
        server = self.serve_bound(landlock="off")
        for name in TRIES:
            if name not in ("remove", "rename", "truncate"):  # they would leave nothing to the others
                self.assertEqual(self.attempt(server, name), "done", name)

    def test_given_places_can_be_written_and_read(self):
        server = self.serve_bound(read_paths=self.file)
        self.assertEqual(self.run_lua(server, READ % self.file), "secret")
        code = """local name = '%s/new'
            local file = assert(io.open(name, 'wb')) file:write('text') file:close()
            assert(os.rename(name, name .. '2'))
            local text = io.open(name .. '2'):read('*a')
            assert(os.remove(name .. '2'))
            return text""" % self.ours
        self.assertEqual(self.run_lua(server, code), "text")

    @unittest.skipUnless(landlock_version() > 0, "the kernel has no Landlock")
    def test_readable_is_not_writable(self):
        server = self.serve_bound(read_paths=self.folder)
        self.assertEqual(self.attempt(server, "read"), "done")
        for name in ("write", "truncate", "make", "remove", "rename"):
            self.assertRegex(self.attempt(server, name), "Permission denied|Invalid cross-device link", name)

    @unittest.skipUnless(landlock_version() > 0, "the kernel has no Landlock")
    def test_no_place_at_all_leaves_plugins_their_code(self):
        server = self.serve_runner(write_paths="off", read_paths="off")
        self.assertIn("Permission denied", self.attempt(server, "read"))
        self.assertIn("Permission denied", self.run_lua(server, READ % "/etc/passwd"))
        self.assertEqual(self.run_lua(server, "return 'served'"), "served")

    @unittest.skipUnless(landlock_version() > 0, "the kernel has no Landlock")
    def test_other_processes_are_hidden_even_where_rights_are_kept(self):
        server = self.serve_runner(no_new_privs="off", core_dumps="on")
        self.assertIn("Permission denied", self.run_lua(server, READ_MEMORY))

    @unittest.skipUnless(landlock_version() > 0, "the kernel has no Landlock")
    def test_by_default_plugins_have_temporary_files_and_logs_and_nothing_of_the_gateway(self):
        server = self.serve_runner()
        self.assertEqual(self.attempt(server, "write"), "done")  # below /tmp
        self.assertEqual(self.run_lua(server, "local f = assert(io.tmpfile()) f:write('x') return 'done'"), "done")
        self.assertNotIn("denied", self.run_lua(server, READ % "/etc/hosts"))
        for path in ("/dev/shm/new", "/dev/zero"):  # memory that nobody counts
            self.assertIn("Permission denied", self.run_lua(server, "return select(2, io.open('%s', 'w'))" % path))
        for path in ("/boot", "/srv", "/var/lib"):
            self.assertIn("Permission denied", self.run_lua(server, READ % path), path)
        self.assertIn("Permission denied", self.run_lua(server, "return select(2, io.open('/etc/new', 'w'))"))

    def test_the_default_can_be_added_to(self):
        server = self.serve_bound(read_paths="default, " + self.folder)
        self.assertEqual(self.attempt(server, "read"), "done")
        self.assertNotIn("denied", self.run_lua(server, READ % "/etc/hosts"))

    def test_only_whole_paths_can_be_given(self):
        with self.assertRaisesRegex(AssertionError, 'read_paths: "data" is no path from the root on'):
            self.serve_runner(read_paths="default, data")

    def test_a_kernel_that_cannot_is_said_once_and_all_else_holds(self):
        server = self.serve_bound(popen={"preexec_fn": hide_landlock})
        self.assertEqual(server.log().count("binds no process to folders (Landlock)"), 1)
        self.assertEqual(self.attempt(server, "read"), "done")

    # Who opens for reading (O_TRUNC, 512), or for nothing (3), empties as well.
    TRUNCATE = """local ffi = require("ffi")
        pcall(ffi.cdef, "int truncate(const char *, long); int open(const char *, int, ...);")
        local name, said = "%s", {}
        for _, result in ipairs({ ffi.C.truncate(name, 0), ffi.C.open(name, 512), ffi.C.open(name, 512 + 3) }) do
            said[#said + 1] = result < 0 and "refused" or "done"
        end
        return table.concat(said, " ")"""

    def serve_with_old_landlock(self, **settings):
        old = {"LD_PRELOAD": os.path.join(SystemCalls.NATIVE, "old_landlock.so"),
               "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}
        return self.serve_bound(environment=old, read_paths="default, " + self.file, **settings)

    @unittest.skipUnless(lib.HAS_FFI, "PUC Lua calls no C functions")
    @unittest.skipUnless(landlock_version() > 0, "the kernel has no Landlock")
    def test_what_a_kernel_can_do_is_not_said_to_lack(self):
        server = self.serve_bound(read_paths="default, " + self.file)
        if landlock_version() >= 6:
            self.assertNotIn("Landlock", server.log())
        self.assertNotIn("done", self.run_lua(server, self.TRUNCATE % self.file))

    @unittest.skipUnless(lib.HAS_FFI, "PUC Lua calls no C functions")
    @unittest.skipUnless(landlock_version() > 0, "the kernel has no Landlock")
    def test_a_landlock_that_knows_no_truncating_has_the_filter_in_its_place(self):
        server = self.serve_with_old_landlock()
        self.assertEqual(server.log().count("doesn't know truncating: plugin code may truncate no files"), 1)
        self.assertEqual(self.run_lua(server, self.TRUNCATE % self.file), "refused refused refused")
        self.assertEqual(os.path.getsize(self.file), len("secret"))
        self.assertEqual(self.run_lua(server, "return io.open('%s/mine', 'w') and 'done'" % self.ours), "done")

    @unittest.skipUnless(lib.HAS_FFI, "PUC Lua calls no C functions")
    @unittest.skipUnless(landlock_version() > 0, "the kernel has no Landlock")
    def test_without_the_filter_it_is_said_that_nothing_stands_in(self):
        server = self.serve_with_old_landlock(seccomp="off")
        self.assertEqual(server.log().count("no filter of system calls stands in"), 1)
        self.assertIn("done", self.run_lua(server, self.TRUNCATE % self.file))

    def test_the_commands_write_where_they_were_told_to(self):
        folder = os.path.join(self.folder, "plugins")
        self.write_plugin(folder, "p", "io.open('%s/found', 'w')" % self.folder)
        for arguments in (["dump", "--output", self.ours], ["export", "p", "--to", self.ours + "/new/folder"]):
            subprocess.run([lib.BINARY, *arguments, "--plugins-dir", folder, "--plugin", "p", "--prefix", self.ours,
                            "--write-paths", "off"], check=True, timeout=lib.PATIENCE, stdout=subprocess.DEVNULL)
        self.assertTrue(os.path.exists(self.ours + "/p.json"))
        self.assertTrue(os.path.exists(self.ours + "/new/folder/kong/plugins/p/schema.lua"))
        if landlock_version() > 0:
            self.assertFalse(os.path.exists(self.folder + "/found"))


class Log(HardeningTest):
    """Whoever can put something in the log's place has the supervisor open it, with its rights."""

    def setUp(self):
        self.folder = self.temp_dir()
        self.path = os.path.join(self.folder, "log")
        self.target = os.path.join(self.temp_dir(), "target")

    def serve_logging(self, **settings):
        folder = os.path.join(self.temp_dir(), "plugins")
        self.write_plugin(folder, "p", RUN)
        server = lib.Server("p", plugins_dir=folder, start=False, log=self.path, **settings)
        self.addCleanup(self.end, server)
        server.start(cwd="/")
        self.wait_text(self.path, "is served on")
        lib.wait_until(lambda: os.path.exists(server.path()), "the socket")
        return server

    def wait_text(self, path, text):
        lib.wait_until(lambda: os.path.exists(path) and text in self.read(path), "%r in %s" % (text, path))

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    @unittest.skipUnless(landlock_version() > 0, "the kernel has no Landlock")
    def test_plugins_have_neither_its_folder_nor_the_prefix_s_logs(self):
        server = self.serve_logging(write_paths="/var/tmp")
        os.mkdir(os.path.join(server.prefix, "logs"))
        for code in ("io.open('%s', 'a')" % self.path, "os.remove('%s')" % self.path,
                     "io.open('%s/new', 'w')" % self.folder, "io.open('%s/logs/new', 'w')" % server.prefix):
            self.assertIn("Permission denied", self.run_lua(server, "return select(2, %s)" % code), code)

    @unittest.skipUnless(landlock_version() > 0, "the kernel has no Landlock")
    def test_by_default_no_service_s_logs_are_a_place_of_plugins(self):
        server = self.serve_runner()
        self.assertIn("Permission denied", self.run_lua(server, "return select(2, io.open('/var/log/new', 'w'))"))

    def check_rotation(self, put, why):
        server = self.serve_logging()
        old = self.path + ".1"
        os.rename(self.path, old)
        put()
        server.signal(signal.SIGUSR1)
        self.wait_text(old, "can't open the log %s anew: %s" % (self.path, why))
        self.assertEqual(self.run_lua(server, "return 'served'"), "served")
        os.remove(self.path)
        server.signal(signal.SIGUSR1)
        lib.wait_until(lambda: os.path.exists(self.path), "a log, when it can be opened again")

    def test_a_log_where_plugins_may_write_is_warned_of_once(self):
        link = os.path.join(self.temp_dir(), "link")
        os.symlink(self.folder, link)
        warning = "lies where plugin code may write"
        for places in (self.folder, "default", link):
            self.serve_logging(write_paths=places)
            self.assertEqual(self.read(self.path).count(warning), 1)
            os.remove(self.path)
        for places in ("/var/tmp", self.folder + "/below", self.folder + "x"):
            self.serve_logging(write_paths=places)
            self.assertNotIn(warning, self.read(self.path))
            os.remove(self.path)

    def test_a_link_in_its_place_is_not_followed(self):
        self.check_rotation(lambda: os.symlink(self.target, self.path), "it is a link")
        self.assertFalse(os.path.exists(self.target))

    def test_a_pipe_in_its_place_stops_nobody(self):
        self.check_rotation(lambda: os.mkfifo(self.path), "it is neither a file nor a device")

    def test_nor_is_a_link_followed_at_the_start(self):
        os.symlink(self.target, self.path)
        with self.assertRaisesRegex(AssertionError, "it is a link, which is followed to our stdout and stderr only"):
            self.serve_runner(log=self.path)
        self.assertFalse(os.path.exists(self.target))

    def test_links_to_the_own_standard_streams_are_followed(self):
        os.symlink("/dev/stderr", self.path)
        for path in ("/dev/stderr", self.path):
            server = self.serve_runner(log=path)
            server.signal(signal.SIGUSR1)
            self.assertEqual(self.run_lua(server, "kong.log.err('said') return 'served'"), "served")
            server.wait_log("is served on")
            self.assertNotIn("can't", server.log())


# Prints whether who listens at that path answers a call as a gateway's.
CALL = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(30)
try:
    s.connect(sys.argv[1])
    s.sendall(b"\\x94\\x00\\x01\\xb0plugin.GetStatus\\x90")
    answer = s.recv(4096)
except OSError as error:
    answer = str(error).encode()
open(sys.argv[2] + "~", "wb").write(b"answered" if len(answer) > 1 else b"refused")
import os
os.rename(sys.argv[2] + "~", sys.argv[2])
"""


class OtherPlugins(HardeningTest):
    """A plugin that plays the gateway to another one could run it with any conf, on anybody's request."""

    def setUp(self):
        self.server = self.serve_runner(neighbour="", plugin_p_allow="fork, exec")
        self.script = os.path.join(self.temp_dir(), "call.py")
        os.chmod(os.path.dirname(self.script), 0o777)
        self.outcome = self.script + ".outcome"
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(CALL)

    def read_said(self):
        lib.wait_until(lambda: os.path.exists(self.outcome), "the end of the call")
        with open(self.outcome, encoding="utf-8") as file:
            return file.read()

    def command(self, plugin):
        return "/usr/bin/python3 %s %s %s" % (self.script, self.server.path(plugin), self.outcome)

    def test_the_test_s_own_call_is_answered(self):
        subprocess.run(self.command("n").split(), check=True, timeout=lib.PATIENCE)
        self.assertEqual(self.read_said(), "answered")

    def test_a_worker_is_no_client(self):
        server = self.serve("native_escape", "wire-do", c_plugin_path=SystemCalls.NATIVE, seccomp="off")
        gateway = self.connect(server)
        conf = json.dumps({"socket": server.path("wire-do")})
        answer = gateway.event(gateway.start_instance("native_escape", conf))["Data"]["Args"][1]
        self.assertIn("gateway=ECONNREFUSED ", answer)
        server.wait_log("a process that runs plugin code is refused")

    def test_a_program_that_it_starts_is_none(self):
        self.run_lua(self.server, "io.popen('%s'):read('*a')" % self.command("n"))
        self.assertEqual(self.read_said(), "refused")

    def test_nor_is_one_whose_parents_are_gone(self):
        self.run_lua(self.server, "os.execute('(setsid %s &) &')" % self.command("n"))
        self.assertEqual(self.read_said(), "refused")

    def test_nor_is_one_when_no_supervisor_is_there(self):
        gateway = self.connect(self.server, "p")
        instance = gateway.start_instance("p", json.dumps({"word": "os.execute('(setsid %s &) &')" % self.command("n")}))
        workers = worker_pids(self.server)
        with self.connect(self.server, "n") as other:
            other.call("plugin.GetStatus")
            os.kill(self.server.process.pid, signal.SIGKILL)
            self.server.process.wait(lib.PATIENCE)
            gateway.event(instance)
            self.assertEqual(self.read_said(), "refused")
            for pid in workers:
                os.kill(pid, signal.SIGKILL)


class Memory(HardeningTest):
    ROOM = 256 << 20
    SLOW = {"stall_timeout": "20s", "event_timeout": "25s"}  # to fill memory takes its time

    def setUp(self):
        """AddressSanitizer keeps what was freed, which is no memory of the plugin's."""
        super().setUp()
        options = os.environ.get("ASAN_OPTIONS", "")
        small = "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
        patch = unittest.mock.patch.dict(os.environ, ASAN_OPTIONS=":".join(filter(None, (options, small))))
        patch.start()
        self.addCleanup(patch.stop)

    def worker(self, server):
        pids = worker_pids(server)
        return pids[0] if len(pids) == 1 else None

    @staticmethod
    def used_by(pid):
        with open("/proc/%d/statm" % pid, encoding="ascii") as file:
            fields = file.read().split()
        return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGESIZE")

    def used(self, server):
        return self.used_by(lib.wait_until(lambda: self.worker(server), "a worker"))

    def take(self, share):
        """Code that takes that share of the room, and keeps it."""
        return """taken = {}
            for i = 1, %d do taken[i] = ("x"):rep(1024 * 1024 - i) end
            return 'done'""" % (self.ROOM * share / (1 << 20))

    def take_and_stay(self, share):
        """The same in an event that waits for an answer: its worker does not drain before it is looked at."""
        return self.take(share).replace("return 'done'", "kong.request.get_header('x')")

    def serve_limited(self, key):
        before = self.serve_runner()
        base = self.used(before)
        before.stop()
        return self.serve_runner(**{key: base + self.ROOM}, **self.SLOW)

    def test_who_takes_more_than_the_limit_is_killed_and_followed(self):
        for key in ("worker_memory_max", "memory_max"):
            server = self.serve_limited(key)
            with self.connect(server) as gateway:
                gateway.event(gateway.start_instance("p", json.dumps({"word": self.take_and_stay(1.5)})))
            server.wait_log("is killed: it has ")
            server.wait_log(key)
            self.assertEqual(self.run_lua(server, "return taken"), "nil")

    SHARE = """local ffi = require("ffi")
        pcall(ffi.cdef, "void *mmap(void *, size_t, int, int, int, long); void *memset(void *, int, size_t);")
        local size, both = %d, 1 + 2
        shared = ffi.C.mmap(nil, size, both, 0x21, -1, 0)  -- MAP_SHARED, MAP_ANONYMOUS
        ffi.C.memset(shared, 1, size)
        kong.request.get_header("x")"""

    @unittest.skipUnless(lib.HAS_FFI, "PUC Lua calls no C functions")
    @unittest.skipUnless(os.uname().machine in ("x86_64", "aarch64"), "flags have other values")
    def test_memory_that_may_be_shared_counts_too(self):
        for settings in ({"plugin_p_allow": "shared_memory"}, {"seccomp": "off"}):
            server = self.serve_runner(worker_memory_max=2 * self.ROOM, **self.SLOW, **settings)
            with self.connect(server) as gateway:
                code = self.SHARE % (3 * self.ROOM)
                gateway.event(gateway.start_instance("p", json.dumps({"word": code})))
            server.wait_log("is killed: it has ")
            self.assertEqual(self.run_lua(server, "return shared"), "nil")

    def test_one_that_needs_much_from_its_start_on_does_not_pay_for_one_that_leaks(self):
        large = self.take(1) + "\n" + RUN
        before = self.serve_runner(neighbour=large.replace("return 'done'", ""))
        base = sum(self.used_by(pid) for pid in worker_pids(before))
        before.stop()
        server = self.serve_runner(neighbour=large.replace("return 'done'", ""), memory_max=base + self.ROOM // 4,
                                   **self.SLOW)
        with self.connect(server) as gateway:
            gateway.event(gateway.start_instance("p", json.dumps({"word": self.take_and_stay(0.5)})))
        server.wait_log("is killed: it has ")
        server.wait_log(" of p is killed")
        self.assertNotIn(" of n is killed", server.log())

    def test_who_comes_near_it_is_replaced_without_a_loss(self):
        for key in ("worker_memory_max", "memory_max"):
            server = self.serve_limited(key)
            gateway = self.connect(server)
            instance = gateway.start_instance("p", json.dumps({"word": self.take(0.82)}))
            other = gateway.start_instance("p", '{"word":"return tostring(taken)"}')
            old = self.worker(server)
            self.assertEqual(gateway.event(instance)["Data"]["Args"][1], "done")
            server.wait_log("gets a successor")
            lib.wait_until(lambda: self.worker(server) not in (old, None), "the old worker's end")
            self.assertEqual(gateway.event(other)["Data"]["Args"][1], "nil")
            self.assertNotIn("is killed", server.log())


class Quotas(HardeningTest):
    FILL = """local file = assert(io.open('%s', 'wb'))
        local piece, n = ('x'):rep(1048576), 0
        for i = 1, 20 do
            local ok, err = file:write(piece)
            if not ok then file:close() return err end
        end
        return file:close() and 'full'"""
    OPEN = """local files, failure = {}, 'all'
        for i = 1, 500 do
            local file, err = io.open('/dev/null')
            if not file then failure = err break end
            files[i] = file
        end
        for _, file in ipairs(files) do file:close() end
        return failure"""
    # Each piece is short: no deadline and no stall ends it.
    SPIN = """local function spin()
            local start = os.clock()
            while os.clock() - start < 0.02 do end
            ngx.timer.at(0, spin)
        end
        spin()"""

    def test_a_file_cannot_grow_beyond_its_limit_and_who_tries_lives_on(self):
        code = self.FILL % os.path.join(self.temp_dir(), "large")
        self.assertEqual(self.run_lua(self.serve_runner(landlock="off"), code), "full")
        server = self.serve_runner(file_size_max="16m", landlock="off")
        (worker,) = worker_pids(server)
        self.assertIn("File too large", self.run_lua(server, code))
        self.assertEqual(self.run_lua(server, "return 'served'"), "served")
        self.assertEqual(worker_pids(server), [worker])

    def test_only_so_many_files_can_be_open(self):
        self.assertEqual(self.run_lua(self.serve_runner(), self.OPEN), "all")
        server = self.serve_runner(worker_files_max=128)
        self.assertIn("Too many open files", self.run_lua(server, self.OPEN))
        self.assertEqual(self.run_lua(server, "return 'served'"), "served")

    def test_who_uses_more_of_a_processor_than_allowed_is_killed_and_followed(self):
        server = self.serve_runner(worker_cpu_max=5, neighbour="")
        neighbour, worker = sorted(worker_pids(server), key=lambda pid: b"p/0" in self.arguments(pid))
        self.run_lua(server, self.SPIN)
        server.wait_log("worker %d of p is killed: it has used " % worker)
        lib.wait_until(lambda: self.is_served(server), "a worker that follows")
        self.assertIn(neighbour, worker_pids(server))

    def is_served(self, server):
        """Who asks for an instance while its worker is being started gets an error after some seconds."""
        try:
            return self.run_lua(server, "return 'served'") == "served"
        except lib.RpcError:
            return False

    @staticmethod
    def arguments(pid):
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return file.read()

    def test_limits_that_nobody_can_live_with_are_refused(self):
        for key in ("worker_files_max", "file_size_max"):
            option = "--" + key.replace("_", "-")
            with self.assertRaisesRegex(AssertionError, option + ': "10" is too little: it must be 0, or at least'):
                self.serve_runner(**{key: 10})


class SystemCalls(HardeningTest):
    NATIVE = os.path.join(os.environ.get("OUTRIGGER_BUILD_DIR") or os.path.dirname(lib.BINARY), "tests", "native")

    ATTRIBUTES = ("chmod", "fchmod", "fchmodat", "chown", "lchown", "fchown", "fchownat", "utimens", "futimens")
    SHARED = ("memfd", "segment", "shared_map")

    def escape(self, more=None, **settings):
        server = self.serve("native_escape", plugins_dir=self.NATIVE, **settings)
        gateway = self.connect(server)
        file = os.path.join(self.temp_dir(), "file")
        with open(file, "w", encoding="utf-8"):
            pass
        conf = json.dumps({"pid": str(server.process.pid), "file": file, **(more or {})})
        answer = gateway.event(gateway.start_instance("native_escape", conf))["Data"]
        self.assertEqual(answer["Method"], "kong.response.exit")
        return dict(word.split("=") for word in answer["Args"][1].split())

    def test_nothing_reaches_other_processes_or_the_machine(self):
        done = {name for name, word in self.escape().items() if word != "EPERM"}
        self.assertEqual(done, {"own_signal", "own_limit", "own_priority", "own_map", "inet", "unix"})

    def test_without_the_filter_it_would(self):
        words = self.escape(seccomp="off")
        done = {name for name, word in words.items() if word == "done"}
        self.assertGreaterEqual(done, {"fork", "kill", "tgkill", "owner", "inet", *self.ATTRIBUTES,
                                       *self.SHARED})
        self.assertEqual((words["io_group"], words["io_user"]), ("EINVAL", "EINVAL"))

    def test_what_is_allowed_by_name_works(self):
        words = self.escape(plugin_native_escape_allow="fork, signal")
        self.assertEqual([words[name] for name in ("fork", "kill", "tgkill", "owner")], ["done"] * 4)
        self.assertEqual(words["seize"], "EPERM")
        words = self.escape(plugin_native_escape_allow="attributes, shared_memory")
        self.assertEqual({words[name] for name in self.ATTRIBUTES + self.SHARED}, {"done"})
        self.assertEqual((words["fork"], words["priority_group"]), ("EPERM", "EPERM"))

    def test_a_plugin_without_network_has_unix_sockets_only(self):
        words = self.escape(plugin_native_escape_network="off")
        self.assertEqual((words["inet"], words["unix"]), ("EPERM", "done"))

    def escape_abstract(self, **settings):
        """What comes of connecting to somebody's socket without a file, and of making one."""
        name = "outrigger-" + os.path.basename(self.temp_dir())
        with socket.socket(socket.AF_UNIX) as others:
            others.bind("\0" + name)
            others.listen()
            words = self.escape({"abstract": name}, **settings)
            self.connected = bool(select.select([others], [], [], 0)[0])
        return words

    @unittest.skipUnless(landlock_version() >= 6, "the kernel's Landlock can't tell")
    def test_a_plugin_without_network_has_no_sockets_without_a_file(self):
        words = self.escape_abstract(plugin_native_escape_network="off")
        self.assertEqual((words["abstract"], words["abstract_bind"]), ("EPERM", "EPERM"))
        self.assertFalse(self.connected)
        self.assertEqual(words["autobind"], "done")  # what datagrams are answered to

    def test_one_with_network_has_them_as_it_has_ports(self):
        words = self.escape_abstract()
        self.assertEqual((words["abstract"], words["abstract_bind"]), ("done", "done"))
        self.assertTrue(self.connected)

    def test_a_network_that_cannot_be_taken_away_is_said_once(self):
        for settings, text in (({"landlock": "off"}, "leaves abstract Unix sockets, with landlock = off"),
                               ({"seccomp": "off"}, "network = off doesn't hold without a filter of system calls")):
            server = self.serve_runner(plugin_p_network="off", **settings)
            self.assertEqual(server.log().count(text), 1, server.log())
            self.assertNotIn("network", self.serve_runner(**settings).log())

    def test_lua_says_what_would_allow_programs(self):
        popen = "local file, err = io.popen('echo out') return file and file:read('*l') or err"
        server = self.serve_runner()
        self.assertIn("plugin_NAME_allow = fork, exec", self.run_lua(server, popen))
        self.assertEqual(self.run_lua(server, "return os.execute('true') == 0"), "false")
        self.assertIn("os.execute: no program was run", str(self.said))
        allowed = self.serve_runner(plugin_p_allow="fork,exec")
        self.assertEqual(self.run_lua(allowed, popen), "out")
        self.assertEqual(self.run_lua(allowed, "return os.execute('true')"), "0")

    def test_programs_get_none_of_the_descriptors_of_a_worker(self):
        server = self.serve_runner(plugin_p_allow="fork,exec")
        listing = "local f = io.popen('readlink /proc/self/fd/*') local s = f:read('*a') f:close() return s"
        for line in self.run_lua(server, listing).splitlines():
            self.assertNotRegex(line, "socket:|memfd:|eventpoll|[.]ids|[.]sock")

    def test_a_fork_bomb_makes_no_process(self):
        server = self.serve_runner()
        code = "local n = 0 for _ = 1, 1000 do if io.popen(':') then n = n + 1 end end return n"
        self.assertEqual(self.run_lua(server, code), "0")

    def test_only_known_things_can_be_allowed(self):
        with self.assertRaisesRegex(AssertionError, '"fly" is nothing that can be allowed'):
            self.serve_runner(plugin_p_allow="fork, fly")


@needs_nobody(lib.BINARY, lib.SOURCE)
class OtherUser(HardeningTest):
    def test_plugins_run_as_that_user_and_serve_as_ever(self):
        server = self.serve_runner(run_as_user="nobody")
        status = self.run_lua(server, READ % "/proc/self/status")
        self.assertRegex(status, r"Uid:(\t%d){4}\n" % NOBODY)
        self.assertRegex(status, r"CapEff:\t0+\n")
        self.assertNotIn("\t0", status.split("Groups:")[1].splitlines()[0])
        self.assertIn("Permission denied", self.run_lua(server, READ % "/etc/shadow"))
        self.assertIn("Permission denied", self.run_lua(server, READ_MEMORY))

    def test_its_worker_gets_ids_and_can_be_replaced(self):
        server = self.serve_runner(run_as_user="nobody")
        first = self.connect(server).start_instance("p", '{"word":"return 1"}')
        server.signal(signal.SIGHUP)
        server.wait_log("reload: done")
        second = self.connect(server).start_instance("p", '{"word":"return 2"}')
        self.assertGreater(second, first)
        self.assertEqual(self.run_lua(server, "return 3"), "3")

    def test_the_log_goes_on_in_a_new_file(self):
        log = os.path.join(self.temp_dir(), "log")
        server = lib.Server("wire-do", start=False, log=log, run_as_user="nobody", log_level="debug")
        self.addCleanup(self.end, server)
        server.start()
        self.wait_text(log, "is served on")
        os.rename(log, log + ".1")
        server.signal(signal.SIGUSR1)
        lib.wait_until(lambda: os.path.exists(log), "a new log")
        gateway = self.connect(server)
        gateway.event(gateway.start_instance("wire-do", '{"mode":"fail"}'))
        self.wait_text(log, "*")

    def wait_text(self, path, text):
        def found():
            if not os.path.exists(path):
                return False
            with open(path, encoding="utf-8") as file:
                return text in file.read()
        lib.wait_until(found, "%r in %s" % (text, path))

    def test_files_that_they_cannot_read_are_named(self):
        folder = os.path.join(self.temp_dir(), "plugins")
        os.makedirs(folder)
        os.chmod(folder, 0o700)
        for command in ("serve", "check", "dump"):
            result = self.run_outrigger(command, "--plugins-dir", folder, "--plugin", "p",
                                        "--run-as-user", "nobody")
            self.assertIn(result.returncode, (1, 2), result)
            self.assertIn("can't be read by the user nobody (run_as_user)", result.stdout + result.stderr)

    def test_only_root_can_do_that(self):
        result = self.run_outrigger("serve", "--plugins-dir", lib.FIXTURES, "--plugin", "wire-do",
                                    "--run-as-user", "root", user=NOBODY)
        self.assertIn(result.returncode, (1, 2), result)
        self.assertIn("only root can run plugins as somebody else", result.stderr)

    def test_unknown_users_and_groups_are_refused(self):
        for arguments, text in ((["--run-as-user", "nosuch"], "there is no user 'nosuch'"),
                                (["--run-as-user", "nobody", "--run-as-group", "nosuch"],
                                 "there is no group 'nosuch'"),
                                (["--run-as-group", "nogroup"], "run_as_group: it needs run_as_user"),
                                (["--run-as-user", "4242"], "set run_as_group")):
            result = self.run_outrigger("serve", "--plugins-dir", lib.FIXTURES, "--plugin", "wire-do", *arguments)
            self.assertIn(result.returncode, (1, 2), result)
            self.assertIn(text, result.stderr)

    def run_outrigger(self, command, *arguments, **options):
        prefix = self.temp_dir()
        os.chmod(prefix, 0o777)
        return subprocess.run([lib.BINARY, command, "--prefix", prefix, *arguments], timeout=lib.PATIENCE,
                              capture_output=True, text=True, check=False, **options)


if __name__ == "__main__":
    lib.main()
