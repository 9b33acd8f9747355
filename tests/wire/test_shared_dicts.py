"""ngx.shared: between the workers of a plugin and no others, over deaths and reloads. Deaths at certain places need
a build with OUTRIGGER_FAULTS."""
import http.client
import os
import random
import re
import signal
import unittest

import lib

HANDLER = """
    function P:access()
        local name = kong.request.get_header("dict")
        local dict = ngx.shared[name]
        kong.log.notice("counts ", name, " ", dict and dict:incr("count", 1, 0), " in ", ngx.worker.pid())
    end"""
COUNTS = re.compile(r"counts (\w+) (\w+) in (\d+)")
FAULTS = ("LOCKED", "CHANGING", "BLOCK_TAKEN", "BUCKET_LINKED", "VALUE_WRITTEN", "CHANGED", "UNLOCKED")


def is_built():
    with open(lib.BINARY, "rb") as file:
        return b"COMMIT_COPIED" in file.read()


class SharedTest(lib.WireTest):
    def open(self, handler=HANDLER, **settings):
        self.server = self.serve_code("p", handler, **settings)

    def count(self, gateway, name="kong", plugin="p"):
        """What an event has counted, and the worker in which it ran."""
        calls = gateway.play(gateway.start_instance(plugin), lambda method, _: {
            "kong.request.get_header": name}.get(method))
        (line,) = [args[0] for method, args in calls[:-1] if method.startswith("kong.log")]
        _, count, pid = COUNTS.search(line).groups()
        return int(float(count)) if count != "nil" else None, int(pid)

    def workers(self):
        pid = self.server.process.pid
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]

    def reload(self):
        done = self.server.log().count("reload: done")
        self.server.signal(signal.SIGHUP)
        lib.wait_until(lambda: self.server.log().count("reload: done") > done, "a reload")


class Sharing(SharedTest):
    def test_the_workers_of_a_plugin_have_one_dictionary(self):
        self.open(workers=3)
        counts, pids = [], set()
        for _ in range(12):
            count, pid = self.count(self.connect(self.server))
            counts.append(count)
            pids.add(pid)
        self.assertEqual(counts, list(range(1, 13)))
        self.assertEqual(len(pids), 3)

    def test_other_plugins_have_one_of_their_own(self):
        folder = self.temp_dir()
        for name in "pq":
            os.mkdir(os.path.join(folder, name))
            for file, text in (("handler", "local P = { PRIORITY = 1, VERSION = '1' }\n%s\nreturn P" % HANDLER),
                               ("schema", lib.SCHEMA % name)):
                with open(os.path.join(folder, name, file + ".lua"), "w", encoding="utf-8") as out:
                    out.write(text)
        self.server = self.serve("p", "q", plugins_dir=folder)
        counts = [self.count(self.connect(self.server, plugin), plugin=plugin)[0] for plugin in "ppq"]
        self.assertEqual(counts, [1, 2, 1])

    def test_it_outlives_workers_and_reloads(self):
        self.open()
        g = self.connect(self.server)
        first, pid = self.count(g)
        self.reload()
        lib.wait_until(lambda: self.count(g)[1] != pid, "the next worker")
        second, pid = self.count(g)
        self.assertGreater(second, first + 1)
        lib.wait_until(lambda: lib.stat_field(pid, 0) == "S", "an idle worker")
        os.kill(pid, signal.SIGKILL)
        third, after = self.count(g)
        self.assertEqual(third, second + 1)
        self.assertNotEqual(pid, after)

    def one_of_two(self, folder, **settings):
        """One of two servers of the same socket, not started."""
        return self.serve_code("p", HANDLER, prefix=folder, exit_with_parent="on", log="stderr", start=False, **settings)

    def follow(self, first, second):
        second.start()
        second.wait_log("waiting for it to leave")
        first.signal()
        second.wait_ready()

    def test_it_outlives_a_server_that_another_one_follows(self):
        folder = self.temp_dir()
        first, second, third = [self.one_of_two(folder) for _ in range(3)]
        first.start()
        first.wait_ready()
        counts = [self.count(self.connect(first))[0] for _ in range(2)]
        self.follow(first, second)
        counts.append(self.count(self.connect(second))[0])
        self.follow(second, third)
        counts.append(self.count(self.connect(third))[0])
        self.assertEqual(counts, [1, 2, 3, 4])

    def test_a_follower_with_other_dictionaries_begins_with_empty_ones(self):
        folder = self.temp_dir()
        first = self.one_of_two(folder, nginx_http_lua_shared_dict="one 1m, two 2m")
        second = self.one_of_two(folder, nginx_http_lua_shared_dict="one 2m, two 1m")
        first.start()
        first.wait_ready()
        self.assertEqual([self.count(self.connect(first))[0] for _ in range(2)], [1, 2])
        self.follow(first, second)
        second.wait_log("shared dictionaries begin empty")
        self.assertEqual(self.count(self.connect(second))[0], 1)

    def test_dictionaries_are_named_by_the_configuration(self):
        self.open(nginx_http_lua_shared_dict="one 16k; lua_shared_dict two 1m")
        g = self.connect(self.server)
        self.assertEqual([self.count(g, name)[0] for name in ("one", "two", "one", "three")], [1, 1, 2, None])

    def test_one_process_has_them_too(self):
        self.open(single=True)
        self.assertEqual(self.count(self.connect(self.server))[0], 1)
        self.assertEqual(self.count(self.connect(self.server))[0], 2)


