"""harness.py - starts the example gateway and outrigger for an end-to-end test.

A test derives from E2E and calls self.start_gateway() and self.start_outrigger();
both are stopped when the test (or, with the class methods, the class) ends, and it
fails if a process of theirs is left. In the texts of a kong.conf and a kong.yml
these words are replaced: @PREFIX@ (the directory of the test), @PORT@, @ADMIN_PORT@,
@ECHO_PORT@ (the gateway's ports), @OUTRIGGER@ (the binary), @SOURCE@ (the repository).
"""

import glob
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = os.environ.get("OUTRIGGER_SOURCE_DIR") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", "..", ".."))
OUTRIGGER = os.environ.get("OUTRIGGER_BIN", "")
GATEWAY = os.path.join(SOURCE, "examples", "gateway", "gateway")
# A deadline, not a pause: slow machines and sanitizers get the time they need.
DEADLINE = 30
POLL = 0.01
# What a sanitizer finds in any process of a test goes into files with such names.
SANITIZER_REPORT = "sanitizer"
# No finding: a test has killed the process in which LeakSanitizer was about to look, and its helper says so.
KILLED_WHILE_LOOKED_AT = re.compile(r"(==\d+==Unable to get registers from thread \d+\.\n*)+")
# nginx hands its environment on to nobody, but the sanitizers' options must reach the plugin
# servers. More names may follow: "; env NAME".
ENV_LINE = "nginx_main_env = ASAN_OPTIONS; env UBSAN_OPTIONS"
# One worker and lines of plugin servers in the log: what most tests want.
BASE_CONF = "nginx_worker_processes = 1\nlog_level = info\n%s\n" % ENV_LINE

# The paths in examples/kong, and the words that stand for them in a test.
EXAMPLE_PATHS = (("/usr/local/bin/outrigger", "@OUTRIGGER@"), ("/usr/local/kong", "@PREFIX@"),
                 ("/usr/local/share/outrigger/plugins", "@SOURCE@/examples/lua"),
                 ("127.0.0.1:8090", "127.0.0.1:@ECHO_PORT@"))


def example(name):
    """The text of examples/kong/NAME for a gateway in a test's own directory."""
    text = read_text(os.path.join(SOURCE, "examples", "kong", name))
    for path, word in EXAMPLE_PATHS:
        text = text.replace(path, word)
    return text


def wait_for(condition, what, deadline=DEADLINE):
    """Polls until condition() is true and returns its value; AssertionError after it."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(POLL)


def free_ports(count):
    """Ports of 127.0.0.1 that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def connects(address):
    """Does anybody accept on this unix path, or port of 127.0.0.1?"""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.connect(address if isinstance(address, str) else ("127.0.0.1", address))
            return True
        except OSError:
            return False


def read_text(path):
    """A file's text, or "" while there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def processes_with(word):
    """Pids of living processes that have `word` in their command line."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open("/proc/%s/cmdline" % name, "rb") as file:
                    if word.encode() in file.read():
                        found.append(int(name))
            except OSError:
                pass
    return found


