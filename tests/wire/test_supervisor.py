"""Workers that die, spin or are many; and a supervisor that dies."""
import json
import os
import signal

import lib
import pb_gateway
from supervised import SupervisorTest, lives, title


class Deaths(SupervisorTest):
    def test_each_plugin_has_a_worker_that_ps_names(self):
        server = self.serve("wire-do", "wire-mp")
        self.assertEqual(sorted(title(p) for p in self.workers(server)),
                         ["outrigger: worker wire-do/0", "outrigger: worker wire-mp/0"])

    def test_ps_names_the_supervisor_with_its_prefix_and_arguments(self):
        server = self.serve("wire-do")
        program, *arguments = server.command()
        self.assertEqual(title(server.process.pid).split("\0"),
                         ["outrigger: supervisor " + server.prefix, *arguments])
        with open("/proc/%d/comm" % server.process.pid, encoding="utf-8") as f:
            self.assertEqual(f.read().strip(), os.path.basename(program))

    def test_idle_connections_and_instances_go_on_with_the_next_worker(self):
        server = self.serve("wire-do")
        g, unused = self.connect(server), self.connect(server)
        instance = self.start(g, "read")
        for _ in range(3):
            self.kill_worker(server)
            self.assertEqual(g.play(instance, lambda *_: "v")[-1], "ret")
        self.assertEqual(unused.play(instance, lambda *_: "v")[-1], "ret")

    def test_a_step_for_an_event_that_died_ends_the_request(self):
        server = self.serve("wire-do")
        g = self.connect(server)
        events = [g.event(self.start(g, "read"), phase)["EventId"] for phase in ("access", "log")]
        self.kill_worker(server)
        self.assertEqual(g.step(events[0], "v")["Data"], lib.EXIT_503)
        self.assertEqual(g.step(events[1], "v")["Data"], "ret")
        self.assertEqual(g.event(self.start(g))["Data"], "ret")

    def test_a_call_whose_worker_dies_is_answered_by_the_contract(self):
        server = self.serve("wire-do", event_timeout="50s", stall_timeout="50s")
        g, other = self.connect(server), self.connect(server)
        call = {"InstanceId": self.start(g, "spin"), "EventName": "access"}
        for phase, answer in (("access", lib.EXIT_503), ("log", "ret")):
            call["EventName"] = phase
            message_id, pid = self.spin(server, g, call)
            waiting = other.start_call("plugin.GetStatus")
            os.kill(pid, signal.SIGKILL)
            self.assertEqual(g.read_answer(message_id)["Data"], answer)
            self.assertIn("Pid", other.read_answer(waiting))
        server.wait_log("[wire-do] worker")
        self.assertIn("has ended in this plugin's access: signal 9", server.log())

    def test_open_plugins_let_it_pass_by_an_error(self):
        server = self.serve("wire-do", on_error="open", event_timeout="50s", stall_timeout="50s")
        g = self.connect(server)
        call = {"InstanceId": self.start(g, "spin"), "EventName": "access"}
        message_id, pid = self.spin(server, g, call)
        os.kill(pid, signal.SIGKILL)
        with self.refuses("worker of wire-do has ended: signal 9"):
            g.read_answer(message_id)

    def test_a_protobuf_event_whose_worker_dies_ends_by_the_contract(self):
        server = self.serve("wire-do")
        g = pb_gateway.PbGateway(server.path())
        self.addCleanup(g.close)
        instance = g.start_instance("wire-do", '{"mode":"read"}')
        g.start_event(instance)
        call = g.read_call()
        self.kill_worker(server)
        g.answer(call[0], "v")
        # Killed before it has noted that it sent all: the connection is ended, which says why first.
        method = g.read_call()[0]
        self.assertEqual(g.read_call()[0] if method == "kong.log.err" else method, "kong.response.exit")

    def test_a_worker_without_descriptors_is_replaced_and_nobody_waits(self):
        server = self.serve("wire-do")
        g = self.connect(server)
        instance = self.start(g, "read")
        event = g.event(instance)["EventId"]
        pid = self.worker(server)
        lib.limit_descriptors(pid, 0)
        late = self.connect(server)
        self.assertEqual(late.play(instance, lambda *_: "v")[-1], "ret")
        self.assertEqual(g.step(event, "v")["Data"], lib.EXIT_503)
        self.assertNotEqual(self.worker(server), pid)

    def test_a_worker_that_does_not_listen_does_not_keep_the_server(self):
        server = self.serve("wire-do", drain_timeout="10ms", stall_timeout="50s")
        pid = self.worker(server)
        os.kill(pid, signal.SIGSTOP)
        late = [self.connect(server) for _ in range(600)]
        for g in late:
            g.start_call("plugin.GetStatus")
        lib.wait_until(lambda: len(os.listdir("/proc/%d/fd" % server.process.pid)) > len(late),
                       "all to be accepted")
        self.assertEqual(server.stop(), 0)
        self.assertFalse(lives(pid))

    def test_neighbours_do_not_notice(self):
        server = self.serve("wire-do", "wire-mp")
        g = self.connect(server, "wire-mp")
        before = self.worker(server, "wire-mp/0")
        g.start_instance("wire-mp", "{}")
        self.kill_worker(server)
        self.assertEqual(g.call("plugin.GetStatus")["Connections"], 1)
        self.assertEqual(self.worker(server, "wire-mp/0"), before)


