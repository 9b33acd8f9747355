"""faults.py - what a plugin's fault, or a kill, does to the requests in flight, over HTTP through nginx.

usage: faults.py [--rows NAME,...] [--protocol msgpack,protobuf] [--times N] [--kills N] [--seed N]
                 [--in-flight N]

Each row has a gateway, an outrigger that the gateway started, and a steady load: requests in flight behind
an authentication plugin whose verdict is signed per request and checked at the upstream, and a third as many
behind another plugin, the neighbour. Then the fault is made, again and again. The table says what became of
the requests. It fails where a request was let through without a verdict, where one was not answered, or
where the neighbour met anything but a 200.

Rows whose fault takes all of Outrigger away at once are measured and not judged.
"""

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e", "lib"), os.path.join(HERE, "..", "lib")]

import harness  # noqa: E402
import programs  # noqa: E402
import small_disk  # noqa: E402

PLUGINS = os.path.join(harness.SOURCE, "tests", "fixtures", "plugins")
NATIVE = os.path.join(os.environ.get("OUTRIGGER_BUILD_DIR", ""), "tests", "native")
KEY, SECRET = "open sesame", "between us"
MEMORY_LEFT = 64 << 20  # bytes that a worker may have more, where it is to run out of them
FILES_LEFT = 300
DISK = 64 << 20  # bytes, where a plugin is to fill it
# Enough of a plugin's crashes would end in quarantine for a minute. Some rows want to see its calls wait for
# the next worker, and others to go there at each death, and to come out of it soon.
PATIENT = ["--quarantine-after=1000"]
STRICT = ["--quarantine-after=1", "--quarantine-time=10ms"]
GUARDS = {"lua": "fault-guard", "c": "fault_guard", **programs.GUARDS}
NEIGHBOUR = "fault-neighbour"
FAULTS = {
    "lua": ("raise", "exit", "spin", "spin_compiled", "memory", "descriptors", "stack"),
    "c": ("segv", "abort", "exit", "free_twice", "stack", "spin", "memory", "descriptors"),
    **programs.FAULTS,
}
CONF = """
nginx_events_worker_connections = 8192
"""


def declarative(guard, upstream):
    route = "{name: %s, paths: [/%s], strip_path: false, plugins: [{name: %s, config: {%s}}]}"
    routes = ", ".join((
        route % ("guarded", "guarded", guard, "key: '%s', secret: '%s'" % (KEY, SECRET)),
        route % ("neighbour", "neighbour", NEIGHBOUR, "")))
    return ("_format_version: '3.0'\nservices:\n- {name: u, url: 'http://127.0.0.1:%d', "
            "routes: [%s]}\n" % (upstream, routes))


