"""The benchmark works, says what is wrong with its options, and leaves nothing behind. No figure is looked at."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

import connections

HERE = os.path.dirname(os.path.abspath(__file__))
DEV = os.path.join(HERE, "..", "..", "dev")
BUILD = os.environ["OUTRIGGER_BUILD_DIR"]
SECONDS = 60
SERVERS = {"limit-msgpack", "limit-protobuf", "outrigger-lua-msgpack", "outrigger-lua-protobuf", "outrigger-c-msgpack",
           "outrigger-c-protobuf", "outrigger-python", "outrigger-python-async", "outrigger-javascript"}
TARGETS = {"nginx", "nginx, Lua", "gateway", "gateway, outrigger, msgpack", "gateway, outrigger, protobuf"}
# A part, and what it says when servers of it run. There is no end to be waited for in between: it comes at once.
MOMENTS = (("conversation", "round 1 of"), ("http", "whole requests, round 1 of"), ("footprint", "footprint"),
           ("curves", "curve: PDK calls"))


def descendants(pid):
    """{pid: when it was started} of the processes below one."""
    found = {}
    try:
        for thread in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, thread), encoding="ascii") as file:
                for child in map(int, file.read().split()):
                    found[child] = birth(child)
                    found.update(descendants(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def birth(pid):
    """When a process was started, which tells it from a later one of its number; None for none."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


def heed_sigint():
    """A shell has what it runs in the background ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Case(unittest.TestCase):
    """A folder for what is written, and one for what is temporary."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="outrigger-test-bench-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.out, self.temporary = (os.path.join(self.folder, name) for name in ("out", "tmp"))
        os.mkdir(self.temporary)

    def words(self, *options):
        return [sys.executable, "-B", os.path.join(HERE, "bench.py"), "--build", BUILD, "--out", self.out, *options]

    def start(self, *options):
        process = subprocess.Popen(self.words(*options), text=True, env={**os.environ, "TMPDIR": self.temporary},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=heed_sigint)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def run_bench(self, *options):
        return subprocess.run(self.words(*options), text=True, capture_output=True, check=False,
                              env={**os.environ, "TMPDIR": self.temporary})

    def read(self, name):
        with open(os.path.join(self.out, name), encoding="utf-8") as file:
            return file.read()

    def until(self, condition):
        end = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)


class Options(Case):
    """What is wrong is a line, before anything is measured."""

    def check(self, said, *options):
        run = self.run_bench(*options)
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertRegex(run.stderr, r"\Abench: .*%s.*\n\Z" % said)
        self.assertEqual(run.stdout, "")

    def test_a_value_is_none(self):
        for option, values in (("--rounds", ("0", "-1", "1.5", "x", "")), ("--seconds", ("0", "-1", "inf", "nan", "x")),
                               ("--only", ("", "https", "http,"))):
            for value in values:
                with self.subTest(option=option, value=value):
                    self.check("argument " + option, "%s=%s" % (option, value))

    def test_a_program_is_none(self):
        for option in ("--go-pdk", "--python-pdk"):
            self.check("%s .*: no program" % option, option, os.path.join(self.folder, "nowhere"))
            self.check("%s .*: no program" % option, option, os.path.join(HERE, "peers", "go", "main.go"))
            self.check("%s .*: no program" % option, option, self.folder)

    def test_a_folder_is_of_no_use(self):
        self.check("npm install --prefix %s kong-pdk" % self.folder, "--js", self.folder)
        self.check("--js: not allowed", "--no-js", "--js", self.folder)
        self.check("dev bench. builds it", "--build", self.folder)
        self.out = os.path.join(HERE, "bench.py", "out")
        self.check("--out .*: Not a directory", "--quick")

    def test_an_option_is_unknown(self):
        self.check("unrecognized arguments: --round=3", "--round=3")


