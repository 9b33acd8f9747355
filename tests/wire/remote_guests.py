"""remote_guests.py - programs that come to an outrigger by themselves (plugin_NAME_listen), as the wire tests start them."""
import json
import os
import socket
import subprocess
import threading

import lib
from remote_programs import JAVASCRIPT, PYTHON, Program

PID = ("kong.response.exit(200, str(os.getpid()))", "await kong.response.exit(200, String(process.pid))")
# Says that it has begun, and ends when the gateway answers its second call.
LONG = ("kong.request.get_method()\nkong.request.get_path()", "await kong.request.getMethod()\nawait kong.request.getPath()")


def outrigger(*words):
    return subprocess.run([lib.BINARY, *words], text=True, capture_output=True, check=False)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Guest:
    """A program's process, and what it prints."""

    def __init__(self, language, endpoint, key=None):
        it = Program(language, "e2e-" + language)
        keys = {"PLUGIN_KEY": key} if key else {}
        self.process = subprocess.Popen(it.words, env=it.environment(PLUGIN_CONNECT=endpoint, **keys), text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.pid = self.process.pid
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True)
        self.reader.start()

    def signal(self, number):
        self.process.send_signal(number)

    def wait_end(self):
        code = self.process.wait(lib.PATIENCE)
        self.reader.join(lib.PATIENCE)
        return code

    def end(self):
        self.process.kill()
        self.wait_end()
        self.process.stderr.close()


class GuestTest(lib.WireTest):
    LANGUAGE = PYTHON

    def setUp(self):
        self.plugin = "e2e-" + self.LANGUAGE
        self.folder = self.temp_dir()
        self.endpoint = "ipc://" + os.path.join(self.folder, "guest")
        self.keys = {}

    def use_tcp(self):
        self.endpoint = "tcp://127.0.0.1:%d" % free_port()
        done = outrigger("keygen", self.plugin, "--to", self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.keys = {"key": os.path.join(self.folder, self.plugin + ".program.key")}

    def options(self):
        key = self.plugin.replace("-", "_")
        options = {"plugin_%s_listen" % key: self.endpoint}
        if self.keys:
            options["plugin_%s_listen_key" % key] = os.path.join(self.folder, self.plugin + ".key")
        return options

    def come(self, **keys):
        guest = Guest(self.LANGUAGE, self.endpoint, **(keys or self.keys))
        self.addCleanup(guest.end)
        return guest

    def begin(self, **more):
        return self.serve(self.plugin, **self.options(), quarantine_after=1000, **more)

    def conf(self, texts):
        return json.dumps({"access": texts[self.LANGUAGE == JAVASCRIPT]})

    def served_by(self, server):
        """The program's pid; what else comes of an event, as the calls that were made."""
        with server.connect() as gateway:
            calls = gateway.play(gateway.start_instance(self.plugin, self.conf(PID)), lambda *_: "GET")
        if calls[-1][0] == "kong.response.exit" and calls[-1][1][0] == 200:
            return int(calls[-1][1][1])
        return calls

    def wait_served_by(self, server, guest):
        def is_served():
            try:
                return self.served_by(server) == guest.pid
            except (lib.RpcError, OSError, EOFError):
                return False
        lib.wait_until(is_served, "an event of %d:\n%s" % (guest.pid, server.log()))


def workers_of(server):
    return [int(n) for n in os.listdir("/proc")
            if n.isdigit() and lib.stat_field(int(n), 1) == str(server.process.pid)]