class Helper:
    """upstream.py or load.py: runs until told to stop, then says what it has counted."""

    def __init__(self, script, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, script), *map(str, arguments)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def line(self):
        return self.process.stdout.readline().strip()

    def stop(self):
        out, _ = self.process.communicate(timeout=120)
        return json.loads(out)


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def title(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def started_at(pid):
    """In ticks; 0 where it is gone."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except OSError:
        return 0


class Stand:
    """A gateway, the outrigger that it started, upstream and load."""

    def __init__(self, row, protocol, in_flight):
        self.guard = GUARDS[row.language]
        self.stage = harness.Stage()
        if row.disk:
            small_disk.mount(self.stage.directory, DISK)
        self.disk = row.disk
        self.upstream = Helper("upstream.py", SECRET)
        self.options = ["--prefix=" + self.stage.path("kong"), "--plugins-dir=" + PLUGINS,
                        "--c-plugin-path=" + NATIVE, "--protocol=" + protocol,
                        "--plugin=" + self.guard, "--plugin=" + NEIGHBOUR, *programs.options(row.language), *row.options]
        self.helpers = [self.upstream]
        self.ours = set()  # all pids of Outrigger that were seen
        self.gateway = self.stage.gateway(
            self.conf(row) + row.conf, declarative(self.guard, int(self.upstream.line())))
        self.wait_serving()
        neighbours = in_flight // 4
        self.load = Helper("load.py", self.gateway.port, KEY, in_flight - neighbours, neighbours)
        self.helpers.append(self.load)

    def conf(self, row):
        """The lines for kong.conf; starts Outrigger where the gateway is not to do it."""
        lines = subprocess.run([harness.OUTRIGGER, "kong-conf", *self.options], check=True,
                               text=True, stdout=subprocess.PIPE).stdout
        if not row.respawned:
            self.stage.prefix("kong")
            self.stage.outrigger(["serve", *self.options],
                                 self.stage.path("kong", self.guard + ".socket"))
            lines = "".join(line for line in lines.splitlines(True) if "_start_cmd" not in line)
        return lines + CONF

    def wait_serving(self):
        def served():
            try:
                status = self.gateway.http("GET", "/guarded", {"x-key": KEY}).status
                return status == 200 and self.gateway.http("GET", "/neighbour").status == 200
            except OSError:
                return False
        self.gateway.wait_until(served, "an answer of both plugins")

    def supervisor(self):
        """The pid of the outrigger that the gateway started last."""
        found = [pid for pid in harness.processes_with(self.stage.directory)
                 if title(pid).startswith("outrigger: supervisor ")]
        newest = max(found, key=started_at, default=None)
        self.ours.update(found)
        return newest

    def workers(self, name=""):
        """The pids of a plugin's workers, or of all."""
        supervisor = self.supervisor()
        try:
            found = [pid for pid in children(supervisor)
                     if title(pid).startswith("outrigger: worker " + name)]
        except (OSError, TypeError):
            return []
        self.ours.update(found)
        return found

    def kill_all(self):
        """All of ours at once, also those that live without a supervisor."""
        self.workers()
        for pid in self.ours:
            if harness.OUTRIGGER in title(pid) or title(pid).startswith("outrigger: "):
                os.kill(pid, signal.SIGKILL)
        self.ours.clear()

    def break_by_request(self, fault):
        """The status of the request that does it; 0 where there is no answer at all."""
        headers = {"x-key": KEY, "x-fault": fault, "x-file": self.stage.path("filler")}
        try:
            return self.gateway.http("GET", "/guarded", headers).status
        except OSError:
            return 0

    def stop(self):
        load = self.load.stop()
        return {**load, "upstream": self.upstream.stop()}

    def log(self):
        return harness.read_text(os.path.join(self.gateway.prefix, "logs", "outrigger.log"))

    def close(self):
        for helper in self.helpers:
            helper.process.kill()
            helper.process.wait()
        try:
            self.workers()
            self.stage.close()
        finally:
            self.kill_all()
            if self.disk:
                small_disk.unmount(self.stage.directory)
                os.rmdir(self.stage.directory)


# ---- what is done; each takes the stand, the options and a random source, and returns how often it did ----

def pause(chance, longest):
    """Not a wait for something: it spreads the faults over the load's states."""
    time.sleep(chance.uniform(0, longest))


def leave_little(pid):
    """Of what a process can have, so that a plugin that takes all harms its own worker, and not the machine."""
    with open("/proc/%d/status" % pid, encoding="utf-8", errors="replace") as file:
        data = next(int(text.split()[1]) for text in file if text.startswith("VmData:"))
    files = len(os.listdir("/proc/%d/fd" % pid)) + FILES_LEFT
    for limit, value in ((resource.RLIMIT_DATA, (data << 10) + MEMORY_LEFT),
                         (resource.RLIMIT_NOFILE, files)):
        resource.prlimit(pid, limit, (value, resource.prlimit(pid, limit)[1]))


def wait_worker(stand, before=()):
    """A worker of the guard, not one of those."""
    return harness.wait_for(
        lambda: [pid for pid in stand.workers(stand.guard) if pid not in before],
        "a new worker of " + stand.guard)[0]


def by_request(fault):
    def act(stand, options, chance):
        for _ in range(options.times):
            if fault in ("memory", "descriptors"):
                leave_little(wait_worker(stand))
            status = stand.break_by_request(fault)
            if status == 200:
                raise AssertionError("the request with the fault '%s' was let through" % fault)
            pause(chance, 0.3)
        return options.times
    return act


def fill_disk(stand, options, chance):
    """That of the prefix, with Outrigger's log and ids. Meanwhile workers die and are replaced."""
    filler = stand.stage.path("filler")
    for _ in range(options.times):
        if stand.break_by_request("disk") == 200 or not small_disk.is_full(stand.stage.directory):
            raise AssertionError("the plugin could not fill the disk")
        pause(chance, 0.3)
        os.kill(wait_worker(stand), signal.SIGKILL)
        reload_once(stand)
        stand.wait_serving()
        os.unlink(filler)
        pause(chance, 0.3)
    return options.times


def fork_for_ever(stand, options, chance):
    made = by_request("fork")(stand, options, chance)
    if "signal %d" % signal.SIGABRT in stand.log():
        raise AssertionError("a plugin has made a process")
    return made


def kill_worker(share=1):
    def act(stand, options, chance):
        killed = set()
        for _ in range(options.kills // share):
            pid = wait_worker(stand, killed)
            pause(chance, 0.3)
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        return len(killed)
    return act


def stop_worker(stand, options, chance):
    """As a debugger, or a machine that swaps, does it."""
    for _ in range(options.times):
        pid = wait_worker(stand)
        os.kill(pid, signal.SIGSTOP)
        pause(chance, 1.0)
        os.kill(pid, signal.SIGCONT)
    return options.times


def reload_once(stand):
    subprocess.run([harness.OUTRIGGER, "reload", "--prefix", stand.stage.path("kong")],
                   check=True, stdout=subprocess.DEVNULL)


def reload_server(stand, options, chance):
    for _ in range(options.times):
        reload_once(stand)
        pause(chance, 0.2)
    return options.times


def reload_gateway(stand, options, chance):
    for _ in range(options.times):
        before = stand.supervisor()
        stand.gateway.reload()
        harness.wait_for(lambda before=before: stand.supervisor() != before, "a successor")
        stand.wait_serving()
        pause(chance, 1.0)
    return options.times


def wait_successor(stand, pid):
    harness.wait_for(lambda: stand.supervisor() not in (None, pid), "a new supervisor")
    stand.wait_serving()


def kill_supervisor(stand, options, chance):
    """The gateway starts another one, a second later; the workers of the first then leave."""
    for _ in range(options.times):
        pid, left = stand.supervisor(), stand.workers()
        pause(chance, 0.5)
        os.kill(pid, signal.SIGKILL)
        wait_successor(stand, pid)
        for worker in left:
            harness.wait_for(lambda worker=worker: title(worker) == "", "the end of a worker")
    return options.times


def kill_supervisor_for_good(stand, _, chance):
    """Nobody starts another one: its workers serve on."""
    stand.workers()
    pause(chance, 0.5)
    os.kill(stand.supervisor(), signal.SIGKILL)
    pause(chance, 3)
    return 1


def kill_all(stand, options, chance):
    """Nothing of ours is left: what the gateway alone does."""
    for _ in range(options.times):
        pid = stand.supervisor()
        pause(chance, 0.5)
        stand.kill_all()
        wait_successor(stand, pid)
    return options.times


def a_bit_of_all(stand, options, chance):
    """For a test that has little time."""
    made = kill_worker()(stand, options, chance) + reload_server(stand, options, chance)
    return made + by_request("exit")(stand, options, chance) + kill_supervisor(stand, options, chance)


class Row:
    def __init__(self, name, language, act, **more):
        self.name, self.language, self.act = name, language, act
        self.alone = more.get("alone", False)  # the gateway alone decides: measured, not judged
        self.all_hit = more.get("all_hit", False)  # there is no neighbour
        self.respawned = more.get("respawned", True)  # the gateway starts Outrigger
        self.disk = more.get("disk", False)  # a small one, which can be filled
        self.options = more.get("options", PATIENT)
        self.conf = more.get("conf", "")

    def run(self, protocol, options, chance):
        """The counts of the row; what broke it, if anything did."""
        stand = Stand(self, protocol, options.in_flight)
        try:
            made = self.act(stand, options, chance)
            stand.wait_serving()
            counts = stand.stop()
            wrong = [] if self.alone else judge(counts, self.all_hit)
            if options.keep_log:
                with open(options.keep_log, "a", encoding="utf-8") as file:
                    file.write("==== %s %s\n%s%s" % (self.name, protocol, stand.log(),
                                                     stand.gateway.error_log()))
            return {"made": made, **counts, "wrong": wrong}
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, stand.log()[-4000:])) from error
        finally:
            stand.close()