class Loops(SupervisorTest):
    def end(self, server):
        """Without the look for a sanitizer's report: it makes one of each crash."""
        server.stop()
        server.remove()

    def test_a_crash_loop_leads_to_quarantine_and_out_again(self):
        server = self.serve("wire-do", "wire-mp", quarantine_after=2, quarantine_time="300ms",
                            event_timeout="50s", stall_timeout="50s")
        g = self.connect(server)
        instance = self.start(g, "overflow")
        fine = self.start(g)
        for _ in range(2):
            result = g.event(instance)
            self.assertEqual(result["Data"], lib.EXIT_503)
        server.wait_log("wire-do is in quarantine")
        with self.refuses("the worker of wire-do has ended"):
            while True:
                self.start(g)
        self.assertEqual(g.event(fine)["Data"], lib.EXIT_503)
        lib.wait_until(lambda: self.workers(server)[1:], "a worker for wire-do")
        lib.wait_until(lambda: g.event(fine)["Data"] == "ret", "an event that is served")


class Many(SupervisorTest):
    def test_connections_go_to_the_worker_that_has_the_fewest(self):
        server = self.serve("wire-do", workers=3)
        gateways = [self.connect(server) for _ in range(6)]
        self.assertEqual(len(self.workers(server)), 3)
        counts = [g.call("plugin.GetStatus")["Connections"] for g in gateways]
        self.assertEqual(counts[-3:], [2, 2, 2])

    def test_workers_share_instances_and_a_step_finds_its_event_over_any_connection(self):
        server = self.serve("wire-do", workers=2)
        a, b = self.connect(server), self.connect(server)
        instance = self.start(a, "read", count=2)
        result = b.event(instance)
        result = a.step(result["EventId"], "v")
        self.assertEqual(result["Data"]["Method"], "kong.request.get_header")
        self.assertEqual(b.step(result["EventId"], "v")["Data"], "ret")

    def test_a_large_step_finds_its_event_too(self):
        server = self.serve("wire-do", workers=2)
        a, b = self.connect(server), self.connect(server)
        instance = self.start(a, "body")
        workers = self.workers(server)
        for n in (1 << 10, 200 << 10, 2 << 20):
            result = a.step(b.event(instance)["EventId"], "x" * n)
            self.assertEqual(result["Data"]["Args"], ["x-length", n])
            self.assertEqual(b.step(result["EventId"], None)["Data"]["Args"], ["x-last", "xxxx"])
            a.step(result["EventId"], None)
        self.assertEqual(self.workers(server), workers)

    def test_plugins_may_share_a_process(self):
        server = self.serve("wire-do", "wire-mp", plugin_wire_do_process="x",
                            plugin_wire_mp_process="x")
        self.assertEqual([title(p) for p in self.workers(server)], ["outrigger: worker x/0"])
        g = self.connect(server, "wire-mp")
        self.assertEqual(g.event(self.start(g))["Data"], "ret")


class Stalls(SupervisorTest):
    def test_a_loop_that_can_be_stopped_is_and_the_worker_stays(self):
        server = self.serve("wire-do", stall_timeout="200ms")
        g = self.connect(server)
        pid = self.worker(server)
        calls = g.play(self.start(g, "spin"), lambda *_: None)
        self.assertIn("stall_timeout", calls[0][1][0])
        self.assertIn("stack traceback", calls[0][1][0])
        self.assertEqual({"Method": calls[1][0], "Args": calls[1][1]}, lib.EXIT_503)
        self.assertEqual(self.worker(server), pid)

    def test_one_that_cannot_costs_its_worker_and_nobody_else_anything(self):
        server = self.serve("wire-do", stall_timeout="100ms")
        g, other = self.connect(server), self.connect(server)
        self.start(other)
        result = g.event(self.start(g, "spin_compiled"))
        if "Args" in result["Data"] and result["Data"]["Method"] == "kong.log.err":
            return # PUC Lua: every loop can be stopped
        self.assertEqual(result["Data"], lib.EXIT_503)
        self.assertIn("Pid", other.call("plugin.GetStatus"))
        server.wait_log("has ended in this plugin's access")


