"""footprint.py - what Outrigger takes beside time for events: to start, to dump, and memory.

The plugin is the benchmark's, in Lua; a supervisor and a worker.
"""

import contextlib
import os
import socket
import statistics
import subprocess
import time

import msgpack

import servers
import started

# How often it is started; events in flight; instances.
SIZES, QUICK_SIZES = (9, 1000, 10000), (1, 20, 100)
KIB, MIB = 1 << 10, 1 << 20
# (title, key of the figure, unit, the figure that is to be reached, at most)
ROWS = (
    ("start to first answer, ms", "start_seconds", 1e-3, 50),
    ("dump, ms", "dump_seconds", 1e-3, 30),
    ("supervisor and worker, MiB", "at_rest_bytes", MIB, 20),
    ("an event in flight, KiB", "event_bytes", KIB, 24),
    ("an instance, bytes", "instance_bytes", 1, None),
    ("an instance beyond its conf, idle, bytes", "instance_beyond_conf_bytes", 1, 1024),
)


class Gateway:
    """A connection over MsgPack."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.unpacker = msgpack.Unpacker(raw=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def call(self, method, *arguments):
        """The result of a call of the server."""
        self.socket.sendall(msgpack.packb([0, 1, method, list(arguments)]))
        while True:
            for message in self.unpacker:
                if message[0] == 1:
                    assert message[2] is None, message
                    return message[3]
            data = self.socket.recv(1 << 16)
            assert data, "the server has ended the connection"
            self.unpacker.feed(data)

    def start_instance(self, conf="{}", plugin="bench"):
        """Its id."""
        return self.call("plugin.StartInstance", {"Name": plugin, "Config": conf})["Id"]

    def begin(self, instance):
        """Begins an event, which waits for its first PDK call's answer."""
        return self.call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})


def memory(pid):
    """Bytes of the process and its children, what is shared counted in parts (PSS)."""
    total = 0
    for process in set(servers.tree(pid)):
        try:
            with open("/proc/%d/smaps_rollup" % process, encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:")) << 10
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


def registry(pid):
    """Bytes of the file in memory in which the server keeps its instances, and which no process maps."""
    files = ["/proc/%d/fd/%s" % (pid, fd) for fd in os.listdir("/proc/%d/fd" % pid)]
    return next(os.stat(file).st_blocks for file in files
                if os.readlink(file).startswith("/memfd:outrigger-registry")) * 512


def conf_of(i):
    """The conf of an instance, as the gateway sends it."""
    return '{"note":"%d"}' % i


def confs(options, instances):
    """Bytes of one of these confs: its text, and the table that the handler gets."""
    with servers.outrigger(options.build, "lua", "msgpack", "--plugin", "tables") as server, \
            Gateway(server.path("tables.socket")) as gateway:
        step = gateway.begin(gateway.start_instance('{"count":%d}' % instances, "tables"))
        return sum(len(conf_of(i)) for i in range(instances)) / instances + float(step["Data"]["Args"][1])


def first_answer(options):
    """Seconds from the start of the program to the answer of a first event."""
    began = time.monotonic()
    with servers.outrigger(options.build, "lua", "msgpack", poll=0.001) as server, \
            Gateway(server.socket) as gateway:
        gateway.begin(gateway.start_instance())
        return time.monotonic() - began


def dump(options):
    """Seconds that the gateway waits for at its start."""
    with started.Started("outrigger dump") as its:
        began = time.monotonic()
        run = started.run([os.path.join(options.build, "outrigger"), "dump", "--prefix", its.folder,
                           "--plugins-dir", os.path.join(servers.HERE, "plugins", "lua"),
                           "--plugin", "bench"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if run.returncode:
            raise SystemExit("bench: outrigger dump failed:\n" + run.stderr)
        return time.monotonic() - began


def grown(options, in_flight, instances):
    """Bytes: at rest; more for each event in flight; more for each instance, which is never used."""
    with servers.outrigger(options.build, "lua", "msgpack") as server, contextlib.ExitStack() as opened:
        one = opened.enter_context(Gateway(server.socket))
        instance = one.start_instance()
        one.begin(instance)
        at_rest = memory(server.pid)
        gateways = [opened.enter_context(Gateway(server.socket)) for _ in range(in_flight)]
        for gateway in gateways:
            gateway.begin(instance)
        with_events = memory(server.pid)
        before = with_events + registry(server.pid)
        for i in range(instances):
            one.start_instance(conf_of(i))
        return (at_rest, (with_events - at_rest) / in_flight,
                (memory(server.pid) + registry(server.pid) - before) / instances)


def measure(options):
    """The figures by their keys; of times all runs."""
    times, in_flight, instances = QUICK_SIZES if options.quick else SIZES
    at_rest, event, instance = grown(options, in_flight, instances)
    return {
        "start_seconds": [first_answer(options) for _ in range(times)],
        "dump_seconds": [dump(options) for _ in range(times)],
        "at_rest_bytes": at_rest, "event_bytes": event, "instance_bytes": instance,
        "instance_beyond_conf_bytes": instance - confs(options, instances),
    }


def row(found, title, key, unit, wanted):
    """A line of the table, which has the median of several runs."""
    raw = found[key]
    figure = (statistics.median(raw) if isinstance(raw, list) else raw) / unit
    digits = 1 if unit in (KIB, MIB) else 0
    return "| %s | %s | %.*f%s |" % (title, "<= %d" % wanted if wanted else "", digits, figure,
                                     " !" if wanted and figure > wanted else "")


def table(found):
    """As Markdown."""
    return "\n".join(["| footprint | wanted | |", "|---|---|---|"] + [row(found, *each) for each in ROWS])
