"""Every metric that a page has, and every value of those labels that tell kinds, is moved by something that happens: a new one
that nothing moves fails here. Names and kinds are the server's own."""
import json
import os
import re
import signal
import subprocess

import lib
from test_metrics import MetricsTest

CODE = """
function P:access(conf)
    return assert(loadstring(conf.word))()
end
"""
SPIN = "local n = 0 while true do n = (function() return n + 1 end)() end"
READ = "kong.request.get_header('x') kong.request.get_header('x') kong.log.debug('x')"
EXIT = "kong.response.exit(403)"
# Writes rubbish to where a shared dictionary keeps what leads to its items, then looks for some.
DAMAGE = """
local dict = ngx.shared.d
for i = 1, 1000 do dict:set("k" .. i, i) end
for line in io.lines("/proc/self/maps") do
    if line:find("memfd:outrigger-shared", 1, true) then
        local memory = assert(io.open("/proc/self/mem", "r+b"))
        memory:seek("set", tonumber(line:match("-(%x+)"), 16) - 1048576 + 4096) -- the last one is d
        memory:write(("\255"):rep(24576))
        memory:close()
    end
end
for i = 1, 1000 do dict:get("k" .. i) end
"""
CONSTANT = {"outrigger_info"}  # 1, always
KIND = re.compile(r'(?:outcome|how|result)="([^"]*)"')


def source(path):
    with open(os.path.join(lib.SOURCE, path), encoding="utf-8") as file:
        return file.read()


def kinds():
    """Of what the code can tell in those labels."""
    return {*re.findall(r'^OUTCOME\(\w+, "(\w+)"\)', source("server/metrics/outcomes.def"), re.MULTILINE),
            *re.findall(r'\[PDK_COUNT_\w+\] = "(\w+)"', source("pdk-bridge/pdk_counters.c")),
            "started", "refused"}