class Ends(SupervisorTest):
    def test_calls_of_a_worker_that_does_not_leave_are_answered_by_the_contract(self):
        for signals, drain_timeout in ((2, "1000s"), (1, "100ms")):
            server = self.serve("wire-do", event_timeout="50s", stall_timeout="50s",
                                drain_timeout=drain_timeout)
            g, waiting, idle = [self.connect(server) for _ in range(3)]
            call = {"InstanceId": self.start(g, "spin"), "EventName": "access"}
            self.start(idle)
            message_id, pid = self.spin(server, g, call)
            other_id = waiting.start_call("plugin.HandleEvent", call)
            for _ in range(signals):
                server.signal()
                server.wait_log("leaving")
            self.assertEqual(g.read_answer(message_id)["Data"], lib.EXIT_503)
            self.assertEqual(waiting.read_answer(other_id)["Data"], lib.EXIT_503)
            self.assertEqual(idle.read_to_end(), lib.UNFINISHED)
            self.assertEqual(server.wait_end(), 0)
            self.assertFalse(lives(pid))
            self.assertIn("has ended in this plugin's access: signal 9", server.log())

    def test_workers_that_leave_are_no_alarm(self):
        server = self.serve("wire-do")
        g = self.connect(server)
        g.event(self.start(g, "read"))
        server.signal()
        server.wait_log("leaving")
        server.signal()
        self.assertEqual(server.wait_end(), 0)
        self.assertNotIn("has ended", server.log())

    def test_no_process_is_left(self):
        server = self.serve("wire-do", "wire-mp", workers=2)
        pids = self.workers(server)
        self.assertEqual(len(pids), 4)
        self.assertEqual(server.stop(), 0)
        self.assertFalse([p for p in pids if lives(p)])

    def test_a_plugin_that_can_be_loaded_later_is_announced_then(self):
        plugins = self.write_plugins(good="return {PRIORITY=1, VERSION='1', access=function() end}",
                                     bad="error('broken')")
        server = self.serve("good", "bad", plugins_dir=plugins, start=False, quarantine_time="10ms")
        server.start()
        server.wait_log("[bad] it is not served")
        dump = os.path.join(server.prefix, "bad.json")
        self.assertFalse(os.path.exists(dump))
        with open(os.path.join(plugins, "bad", "handler.lua"), "w", encoding="utf-8") as f:
            f.write("return {PRIORITY=7, VERSION='2', access=function() end}")
        server.wait_log("[bad] version 2 is served on")
        with open(dump, encoding="utf-8") as f:
            self.assertEqual(json.load(f)["Plugins"][0]["Priority"], 7)
        server.wait_log("[bad] its version, phases, priority or schema has changed")

    def test_a_worker_that_comes_back_with_other_code_is_announced(self):
        plugins = self.write_plugins(good="return {PRIORITY=1, VERSION='1', access=function() end}")
        server = self.serve("good", plugins_dir=plugins)
        with open(os.path.join(plugins, "good", "handler.lua"), "w", encoding="utf-8") as f:
            f.write("return {PRIORITY=7, VERSION='2', access=function() end}")
        self.kill_worker(server, "good/0")
        server.wait_log("[good] its version, phases, priority or schema has changed")
        with open(os.path.join(server.prefix, "good.json"), encoding="utf-8") as f:
            self.assertEqual(json.load(f)["Plugins"][0]["Priority"], 7)

    def write_plugins(self, **handlers):
        plugins = self.temp_dir()
        for name, text in handlers.items():
            os.mkdir(os.path.join(plugins, name))
            with open(os.path.join(plugins, name, "handler.lua"), "w", encoding="utf-8") as f:
                f.write(text)
            with open(os.path.join(plugins, name, "schema.lua"), "w", encoding="utf-8") as f:
                f.write("return {name='%s', fields={{config={type='record', fields={}}}}}" % name)
        return plugins

    def test_a_plugin_that_cannot_be_loaded_does_not_hinder_the_others(self):
        plugins = self.write_plugins(good="return {PRIORITY=1, VERSION='1', access=function() end}",
                                     bad="error('broken')")
        server = self.serve("good", "bad", plugins_dir=plugins, start=False)
        server.start()
        server.wait_log("[good] version")
        server.wait_log("bad can't be served")
        with server.connect("good") as g:
            self.assertEqual(g.event(g.start_instance("good", "{}"))["Data"], "ret")
        with server.connect("bad") as g:
            with self.refuses("broken"):
                g.start_instance("bad", "{}")
            self.assertEqual(g.event(7)["Data"], lib.EXIT_503)


if __name__ == "__main__":
    lib.main()
