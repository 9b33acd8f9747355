"""lib.py - an outrigger of its own for each test, and a gateway played by the test.

Server runs the binary on sockets in a temporary folder; Gateway is one connection of the gateway.
Every wait has a deadline; none is a plain sleep.
"""
import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import msgpack

SOURCE = os.environ.get("OUTRIGGER_SOURCE_DIR") or os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.realpath(__file__))))
HAS_FFI = os.environ.get("OUTRIGGER_LUA", "luajit") == "luajit"
BINARY = os.environ.get("OUTRIGGER_BIN", os.path.join(SOURCE, "build", "dev", "outrigger"))
FIXTURES = os.path.join(SOURCE, "tests", "fixtures", "plugins")
SCHEMA = """return { name = "%s", fields = { { config = { type = "record", fields = {
    { word = { type = "string" } } } } } } }"""
PATIENCE = 30  # seconds until a test gives up
UNFINISHED = b"\x94"
EXIT_500 = {"Method": "kong.response.exit",
            "Args": [500, {"message": "An unexpected error occurred"}]}
EXIT_503 = {"Method": "kong.response.exit",
            "Args": [503, {"message": "An unexpected error occurred"}]}


def wait_until(condition, what):
    """Polls until condition() is true; returns its value."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise AssertionError("waited in vain for " + what)


def limit_descriptors(pid, more):
    """The process can open that many more files: numbers that are free now, below the limit."""
    used = {int(n) for n in os.listdir("/proc/%d/fd" % pid)}
    n = 0
    while n in used or more > 0:
        more -= n not in used
        n += 1
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (n, n))


def stat_field(pid, field):
    """As proc(5) counts them from the state on, from 0; None where the process is gone."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[field]
    except (FileNotFoundError, ProcessLookupError):
        return None


class RpcError(Exception):
    """The server answered with an error."""