SHORT = Row("a bit of all", "lua", a_bit_of_all, options=STRICT)
ROWS = [Row("%s: %s" % (language, fault), language, by_request(fault))
        for language, faults in FAULTS.items() for fault in faults]
ROWS += [
    Row("disk filler", "lua", fill_disk, disk=True),
    Row("fork bomb", "c", fork_for_ever),
    Row("kill a worker", "lua", kill_worker(), options=STRICT),
    Row("kill a worker (C)", "c", kill_worker(5), options=STRICT),
    Row("kill one of two", "lua", kill_worker(5), options=[*STRICT, "--workers=2"]),
    Row("stop a worker", "lua", stop_worker),
    Row("outrigger reload", "lua", reload_server),
    Row("kong reload", "lua", reload_gateway, all_hit=True),
    Row("kill the supervisor", "lua", kill_supervisor),
    Row("... without respawn", "lua", kill_supervisor_for_good, respawned=False),
    Row("kill everything", "lua", kill_all, alone=True),
]
ROWS += [Row("%s: kill" % language, language,
             programs.kill_program_or_worker(wait_worker, children, pause, 5), options=STRICT)
         for language in programs.GUARDS]
ROWS += [Row("%s: %s" % (language, name), language, act)
         for language in programs.GUARDS for name, act in (("supervisor", kill_supervisor), ("reload", reload_server))]