class Moved(MetricsTest):
    def setUp(self):
        self.moved, self.moved_kinds, self.last = set(), set(), {}

    def family(self, sample):
        name = sample.partition("{")[0]
        base = re.sub("_(bucket|sum|count)$", "", name)
        return name if name in self.families else base

    def look(self):
        """Notes what has another value than at the last look."""
        text = self.get("/metrics")[1]
        self.families = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
        result = subprocess.run(["promtool", "check", "metrics"], input=text, check=False, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=lib.PATIENCE)
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        now = self.metrics()
        for sample, value in now.items():
            if value != self.last.get(sample, 0):
                self.moved.add(self.family(sample))
                self.moved_kinds.update(KIND.findall(sample))
        self.last = now

    def wait_moved(self, family, sample_part=""):
        def has_moved():
            before = {key: value for key, value in self.last.items() if key.startswith(family)}
            self.look()
            return any(value != before.get(key, 0) for key, value in self.last.items()
                       if key.startswith(family) and sample_part in key)
        lib.wait_until(has_moved, "%s %s" % (family, sample_part))

    def serve_moved(self, **settings):
        self.last = {}
        folder = os.path.join(self.temp_dir(), "plugins")
        self.handler = os.path.join(folder, "p", "handler.lua")
        os.makedirs(os.path.dirname(self.handler))
        self.write("1.0.0")
        with open(os.path.join(folder, "p", "schema.lua"), "w", encoding="utf-8") as file:
            file.write(lib.SCHEMA % "p")
        server = self.serve_status("p", plugins_dir=folder, drain_timeout="100ms", **settings)
        server.wait_ready()
        self.last = self.metrics()  # what it has from its start on is no move
        self.families = set()
        return server

    def write(self, version):
        with open(self.handler, "w", encoding="utf-8") as file:
            file.write("local P = { PRIORITY = 1, VERSION = '%s' }\n%s\nreturn P\n" % (version, CODE))

    @staticmethod
    def begin(gateway, code):
        return gateway.event(gateway.start_instance("p", json.dumps({"word": code})))

    def worker(self, server):
        text = subprocess.run([lib.BINARY, "status", "--json", "--prefix", server.prefix], check=True,
                              stdout=subprocess.PIPE, text=True, timeout=lib.PATIENCE).stdout
        return json.loads(text)["groups"][0]["workers"][0]["pid"]

    def spin(self, server, gateway):
        """Begins an event that is in a loop when this returns."""
        worker = self.worker(server)
        call = {"InstanceId": gateway.start_instance("p", json.dumps({"word": SPIN})), "EventName": "access"}
        before = int(lib.stat_field(worker, 11))
        message = gateway.start_call("plugin.HandleEvent", call)
        lib.wait_until(lambda: int(lib.stat_field(worker, 11)) >= before + 10, "a loop")
        return worker, message

    # What happens; each is told by the metric that it is named for, and by others.

    def events_and_calls(self):
        server = self.serve_moved(max_events=1, step_timeout="20s", event_timeout="25s")
        g = self.connect(server)
        self.wait_moved("outrigger_connections")
        for code in ("return", READ, EXIT, "error('x')"):
            g.play(g.start_instance("p", json.dumps({"word": code})), lambda *_: "v")
        with self.refuses("word"):
            g.start_instance("p", '{"word":1}')
        event = self.begin(g, READ)
        self.wait_moved("outrigger_events_running")
        self.begin(g, "return")
        self.wait_moved("outrigger_events_total", "refused")
        g.step(event["EventId"], "v")
        self.wait_moved("outrigger_events_total", "ok")
        self.wait_moved("outrigger_uptime_seconds")
        self.spin(server, g)
        self.wait_moved("outrigger_worker_cpu_seconds_total")

    def timeouts(self):
        server = self.serve_moved(event_timeout="50ms", stall_timeout="20s")
        g = self.connect(server)
        g.play(g.start_instance("p", json.dumps({"word": SPIN})), lambda *_: None)
        self.wait_moved("outrigger_events_total", "timeout")

    def gateways_that_do_not_answer(self):
        server = self.serve_moved(step_timeout="50ms")
        self.begin(self.connect(server), READ)
        self.wait_moved("outrigger_events_total", "gone")

    def deaths(self):
        server = self.serve_moved(event_timeout="50s", stall_timeout="50s", quarantine_after=2, quarantine_time="5m")
        g = self.connect(server)
        for family in ("outrigger_worker_restarts_total", "outrigger_quarantined"):
            worker, message = self.spin(server, g)
            os.kill(worker, signal.SIGKILL)
            g.read_answer(message)
            self.wait_moved(family)

    def stalls(self):
        """A worker that can't even stop its own code."""
        server = self.serve_moved(event_timeout="8s", stall_timeout="8s")
        g = self.connect(server)
        worker, message = self.spin(server, g)
        os.kill(worker, signal.SIGSTOP)
        g.read_answer(message)
        self.wait_moved("outrigger_plugin_stalls_total")

    def damaged_dictionaries(self):
        server = self.serve_moved(nginx_http_lua_shared_dict="d 1m", landlock="off", core_dumps="on")
        self.assertEqual(self.begin(self.connect(server), DAMAGE)["Data"], "ret")
        self.wait_moved("outrigger_shared_dicts_emptied_total")

    def other_versions(self):
        server = self.serve_moved()
        self.write("2.0.0")
        server.signal(signal.SIGHUP)
        server.wait_log("reload: done")
        self.wait_moved("outrigger_kong_reload_pending")

    def test_there_is_nothing_that_nothing_moves(self):
        for happens in (self.events_and_calls, self.timeouts, self.gateways_that_do_not_answer, self.deaths,
                        self.stalls, self.damaged_dictionaries, self.other_versions):
            happens()
        self.assertEqual(self.families - self.moved - CONSTANT, set())
        self.assertEqual(kinds() - self.moved_kinds, set())


if __name__ == "__main__":
    lib.main()