class Dev(Case):
    """`./dev bench` looks at the options before it builds anything, and takes paths from where the user is."""

    def run_dev(self, *options):
        return subprocess.run([DEV, "bench", *options], text=True, capture_output=True, check=False, cwd=self.folder)

    def test_paths_are_from_where_the_user_is(self):
        run = self.run_dev("--python-pdk", "nowhere")
        self.assertEqual((run.returncode, run.stdout), (2, ""), run.stderr)
        self.assertIn("--python-pdk %s: no program" % os.path.join(os.path.realpath(self.folder), "nowhere"), run.stderr)

    def test_help_is_all_that_it_gives(self):
        run = self.run_dev("--rounds", "3", "--help")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        said = run.stdout.partition("options:")[2].partition("\n\n")[0]
        self.assertEqual(re.findall(r"^  (--?\S+)( \S+)*\n(?! {20})", said, re.M), [], "options without help")


class Whole(Case):
    """All parts work."""

    def check_files(self):
        raw = json.loads(self.read("bench.json"))
        self.assertEqual({row["server"] for row in raw["conversation"]}, SERVERS)
        self.assertEqual({(row["way"], row["server"]) for row in raw["connections"]}, {
            (way, server) for way in connections.OPTIONS for server in SERVERS if re.match("limit|outrigger-lua", server)
            if way == connections.FRESH or "msgpack" in server})
        self.assertEqual(set(raw["http"]), TARGETS)
        self.assertLess({"Python", "nginx", "wrk", "Node.js"}, set(raw["machine"]["versions"]))
        self.assertEqual(len(raw["footprint"]["start_seconds"]), 1)
        for title, curve in raw["curves"].items():
            for protocol in ("msgpack", "protobuf"):
                self.assertTrue(all(point["runs"] for point in curve[protocol]), title)
        self.assertIsNotNone(xml.etree.ElementTree.fromstring(self.read("bench.svg")).find(
            ".//{http://www.w3.org/2000/svg}polygon"))

    def test_everything(self):
        run = self.run_bench("--quick", "--curves")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout, self.read("bench.md"))
        self.assertIn("These figures mean nothing", run.stdout)
        self.assertTrue(run.stderr.endswith("bench: what was measured is in %s\n" % self.out), run.stderr)
        self.check_files()
        self.assertEqual(os.listdir(self.temporary), [])


class Ends(Case):
    """Whatever ends it, it has ended what it started."""

    def check_nothing_is_left(self, below):
        self.assertEqual(os.listdir(self.temporary), [])
        self.until(lambda: not [pid for pid, born in below.items() if birth(pid) == born])

    def has_servers(self, process):
        """Each has a folder, and with it a process; `load` and the like come and go."""
        return os.listdir(self.temporary) and descendants(process.pid)

    def end_at(self, part, line, number):
        process = self.start("--quick", "--only", part)
        self.assertTrue(any(line in said for said in process.stderr))
        self.until(lambda: self.has_servers(process))
        below = descendants(process.pid)
        process.send_signal(number)
        self.assertEqual(process.wait(SECONDS), 128 + number)
        self.check_nothing_is_left(below)

    def test_by_a_signal(self):
        for part, line in MOMENTS:
            for number in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(part=part, signal=number.name):
                    self.end_at(part, line, number)

    def test_by_a_server_that_does_not_start(self):
        run = self.run_bench("--quick", "--only", "footprint,conversation", "--go-pdk", "/bin/false")
        self.assertEqual(run.returncode, 1)
        self.assertIn("bench: go-pdk did not start", run.stderr)
        self.assertEqual(os.listdir(self.temporary), [])

    def test_with_a_program_that_is_none(self):
        program = os.path.join(self.folder, "program")
        with open(program, "w", encoding="utf-8") as file:
            file.write("no program\n")
        os.chmod(program, 0o755)
        run = self.run_bench("--quick", "--only", "conversation", "--go-pdk", program)
        self.assertEqual(run.returncode, 1)
        self.assertIn("bench: go-pdk did not start: [Errno 8] Exec format error", run.stderr)
        self.assertEqual(os.listdir(self.temporary), [])


class Late(Case):
    """What a late failure leaves."""

    def test_earlier_parts_are_kept(self):
        process = self.start("--quick", "--only", "footprint,curves")
        self.assertTrue(any("curve: PDK calls" in said for said in process.stderr))
        process.terminate()
        process.wait(SECONDS)
        self.assertEqual(set(json.loads(self.read("bench.json"))), {"machine", "run", "footprint"})
        self.assertIn("| supervisor and worker, MiB |", self.read("bench.md"))


if __name__ == "__main__":
    unittest.main()