class Gateway:
    """One connection, as the gateway has many: one call at a time, each with its answer."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)
        self.unpacker = msgpack.Unpacker(raw=False, strict_map_key=False,
                                         max_buffer_size=1 << 30, unicode_errors="surrogateescape")
        self.next_id = 0
        self.notices = []
        self.latest = b""  # the bytes that came last

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # bytes

    def send_bytes(self, data):
        self.socket.sendall(data)

    def read_to_end(self):
        """All bytes until the server closes, whether or not it has read all of ours."""
        data = self.unpacker.read_bytes(1 << 20)  # those that came with a message
        with contextlib.suppress(ConnectionResetError):
            while piece := self.socket.recv(65536):
                data += piece
        return data

    # messages

    def pack(self, method, *params, message_id=None):
        if message_id is None:
            self.next_id += 1
            message_id = self.next_id
        return message_id, msgpack.packb([0, message_id, method, list(params)],
                                         unicode_errors="surrogateescape")

    def read(self):
        """The next message, whatever it is."""
        while True:
            for message in self.unpacker:
                return message
            data = self.socket.recv(1 << 20)
            if not data:
                raise EOFError("the server has closed the connection")
            self.latest = data
            self.unpacker.feed(data)

    def read_answer(self, message_id):
        """The result of that call. Notices before it are kept in self.notices."""
        message = self.read()
        while message[0] == 2:
            self.notices.append(message)
            message = self.read()
        if message[0] != 1 or message[1] != message_id:
            raise AssertionError("call %d got the answer %r" % (message_id, message))
        if message[2] is not None:
            raise RpcError(message[2])
        return message[3]

    def start_call(self, method, *params, message_id=None):
        message_id, data = self.pack(method, *params, message_id=message_id)
        self.send_bytes(data)
        return message_id

    def call(self, method, *params, message_id=None):
        return self.read_answer(self.start_call(method, *params, message_id=message_id))

    # calls of the gateway

    def start_instance(self, name, config="{}"):
        return self.call("plugin.StartInstance", {"Name": name, "Config": config})["Id"]

    def close_instance(self, instance):
        return self.call("plugin.CloseInstance", instance)

    def event(self, instance, phase="access"):
        return self.call("plugin.HandleEvent", {"InstanceId": instance, "EventName": phase})

    def step(self, event_id, *data, kind=""):
        params = {"EventId": event_id}
        if data and data[0] is not None:
            params["Data"] = data[0]
        return self.call("plugin.Step" + kind, params)

    def play(self, instance, answers, phase="access"):
        """A whole event: answers(method, args) gives each step's data. Returns the calls that were made,
        the last being "ret" or a terminal call, which the gateway never answers."""
        result = self.event(instance, phase)
        event_id = result["EventId"]
        calls = []
        while result["Data"] != "ret":
            call = result["Data"]
            calls.append((call["Method"], call["Args"]))
            if call["Method"] in ("kong.response.exit", "kong.response.error"):
                return calls
            result = self.step(event_id, answers(call["Method"], call["Args"]))
        return calls + ["ret"]


class Server:
    """An outrigger that serves. `settings` are options: event_timeout="1s", single=True."""

    def __init__(self, *plugins, plugins_dir=FIXTURES, prefix=None, start=True, **settings):
        self.own_prefix = prefix is None
        self.prefix = prefix or tempfile.mkdtemp(prefix="outrigger-")
        self.plugins = plugins
        self.plugins_dir = plugins_dir
        self.settings = settings
        self.process = None
        self.log_lines = []
        if start:
            self.start()
            self.wait_ready()

    def command(self):
        command = [BINARY, "serve", "--prefix", self.prefix, "--plugins-dir", self.plugins_dir]
        for plugin in self.plugins:
            command += ["--plugin", plugin]
        for key, value in self.settings.items():
            command += ["--" + key.replace("_", "-")] + ([] if value is True else [str(value)])
        return command

    def start(self, **popen):
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        text=True, errors="replace", **popen)
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()

    def read_log(self):
        for line in self.process.stderr:
            self.log_lines.append(line.rstrip("\n"))

    def log(self):
        return "\n".join(self.log_lines)

    def wait_log(self, text):
        def found():
            self.check_alive(text)
            return text in self.log()
        return wait_until(found, "%r in the log:\n%s" % (text, self.log()))

    def check_alive(self, what):
        if self.process.poll() is not None:
            self.reader.join(PATIENCE)
            if what not in self.log():
                raise AssertionError("outrigger has ended (%d):\n%s" %
                                     (self.process.returncode, self.log()))

    def wait_ready(self):
        for plugin in self.plugins:
            self.wait_log(('"plugin":"%s","message":"version' if self.settings.get("log_format") == "json"
                          else "[%s] version") % plugin)

    def path(self, plugin=None):
        return self.settings.get("socket") or os.path.join(
            self.prefix, (plugin or self.plugins[0]) + ".socket")

    def connect(self, plugin=None):
        return Gateway(self.path(plugin))

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def kill(self):
        """The supervisor and its workers, at once, and waits for that."""
        pids = [int(n) for n in os.listdir("/proc") if n.isdigit() and
                stat_field(int(n), 1) == str(self.process.pid)]
        for pid in [self.process.pid] + pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.wait_end()

    def wait_end(self):
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code

    def stop(self):
        """Ends it if it runs; returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.signal()
        try:
            return self.wait_end()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.wait_end()
            raise AssertionError("outrigger did not leave:\n" + self.log()) from None
        finally:
            self.process.stderr.close()

    def remove(self):
        if self.own_prefix:
            shutil.rmtree(self.prefix, ignore_errors=True)


class WireTest(unittest.TestCase):
    """A test whose servers end with it, each without an error of the sanitizers."""

    maxDiff = None

    def serve_code(self, name="p", handler="", schema=None, files=None, **settings):
        """A server of one plugin whose handler is this Lua, with `P` for its table."""
        folder = os.path.join(self.temp_dir(), "plugins")
        texts = {"handler.lua": "local P = { PRIORITY = 1, VERSION = '1.0.0' }\n%s\nreturn P\n" % handler,
                 "schema.lua": schema or SCHEMA % name, **(files or {})}
        for path, text in texts.items():
            path = os.path.join(folder, name, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return self.serve(name, plugins_dir=folder, **settings)

    def serve(self, *plugins, **settings):
        server = Server(*plugins, **settings)
        self.addCleanup(self.end, server)
        return server

    def end(self, server):
        code = server.stop()
        server.remove()
        self.assertNotIn("ERROR: AddressSanitizer", server.log())
        self.assertNotIn("runtime error:", server.log())
        if code is not None:
            self.assertIn(code, (0, 1, 2, -signal.SIGKILL), server.log())

    def connect(self, server, plugin=None):
        gateway = server.connect(plugin)
        self.addCleanup(gateway.close)
        return gateway

    def temp_dir(self):
        path = tempfile.mkdtemp(prefix="outrigger-")
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return path

    @contextlib.contextmanager
    def refuses(self, text):
        with self.assertRaisesRegex(RpcError, text):
            yield


def main():
    unittest.main(verbosity=2)
