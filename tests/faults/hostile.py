"""hostile.py - what bytes, and connections, that no gateway would send do to one that behaves.

usage: hostile.py [--rows NAME,...] [--scale F] [--seed N]

An outrigger with its supervisor and one plugin; good clients, a process of their own, that speak both
protocols on connections old and new, each answer checked; and a hostile client on the same socket. The table
says what the good clients met, how much memory supervisor and worker took at most, how many lines the log
got, and how long after the last byte the server had let go of all hostile connections. It fails where a good
client met anything but its answer, where a process was lost, where memory or log grew with the hostility,
or where a connection stayed.
"""

import argparse
import glob
import json
import os
import random
import resource
import selectors
import socket
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in (("..", "wire"), ("..", "lib")):
    sys.path.insert(0, os.path.join(HERE, *folder))

import lib  # noqa: E402
import msgpack  # noqa: E402
import pb  # noqa: E402

GOOD = os.path.join(HERE, "good_client.py")
CORPUS = os.path.join(HERE, "..", "fuzz", "corpus")
AT_ONCE = 64
LET_GO = 20  # seconds until a connection whose sender has closed must be gone
MEMORY = 1 << 30  # bytes that a process may take at most: twice what calls may buffer
LINES_PER_SECOND = 240  # of the log: twelve kinds, which log.c bounds one by one


# The hostile client holds the other ends.
_, MOST = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (MOST, MOST))


# ---- bytes ----

def corpus():
    """Every file that a fuzzer begins with, for whatever decoder."""
    for path in sorted(glob.glob(os.path.join(CORPUS, "*", "*"))):
        with open(path, "rb") as file:
            yield file.read()


def good_calls(instance):
    """Calls as a gateway makes them, over both protocols."""
    event = {"InstanceId": instance, "EventName": "access"}
    for method, params in (("plugin.HandleEvent", event), ("plugin.GetStatus", None),
                           ("plugin.StartInstance", {"Name": "wire-do", "Config": '{"mode":"nothing"}'}),
                           ("plugin.Step", {"EventId": 7, "Data": "x" * 50}), ("plugin.GetPluginInfo", "x")):
        yield msgpack.packb([0, 1, method, [params]])
    for command, message in (("cmd_handle_event", {"instance_id": instance, "event_name": b"access"}),
                             ("cmd_start_instance", {"name": b"wire-do", "config": b'{"mode":"nothing"}'})):
        data = pb.encode("RpcCall", {"sequence": 1, command: message})
        yield struct.pack("<I", len(data)) + data


def random_bytes(chance, count):
    """A third of them begin as a call does, a third as a frame."""
    for i in range(count):
        data = chance.randbytes(chance.choice((1, 16, 256, 4096, 65536)))
        yield (b"", b"\x94\x00", struct.pack("<I", len(data)))[i % 3] + data


def mutated(chance, calls, count):
    for _ in range(count):
        data = bytearray(chance.choice(calls))
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(data))
            how = chance.randrange(3)
            if how == 0:
                data[at] = chance.randrange(256)
            elif how == 1:
                data[at:at] = chance.randbytes(chance.randrange(1, 9))
            else:
                del data[at:at + chance.randrange(1, 9)]
            data = data or bytearray(b"\x94")
        yield bytes(data)


def giant_lengths():
    for begin in (b"", b"\x94\x00", b"\x94\x00\x01", b"\x94\x00\x01\xabplugin.Step\x91"):
        for mark in (b"\xdb", b"\xc6", b"\xdd", b"\xdf", b"\xc9"):
            for length in (2**32 - 1, 2**31, 2**26 - 9, 2**26 + 1):
                yield begin + mark + struct.pack(">I", length) + b"x" * 100
        yield begin + b"\x91" * 100000
        yield begin + b"\x81\xa0" * 100000
    for length in (2**32 - 1, 2**31, 2**26, 2**26 + 1):
        yield struct.pack("<I", length) + b"\x08\x01\x12" + b"\xff" * 1000


# ---- how they come ----

