"""servers.py - the plugin servers that are compared: how each is started, and what it is called by.

A server is one process tree that listens on a Unix socket and has the plugin of the benchmark.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "lib"))

import remote_programs  # noqa: E402
START_SECONDS = 60
# Plugins in programs of their own: language, plugin, file, arguments.
REMOTE = {
    "python": ("python", "bench-py", "plugins/python/bench-py.py", ()),
    "python-async": ("python", "bench-py", "plugins/python/bench-py.py", ("async",)),
    "javascript": ("javascript", "bench-js", "peers/js/bench-js.js", ()),
}


class Server:
    """A running server: name, protocol, plugin, socket, pid."""

    def __init__(self, name, protocol, plugin, command, socket, environment=None, poll=0.01):
        self.name, self.protocol, self.plugin = name, protocol, plugin
        self.prefix = tempfile.mkdtemp(prefix="outrigger-bench-")
        self.socket = os.path.join(self.prefix, socket)
        words = [word.replace("@PREFIX@", self.prefix) for word in command]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, env=environment,
                                        stdout=subprocess.DEVNULL, stderr=self._log())
        self._wait(poll)
        self.pid = self.process.pid

    def _log(self):
        return open(os.path.join(self.prefix, "stderr"), "wb")

    def _wait(self, poll):
        end = time.monotonic() + START_SECONDS
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > end:
                with open(os.path.join(self.prefix, "stderr"), encoding="utf-8",
                          errors="replace") as log:
                    raise SystemExit("bench: %s did not start:\n%s" % (self.name, log.read()))
            time.sleep(poll)

    def pin(self, cpu):
        """Keeps the server's processes on one processor, where there are more."""
        for pid in tree(self.pid):
            os.sched_setaffinity(pid, {cpu})

    def end(self):
        """Ends it, and waits for that."""
        self.process.terminate()
        try:
            self.process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """Ends it, and its folder."""
        self.end()
        shutil.rmtree(self.prefix, ignore_errors=True)


def tree(pid):
    """A process and those below it; their threads too."""
    found = [int(name) for name in os.listdir("/proc/%d/task" % pid)]
    for thread in list(found):
        try:
            with open("/proc/%d/task/%d/children" % (pid, thread), encoding="ascii") as children:
                for child in children.read().split():
                    found += tree(int(child))
        except FileNotFoundError:
            pass
    return found


def limit(build, protocol):
    """The server that only answers prepared bytes."""
    return Server("limit-" + protocol, protocol, "bench",
                  [os.path.join(build, "tests", "bench", "limit"), "--socket", "@PREFIX@/socket"],
                  "socket")


def outrigger(build, language, protocol, *options, under=(), poll=0.01):
    """Ours, as it is by default: a supervisor and a worker. `under` is a program that runs it."""
    plugin = {"lua": "bench", "c": "bench_c"}[language]
    folder = {"lua": os.path.join(HERE, "plugins", "lua"),
              "c": os.path.join(build, "tests", "native")}[language]
    return Server("outrigger-%s-%s" % (language, protocol), protocol, plugin,
                  [*under, os.path.join(build, "outrigger"), "serve", "--prefix", "@PREFIX@",
                   "--plugins-dir", folder, "--plugin", plugin, "--protocol", protocol,
                   "--log-level", "error", *options],
                  plugin + ".socket", poll=poll)


def missing_for(language):
    """What a plugin in that language needs and is not there; None where all is."""
    if language == "javascript":
        return None if os.path.isdir(remote_programs.NODE_MODULES) else "npm packages (./dev setup installs them)"
    return None if importlib.util.find_spec("zmq") else "python3-zmq"


def outrigger_remote(build, language):
    """Ours, with the plugin in a program of its own."""
    kind, name, path, words = REMOTE[language]
    program = remote_programs.Program(kind, name, os.path.join(HERE, path))
    return Server("outrigger-" + language, "msgpack", name,
                  [os.path.join(build, "outrigger"), "serve", "--prefix", "@PREFIX@", "--plugin", name,
                   "--plugin-%s-exec=%s" % (name, " ".join([program.exec(), *words])),
                   "--read-paths=default," + program.folder, "--protocol", "msgpack", "--log-level", "error"],
                  name + ".socket")


def kong_js_pdk(folder):
    """The npm package kong-pdk, installed in `folder`."""
    program = os.path.join(folder, "node_modules", ".bin", "kong-js-pluginserver")
    if not os.path.exists(program):
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, "kong-pdk"],
                       check=True, stdout=subprocess.DEVNULL)
    return Server("kong-js-pdk", "msgpack", "bench-js",
                  [program, "--kong-prefix", "@PREFIX@", "--plugins-directory",
                   os.path.join(HERE, "peers", "js")], "js_pluginserver.sock")


def kong_python_pdk(program):
    """The program kong-python-pluginserver, wherever the user has it."""
    return Server("kong-python-pdk", "msgpack", "bench-py",
                  [program, "--kong-prefix", "@PREFIX@", "-g", "--plugins-directory",
                   os.path.join(HERE, "peers", "python")], "python_pluginserver.sock")


def go_pdk(program):
    """The user's build of peers/go/main.go."""
    name = os.path.basename(program)
    return Server("go-pdk", "protobuf", name, [program, "-kong-prefix", "@PREFIX@"],
                  name + ".socket")
