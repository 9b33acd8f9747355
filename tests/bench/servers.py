"""servers.py - the plugin servers that are compared: how each is started, and what it is called by.

A server is one process tree that listens on a Unix socket and has the plugin of the benchmark.
"""

import functools
import importlib.util
import os
import subprocess
import sys
import time

import started

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "lib"))

import remote_programs  # noqa: E402
START_SECONDS = 60
# The parts of the benchmark in which peers take part.
PEERS_PARTS = {"conversation", "connections", "http"}
# Options of ours. At its end nobody is there any more to answer events that are under way: it need not wait for them.
AT_ALL = ("--log-level", "error", "--drain-timeout", "0s")
# Plugins in programs of their own: language, plugin, file, arguments.
REMOTE = {
    "python": ("python", "bench-py", "plugins/python/bench-py.py", ()),
    "python-async": ("python", "bench-py", "plugins/python/bench-py.py", ("async",)),
    "javascript": ("javascript", "bench-js", "peers/js/bench-js.js", ()),
}


class Server(started.Started):
    """A running server: name, protocol, plugin, socket, pid."""

    def __init__(self, name, protocol, plugin, command, socket, poll=0.01):
        super().__init__(name)
        self.protocol, self.plugin = protocol, plugin
        self.socket = self.path(socket)
        self.start([word.replace("@PREFIX@", self.folder) for word in command])
        self._wait(poll)
        self.pid = self.process.pid

    def _wait(self, poll):
        end = time.monotonic() + START_SECONDS
        while not os.path.exists(self.socket):
            if self.has_ended() or time.monotonic() > end:
                raise SystemExit("bench: %s did not start:\n%s" % (self.name, self.log()))
            time.sleep(poll)

    def pin(self, cpu):
        """Keeps the server's processes on one processor, where there are more."""
        for pid in tree(self.pid):
            os.sched_setaffinity(pid, {cpu})


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
                   *AT_ALL, *options],
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
                   "--read-paths=default," + program.folder, "--protocol", "msgpack", *AT_ALL],
                  name + ".socket")


def kong_js_program(folder):
    """The server of the npm package kong-pdk that is installed in a folder."""
    return os.path.join(folder, "node_modules", ".bin", "kong-js-pluginserver")


def install_kong_js_pdk(folder):
    """Has npm do that, unless it is done."""
    if os.path.exists(kong_js_program(folder)):
        return
    started.say("npm installs kong-js-pdk in " + folder)
    run = started.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, "kong-pdk"],
                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if run.returncode:
        raise SystemExit("bench: npm did not install kong-js-pdk; --no-js goes without:\n" + run.stdout)


def kong_js_pdk(folder):
    """The npm package kong-pdk, installed in `folder`."""
    return Server("kong-js-pdk", "msgpack", "bench-js",
                  [kong_js_program(folder), "--kong-prefix", "@PREFIX@", "--plugins-directory",
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


def peers(options):
    """A function for each peer that takes part."""
    if options.js:
        yield functools.partial(kong_js_pdk, options.js)
    if options.python_pdk:
        yield functools.partial(kong_python_pdk, options.python_pdk)
    if options.go_pdk:
        yield functools.partial(go_pdk, options.go_pdk)