class Response:
    """status, reason, headers (a list of pairs), body (bytes)."""

    def __init__(self, response):
        self.status = response.status
        self.reason = response.reason
        self.headers = response.getheaders()
        self.body = response.read()

    def header(self, name):
        """The first value of a header, or None; the case of names does not matter."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    def json(self):
        import json
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")


def http_request(port, method="GET", path="/", headers=(), body=None, timeout=DEADLINE):
    """One HTTP/1.1 request. `headers` is a dict or a list of pairs; a name may repeat."""
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    names = {name.lower() for name, _ in pairs}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.putrequest(method, path, skip_host="host" in names,
                              skip_accept_encoding=True)
        for name, value in pairs:
            connection.putheader(name, value)
        if body is not None and "content-length" not in names:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return Response(connection.getresponse())
    finally:
        connection.close()


class Process:
    """A child with its output in files, stopped by its pid."""

    def __init__(self, arguments, directory, name, env=None):
        self.name = name
        env = {**os.environ, **(env or {})}
        for options in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            env[options] = "%s:log_path=%s" % (
                env.get(options, ""), os.path.join(directory, SANITIZER_REPORT))
        self.out_path = os.path.join(directory, name + ".out")
        self.err_path = os.path.join(directory, name + ".err")
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=err, cwd=directory, env=env)

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child.poll() is None

    def stderr(self):
        return read_text(self.err_path)

    def stdout(self):
        return read_text(self.out_path)

    def wait_until(self, condition, what):
        """As wait_for, but gives up at once with its stderr when the process ends."""
        def check():
            if not self.alive():
                raise AssertionError("%s ended with %s before %s:\n%s" % (
                    self.name, self.child.returncode, what, self.stderr()))
            return condition()
        return wait_for(check, what)

    def stop(self, signal_number=signal.SIGTERM):
        """Ends it and returns its exit status; kills it after the deadline."""
        if self.alive():
            self.child.send_signal(signal_number)
        try:
            return self.child.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(self.name + " did not end at signal %d" % signal_number)


class Outrigger(Process):
    """`outrigger ARGUMENTS`; wait_socket() waits until it accepts on a path."""

    def __init__(self, arguments, directory, env=None, name="outrigger"):
        if not OUTRIGGER:
            raise unittest.SkipTest("OUTRIGGER_BIN is not set")
        super().__init__([OUTRIGGER] + list(arguments), directory, name, env)

    def wait_socket(self, path):
        self.wait_until(lambda: connects(path), "the socket " + path)
        return self


class Gateway(Process):
    """The example gateway in `prefix`; http() asks it, error_log() is its log."""

    def __init__(self, prefix, conf, yml, env=None):
        self.prefix = prefix
        self.port, self.admin_port, self.echo_port = free_ports(3)
        self.conf_path = self._write("kong.conf", BASE_CONF + conf)
        self.yml_path = self._write("kong.yml", yml)
        super().__init__(
            [GATEWAY, "run", "--prefix", prefix, "--kong-conf", self.conf_path,
             "--declarative", self.yml_path, "--port", str(self.port), "--admin-port",
             str(self.admin_port), "--echo-port", str(self.echo_port)], prefix, "gateway", env)

    def expand(self, text):
        for word, value in (("PREFIX", self.prefix), ("PORT", self.port),
                            ("ADMIN_PORT", self.admin_port), ("ECHO_PORT", self.echo_port),
                            ("OUTRIGGER", OUTRIGGER), ("SOURCE", SOURCE)):
            text = text.replace("@%s@" % word, str(value))
        return text

    def _write(self, name, text):
        path = os.path.join(self.prefix, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.expand(text))
        return path

    def wait_ready(self):
        self.wait_until(lambda: connects(self.port), "the gateway's port")
        return self

    def http(self, method="GET", path="/", headers=(), body=None):
        return http_request(self.port, method, path, headers, body)

    def admin(self, method="GET", path="/status", headers=(), body=None):
        return http_request(self.admin_port, method, path, headers, body)

    def post_config(self, yml):
        """Puts a new kong.yml in force, as Kong's POST /config does."""
        self._write("kong.yml", yml)
        return self.admin("POST", "/config", {"Content-Type": "text/yaml"},
                          self.expand(yml).encode())

    def error_log(self):
        return read_text(os.path.join(self.prefix, "logs", "error.log"))

    def wait_log(self, word):
        """Waits for a word in the error log and returns the log."""
        wait_for(lambda: word in self.error_log(), "%r in the error log" % word)
        return self.error_log()

    def reload(self):
        self.child.send_signal(signal.SIGHUP)


class Stage:
    """A temporary directory and what runs in it; close() ends all and leaves nothing."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="outrigger-e2e-")
        self.processes = []

    def prefix(self, name):
        path = os.path.join(self.directory, name)
        os.makedirs(path, exist_ok=True)
        return path

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def gateway(self, conf="", yml="_format_version: '3.0'\n", env=None, wait=True,
                name="kong"):
        """A running gateway. Another try with other ports if one was taken meanwhile."""
        for attempt in range(5):
            gateway = Gateway(self.prefix(name), conf, yml, env)
            self.processes.append(gateway)
            if not wait:
                return gateway
            try:
                return gateway.wait_ready()
            except AssertionError:
                if attempt == 4 or "Address already in use" not in (
                        gateway.stderr() + gateway.error_log()):
                    raise
        return None

    def outrigger(self, arguments, socket_path=None, env=None, name="outrigger"):
        process = Outrigger(arguments, self.directory, env, name)
        self.processes.append(process)
        return process.wait_socket(socket_path) if socket_path else process

    def logs(self):
        """What all that ran here has said, for the reader of a failure."""
        parts = []
        for process in self.processes:
            parts.append("--- %s: standard error\n%s" % (process.name, process.stderr()))
            if isinstance(process, Gateway):
                parts.append("--- %s: error.log\n%s" % (process.name, process.error_log()))
        return "\n".join(parts)

    def leftovers(self):
        return processes_with(self.directory)

    def _check_sanitizers(self):
        reports = glob.glob(os.path.join(self.directory, "**", SANITIZER_REPORT + ".*"),
                            recursive=True)
        texts = [text for text in map(read_text, reports) if not KILLED_WHILE_LOOKED_AT.fullmatch(text)]
        if texts:
            raise AssertionError("".join(texts))

    def close(self):
        try:
            for process in reversed(self.processes):
                process.stop()
            wait_for(lambda: not self.leftovers(), "the end of processes in " + self.directory)
            self._check_sanitizers()
        finally:
            for pid in self.leftovers():
                os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.directory, ignore_errors=True)


class E2E(unittest.TestCase):
    """A test with a stage of its own. After a failure the gateway's log is printed."""

    maxDiff = None

    def setUp(self):
        self.stage = Stage()
        self.addCleanup(self.stage.close)
        self.addCleanup(self._show_logs)

    def _show_logs(self):
        result = self._outcome.result
        if any(test is self for test, _ in result.failures + result.errors):
            print("\n%s\n%s" % (self.id(), self.stage.logs()), file=sys.stderr)

    def start_gateway(self, conf="", yml="_format_version: '3.0'\n", **options):
        return self.stage.gateway(conf, yml, **options)

    def start_outrigger(self, arguments, socket_path=None, **options):
        return self.stage.outrigger(arguments, socket_path, **options)