def connect(path):
    """Non-blocking. Waits where the backlog is full."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(path)
    sock.setblocking(False)
    return sock


class Throw:
    """A connection that says all of its bytes, sends no more, and reads to the end."""

    def __init__(self, path, data):
        self.sock, self.left, self.over = connect(path), memoryview(data), False

    def events(self):
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self.left else 0)

    def go_on(self):
        try:
            if self.left:
                self.left = self.left[self.sock.send(self.left):]
            if not self.left:
                self.sock.shutdown(socket.SHUT_WR)
            while self.sock.recv(1 << 16):
                pass
            self.over = True
        except BlockingIOError:
            pass
        except OSError:
            self.over = True


def throw_all(path, payloads):
    """Each on a connection of its own, many at a time. How many the server has kept."""
    payloads, running, latest = iter(payloads), set(), time.monotonic()
    with selectors.DefaultSelector() as loop:
        while True:
            while len(running) < AT_ONCE and (data := next(payloads, None)) is not None:
                thrown = Throw(path, data)
                running.add(thrown)
                loop.register(thrown.sock, thrown.events(), thrown)
            if not running or time.monotonic() - latest > LET_GO:
                break
            for key, _ in loop.select(0.5):
                thrown = key.data
                thrown.go_on()
                if thrown.over:
                    loop.unregister(thrown.sock)
                    thrown.sock.close()
                    running.remove(thrown)
                    latest = time.monotonic()
                else:
                    loop.modify(thrown.sock, thrown.events(), thrown)
    for thrown in running:
        thrown.sock.close()
    return len(running)


def send_some(sock, data):
    """How many bytes went; -1 where the server has ended the connection."""
    try:
        return sock.send(data)
    except BlockingIOError:
        return 0
    except OSError:
        return -1


def send_to_many(socks, data, seconds):
    """Sends all of it on each, as far as the server reads."""
    left = {sock: memoryview(data) for sock in socks}
    deadline = time.monotonic() + seconds
    while left and time.monotonic() < deadline:
        for sock, rest in list(left.items()):
            sent = send_some(sock, rest[:1 << 20])
            if sent < 0 or sent == len(rest):
                del left[sock]
            else:
                left[sock] = rest[sent:]


# ---- rows: each takes the stand, and returns how often it did, and how many connections stayed ----

def throw(payloads):
    def act(stand):
        some = list(payloads(stand))
        return len(some), throw_all(stand.path, some)
    return act


def cut_short(stand):
    """Gone in the middle of a call, without having read anything."""
    calls, count = list(good_calls(stand.instance)), stand.scaled(5000)
    for i in range(count):
        data = calls[i % len(calls)]
        with connect(stand.path) as sock:
            send_some(sock, data[:stand.chance.randrange(len(data) + 1)])
    return count, 0


def slow_loris(stand):
    """Calls that come a byte at a time and are never whole."""
    calls, count = list(good_calls(stand.instance)), stand.scaled(1000)
    socks = [connect(stand.path) for _ in range(count)]
    for at in range(20):
        for i, sock in enumerate(socks):
            data = calls[i % len(calls)]
            send_some(sock, data[at % (len(data) - 1):][:1])
        stand.wait_good(5)
    return count, stand.leave(socks)


def crowd(stand):
    """Many connections at once: some silent, some in the middle of a call."""
    data, count, socks = next(good_calls(stand.instance))[:-1], stand.scaled(10000), []
    for i in range(count):
        socks.append(connect(stand.path))
        if i % 2:
            send_some(socks[-1], data)
    stand.wait_good(200)
    return count, stand.leave(socks)


def deaf(stand):
    """Calls without an end, whose answers nobody reads."""
    data = next(good_calls(stand.instance)) * 10000
    socks = [connect(stand.path) for _ in range(stand.scaled(200))]
    send_to_many(socks, data, 3)
    stand.wait_good(50)
    return len(socks), stand.leave(socks)


def hoard(stand):
    """Large calls, of which the last byte never comes."""
    config = b"x" * stand.large
    data = msgpack.packb([0, 1, "plugin.StartInstance", [{"Name": "wire-do", "Config": config}]])[:-1]
    socks = [connect(stand.path) for _ in range(stand.scaled(64))]
    send_to_many(socks, data, 60)
    stand.wait_good(50)
    return len(socks), stand.leave(socks)


ROWS = {
    "every corpus file": throw(lambda stand: list(corpus()) + [
        data + call for data in corpus() for call in good_calls(stand.instance)]),
    "random bytes": throw(lambda stand: random_bytes(stand.chance, stand.scaled(3000))),
    "mutated calls": throw(lambda stand: mutated(
        stand.chance, list(good_calls(stand.instance)), stand.scaled(10000))),
    "giant lengths": throw(lambda stand: list(giant_lengths()) * max(1, stand.scaled(10))),
    "cut short": cut_short,
    "slow loris": slow_loris,
    "many connections": crowd,
    "deaf": deaf,
    "hoarded calls": hoard,
}


# ---- the stand ----

def memory_peak(pid):
    """Bytes; since the last reset_peak."""
    with open("/proc/%d/status" % pid, encoding="utf-8", errors="replace") as file:
        return next(int(text.split()[1]) for text in file if text.startswith("VmHWM:")) << 10


def reset_peak(pid):
    with open("/proc/%d/clear_refs" % pid, "w", encoding="ascii") as file:
        file.write("5")


class Stand:
    def __init__(self, chance, scale, **settings):
        self.chance, self.scale, self.large = chance, scale, settings.pop("large", 60 << 20)
        self.server = lib.Server("wire-do", **settings)
        self.path = self.server.path()
        with self.server.connect() as g:
            self.instance = g.start_instance("wire-do", '{"mode":"read","count":2}')
        self.pids = [self.server.process.pid] + self.workers()
        self.good = subprocess.Popen([sys.executable, GOOD, self.path, str(self.instance)], text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.wait_good(1)

    def workers(self):
        pid = self.server.process.pid
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
            return [int(child) for child in file.read().split()]

    def scaled(self, count):
        return max(1, int(count * self.scale))

    def wait_good(self, rounds):
        """Until the good clients have made that many more rounds."""
        for _ in range(rounds):
            if not self.good.stdout.readline():
                raise AssertionError("the good clients have ended")

    def leave(self, socks):
        """Sends no more on any. How many stay in spite of that."""
        kept = 0
        for sock in socks:
            try:
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        deadline = time.monotonic() + LET_GO
        for sock in socks:
            sock.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                while sock.recv(1 << 16):
                    pass
            except TimeoutError:
                kept += 1
            except OSError:
                pass
            sock.close()
        return kept

    def finish(self):
        """What the good clients have met."""
        self.good.stdin.close()
        *_, last = self.good.stdout.read().splitlines()
        self.good.wait(lib.PATIENCE)
        return json.loads(last)

    def close(self):
        self.good.kill()
        self.good.wait()
        self.good.stdout.close()
        self.server.stop()
        self.server.remove()


def judge(found, stand):
    """What must not be, as texts."""
    good, wrong = found["good"], []
    if good["errors"]:
        wrong.append("a good client met %s" % good["errors"][:3])
    if [stand.server.process.pid] + stand.workers() != stand.pids:
        wrong.append("a process was lost")
    if found["stayed"]:
        wrong.append("%d connections stayed" % found["stayed"])
    if found["memory"] > MEMORY:
        wrong.append("%d MiB of memory" % (found["memory"] >> 20))
    if found["lines"] > LINES_PER_SECOND * (found["seconds"] + 1):
        wrong.append("%d lines in the log" % found["lines"])
    return wrong


def run_row(name, chance, scale, **settings):
    """What was found, with what is wrong of it; and the server's log."""
    stand = Stand(chance, scale, **settings)
    try:
        for pid in stand.pids:
            reset_peak(pid)
        begun, before = time.monotonic(), len(stand.server.log_lines)
        made, stayed = ROWS[name](stand)
        stand.wait_good(20)
        peaks = [memory_peak(pid) for pid in stand.pids]
        found = {"made": made, "stayed": stayed, "seconds": time.monotonic() - begun,
                 "supervisor": peaks[0], "worker": max(peaks[1:]), "memory": max(peaks),
                 "lines": len(stand.server.log_lines) - before, "good": stand.finish()}
        found["wrong"] = judge(found, stand)
        return found, stand.server.log()
    except (AssertionError, OSError) as error:
        raise AssertionError("%s\n%s" % (error, stand.server.log()[-4000:])) from error
    finally:
        stand.close()