class Locks(SharedTest):
    def test_a_lock_is_held_by_one_worker_at_a_time(self):
        self.open("""
            local lock = require "resty.lock"
            function P:access()
                local l = assert(lock:new("kong_locks", { timeout = 50, exptime = 50, max_step = 0.01 }))
                for i = 1, 5 do
                    assert(l:lock("key"))
                    local n = ngx.shared.kong:get("n") or 0
                    ngx.sleep(0.001)
                    ngx.shared.kong:set("n", n + 1)
                    assert(l:unlock())
                end
                local _, err = l:unlock()
                assert(err == "unlocked" and select(2, lock:new("none")) == "dictionary not found")
                kong.response.set_header("n", ngx.shared.kong:get("n"))
            end""", workers=2, event_timeout="55s")
        gateways = [self.connect(self.server) for _ in range(4)]
        instance = gateways[0].start_instance("p")
        calls = [g.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
                 for g in gateways]
        counts = []
        for g, call in zip(gateways, calls):
            result = g.read_answer(call)
            counts.append(result["Data"]["Args"][1])
            self.assertEqual(g.step(result["EventId"], None)["Data"], "ret")
        self.assertEqual(max(counts), 20, counts)

    def test_workers_are_numbered(self):
        self.open("""
            function P:init_worker()
                kong.log.notice("worker ", ngx.worker.id(), " of ", ngx.worker.count())
            end""", workers=2)
        self.server.wait_log("worker 0 of 2")
        self.server.wait_log("worker 1 of 2")


class Deaths(SharedTest):
    LOAD = """
        local n = 0
        function P:access()
            local d = ngx.shared.little
            for i = 1, 300 do
                n = n + 1
                d:set("key " .. n % 40, ("v"):rep(n * 37 % 700), n % 5 / 1000)
                d:incr("count", 1, 0)
                d:rpush("list", ("e"):rep(n % 200))
                if n % 4 > 0 then d:lpop("list") end
            end
            kong.response.set_header("x", #d:get_keys(0))
        end"""

    def metric(self, name):
        address = re.search(r"/metrics are on http://(\S+):(\d+)", self.server.log()).groups()
        client = http.client.HTTPConnection(*address, timeout=lib.PATIENCE)
        try:
            client.request("GET", "/metrics")
            text = client.getresponse().read().decode()
        finally:
            client.close()
        return float(re.search(r"^%s\{[^}]*\} (\S+)$" % name, text, re.M).group(1))

    @unittest.skipUnless(is_built(), "needs OUTRIGGER_FAULTS")
    def test_a_worker_that_dies_with_the_lock_harms_nobody(self):
        for fault in FAULTS:
            with self.subTest(fault):
                os.environ["FAULT_OF_OUTRIGGER"] = "DICT_" + fault
                try:
                    self.open(status_listen="127.0.0.1:0")
                finally:
                    del os.environ["FAULT_OF_OUTRIGGER"]
                self.server.wait_log("/metrics are on")
                g = self.connect(self.server)
                instance = g.start_instance("p")
                ends = [g.play(instance, lambda method, _: "kong" if method.endswith("header") else None)[-1]
                        for _ in range(5)]
                lost = [end for end in ends if end != "ret"]
                self.assertEqual([end[0] for end in lost], ["kong.response.exit"])
                self.assertGreater(self.count(g)[0], 1)
                is_emptied = fault not in ("LOCKED", "CHANGED", "UNLOCKED")
                lib.wait_until(lambda: self.metric("outrigger_shared_dicts_emptied_total") == is_emptied,
                               "the count")
                if is_emptied:
                    self.server.wait_log("has been emptied")

    @staticmethod
    def ends(gateway, call):
        """Whether the event has an end, and not the connection whose worker died while it read or wrote."""
        try:
            result = gateway.read_answer(call)
            while result["Data"] != "ret" and result["Data"]["Method"] != "kong.response.exit":
                result = gateway.step(result["EventId"], None)
        except (EOFError, ConnectionError):
            return False
        return True

    def test_kills_at_random_under_load_leave_it_of_use(self):
        self.open(self.LOAD, workers=3, nginx_http_lua_shared_dict="little 32k", quarantine_after=1000,
                  event_timeout="50s", stall_timeout="50s")
        gateways = [self.connect(self.server) for _ in range(6)]
        instance = gateways[0].start_instance("p")
        chance = random.Random(7)
        for _ in range(15):
            calls = [g.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
                     for g in gateways]
            lib.wait_until(self.workers, "a worker")
            try:
                os.kill(chance.choice(self.workers()), signal.SIGKILL)
            except (IndexError, ProcessLookupError):
                pass
            for i, (g, call) in enumerate(zip(gateways, calls)):
                if not self.ends(g, call):
                    gateways[i] = self.connect(self.server)
        answers = []

        def works():  # once there is a worker again, which is waited for after many deaths
            answers.append(gateways[0].play(instance, lambda *_: None))
            return answers[-1][-1] == "ret"
        lib.wait_until(works, "a worker")
        self.assertGreater(int(answers[-1][0][1][1]), 0)


if __name__ == "__main__":
    lib.main()