def judge(counts, all_hit):
    """What must not be, as texts."""
    guarded, neighbour, upstream = counts["guarded"], counts["neighbour"], counts["upstream"]
    wrong = []
    if upstream["unguarded"] or guarded["wrong_key_passed"]:
        wrong.append("%d let through without a verdict (%s)" % (
            upstream["unguarded"] + guarded["wrong_key_passed"], upstream["examples"]))
    for side, name in ((guarded, "guarded"), (neighbour, "neighbour")):
        silent = {k: n for k, n in side["answers"].items() if k in ("never", "broken")}
        if silent:
            wrong.append("%s not answered: %s" % (name, silent))
    errors = set(neighbour["answers"]) - {"200", "again"}
    if (errors and not all_hit) or upstream["neighbour_missed"]:
        wrong.append("the neighbour met %s, missed %d" % (
            neighbour["answers"], upstream["neighbour_missed"]))
    return wrong


HEAD = ("fault", "wire", "made", "sent", "200", "403", "5xx", "let through", "neighbour",
        "its errors", "worst s")
FORM = "%-22s %-8s %5s %7s %7s %6s %6s %11s %9s %10s %7s"


def line(row, protocol, counts):
    guarded, neighbour = counts["guarded"], counts["neighbour"]
    answers = guarded["answers"]
    failed = sum(n for status, n in answers.items() if status[0] == "5")
    return FORM % (row.name, protocol, counts["made"], guarded["sent"], answers.get("200", 0),
                   answers.get("403", 0), failed,
                   counts["upstream"]["unguarded"] + guarded["wrong_key_passed"], neighbour["sent"],
                   neighbour["sent"] - neighbour["answers"].get("200", 0)
                   - neighbour["answers"].get("again", 0),
                   max(guarded["worst"], neighbour["worst"]))


def run_row(row, protocol, options, chance):
    """Prints the row's line. What was wrong, as texts."""
    try:
        counts = row.run(protocol, options, chance)
    except AssertionError as error:
        return ["%s over %s: %s" % (row.name, protocol, error)]
    print(line(row, protocol, counts), flush=True)
    return counts["wrong"]


def run(options):
    """Runs the rows and prints the table. The number of rows that went wrong."""
    chance = random.Random(options.seed)
    rows = [SHORT] if options.short else [
        row for row in ROWS if not options.rows or row.name in options.rows]
    failed = 0
    if any(row.disk for row in rows) and not small_disk.enter():
        raise SystemExit("faults: this user may mount no small disk: be root, or leave that row out by --rows")
    print("seed %d, %d requests in flight" % (options.seed, options.in_flight))
    print(FORM % HEAD, flush=True)
    for row in rows:
        for protocol in options.protocol:
            wrong = run_row(row, protocol, options, chance)
            for text in wrong:
                print("    WRONG: " + text, flush=True)
            failed += bool(wrong)
    return failed


def main(arguments=None):
    parser = argparse.ArgumentParser(description="The fault suite.")
    parser.add_argument("--rows", type=lambda text: text.split(","), default=[])
    parser.add_argument("--protocol", type=lambda text: text.split(","),
                        default=["msgpack", "protobuf"])
    parser.add_argument("--times", type=int, default=5, help="how often a fault is made")
    parser.add_argument("--kills", type=int, default=500, help="kills of a worker")
    parser.add_argument("--in-flight", type=int, default=200, help="requests")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--short", action="store_true", help="one row, of several faults")
    parser.add_argument("--keep-log", help="a file for Outrigger's log of rows that went wrong")
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