HEAD = ("what", "made", "s", "good calls", "errors", "median ms", "worst ms", "supervisor MiB",
        "worker MiB", "log lines")
FORM = "%-20s %6s %5s %10s %6s %9s %8s %14s %10s %9s"


def line(name, found):
    good = found["good"]
    return FORM % (name, found["made"], "%.0f" % found["seconds"], good["calls"], len(good["errors"]),
                   "%.1f" % good["median"], "%.0f" % good["worst"], found["supervisor"] >> 20,
                   found["worker"] >> 20, found["lines"])


def main():
    parser = argparse.ArgumentParser(description="Hostile bytes on the plugin socket.")
    parser.add_argument("--rows", type=lambda text: text.split(","), default=list(ROWS))
    parser.add_argument("--scale", type=float, default=1, help="times as much of each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show-log", action="store_true", help="the log's end, of each row")
    options = parser.parse_args()
    failed = 0
    print("seed %d" % options.seed)
    print(FORM % HEAD, flush=True)
    for name in options.rows:
        found, log = run_row(name, random.Random(options.seed), options.scale)
        print(line(name, found), flush=True)
        for text in found["wrong"]:
            print("    WRONG: " + text, flush=True)
        if options.show_log:
            print(log[-3000:])
        failed += bool(found["wrong"])
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
