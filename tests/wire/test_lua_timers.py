"""What a Lua plugin does at a later time: ngx.timer, kong.timer, ngx.sleep, semaphores, and init_worker."""
import json
import os
import shutil
import signal
import tempfile

import lib


class Timers(lib.WireTest):
    def open(self, handler, **settings):
        self.server = self.serve_code("p", handler, **settings)
        self.gateway = self.connect(self.server)
        self.instance = self.gateway.start_instance("p")

    def access(self):
        return self.gateway.play(self.instance, lambda method, args: None)

    def test_a_timer_runs_after_its_event_with_its_arguments(self):
        self.open("""
            function P:access()
                assert(ngx.timer.at(0, function(premature, a, b, c)
                    assert(ngx.get_phase() == "timer" and kong.ctx.plugin == nil)
                    kong.log.notice("ran ", premature, a, b, c)
                end, 1, nil, "x"))
            end""")
        self.assertEqual(self.access(), ["ret"])
        self.server.wait_log("ran false1nilx")

    def test_timers_can_be_started_by_init_worker_and_repeat(self):
        self.open("""
            function P:init_worker()
                local n = 0
                ngx.timer.every(0.001, function() n = n + 1 if n == 5 then kong.log.notice("five") end end)
            end""")
        self.server.wait_log("five")

    def test_a_timer_may_wait_while_events_run(self):
        self.open("""
            local go
            function P:access()
                if go then kong.log.notice("go") go:post() return end
                go = require("ngx.semaphore").new()
                ngx.timer.at(0, function()
                    kong.log.notice("waiting")
                    assert(go:wait(60))
                    for i = 1, 3 do ngx.sleep(0.001) end
                    kong.log.notice("went on")
                end)
            end""")
        self.access()
        self.server.wait_log("waiting")
        self.assertEqual(self.access()[0], ("kong.log.notice", ["handler.lua:5 go"]))
        self.server.wait_log("went on")

    def test_what_needs_the_gateway_fails_in_a_timer(self):
        self.open("""
            function P:access()
                ngx.timer.at(0, function()
                    kong.log.notice(select(2, pcall(kong.request.get_header, "a")))
                    error("broken here")
                end)
            end""")
        self.access()
        self.server.wait_log("kong.request.get_header can't be called outside of a request")
        self.server.wait_log("a timer failed: ")
        self.server.wait_log("broken here")

    def test_a_timer_that_never_ends_is_stopped(self):
        self.open("""
            -- LuaJIT makes no machine code of a loop that makes functions.
            local function spin() while true do (function() return 1 end)() end end
            function P:access() ngx.timer.at(0, spin) end""",
                  event_timeout="0.3s")
        self.access()
        self.server.wait_log("a timer failed: ")
        self.assertEqual(self.access(), ["ret"])

    def test_timers_are_counted_and_bad_ones_refused(self):
        self.open("""
            function P:access()
                ngx.timer.at(100, print)
                assert(ngx.timer.pending_count() == 1 and ngx.timer.running_count() == 0)
                assert(not pcall(ngx.timer.at, -1, print) and not pcall(ngx.timer.at, 0))
                assert(not pcall(ngx.timer.every, 0, print) and not pcall(ngx.sleep, -1))
                kong.log.notice("fine")
            end""")
        self.assertEqual(len(self.access()), 2)

    def test_a_kong_timer_has_a_name_and_can_be_stopped(self):
        self.open("""
            function P:access()
                local n = 0
                assert(kong.timer:named_every("tick", 0.001, function(_, word)
                    n = n + 1
                    if n == 3 then
                        assert(kong.timer:is_managed("tick") and kong.timer:cancel("tick"))
                        assert(not kong.timer:cancel("tick"))
                        assert(kong.timer:at(0.01, function() kong.log.notice(word, " ", n) end))
                    end
                end, "counted"))
                assert(not kong.timer:named_every("tick", 1, print))
            end""")
        self.access()
        self.server.wait_log("counted 3")


class Waits(lib.WireTest):
    """A handler that waits for something of its own."""

    def test_others_run_meanwhile_and_the_wait_counts_against_the_deadline(self):
        server = self.serve_code("p", """
            local gate = require("ngx.semaphore").new()
            function P:access() assert(gate:wait(60)) kong.log.notice("through") end
            function P:log() gate:post() end
            function P:rewrite() gate:wait(60) end""", event_timeout="1s")
        one, two = self.connect(server), self.connect(server)
        instance = one.start_instance("p")
        call = one.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
        self.assertEqual(two.event(instance, "log")["Data"], "ret")
        self.assertEqual(one.read_answer(call)["Data"]["Args"], ["handler.lua:4 through"])
        late = two.event(instance, "rewrite")
        self.assertIn("deadline exceeded", late["Data"]["Args"][0])
        self.assertEqual(two.step(late["EventId"])["Data"], lib.EXIT_503)

    def test_a_wait_may_stand_anywhere(self):
        server = self.serve_code("p", """
            function P:access()
                local text = ("abc"):gsub(".", function(c)
                    return select(2, pcall(function() ngx.sleep(0.001) return c:upper() end))
                end)
                local routine = coroutine.wrap(function() ngx.sleep(0.001) coroutine.yield(text) end)
                kong.log.notice(routine())
            end""")
        gateway = self.connect(server)
        calls = gateway.play(gateway.start_instance("p"), lambda method, args: None)
        self.assertEqual(calls[0][1], ["handler.lua:8 ABC"])

    def test_many_handlers_wait_at_once(self):
        server = self.serve_code("p", """
            local waiting, gate = 0, require("ngx.semaphore").new()
            function P:access()
                waiting = waiting + 1
                if waiting == 50 then gate:post(49) else assert(gate:wait(60)) end
                assert(gate:count() <= 0)
            end""")
        gateways = [self.connect(server) for _ in range(50)]
        instance = gateways[0].start_instance("p")
        calls = [g.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
                 for g in gateways]
        for gateway, call in zip(gateways, calls):
            self.assertEqual(gateway.read_answer(call)["Data"], "ret")

    def test_nothing_is_left_of_one_who_was_given_up(self):
        server = self.serve_code("p", """
            local gate = require("ngx.semaphore").new()
            function P:access(conf)
                if conf.word == "post" then
                    gate:post()
                    assert(gate:count() == 1 and gate:wait(0) and not gate:wait(0.001))
                else
                    gate:wait(60)
                end
            end""", event_timeout="0.2s")
        gateway = self.connect(server)
        lost = gateway.event(gateway.start_instance("p"))
        self.assertIn("deadline exceeded", lost["Data"]["Args"][0])
        gateway.step(lost["EventId"])
        post = gateway.start_instance("p", json.dumps({"word": "post"}))
        self.assertEqual(self.connect(server).event(post)["Data"], "ret")


class Beginning(lib.WireTest):
    def test_init_worker_and_configure_run_before_any_call(self):
        server = self.serve_code("p", """
            local n = 0
            function P:init_worker() n = n + 1 kong.log.notice("init ", n) end
            function P:configure(confs) kong.log.notice("confs ", confs and #confs) end""")
        server.wait_log("confs nil")
        server.wait_log("init 1")
        gateway = self.connect(server)
        gateway.start_instance("p")
        server.wait_log("confs 1")
        self.assertNotIn("init 2", server.log())

    def test_an_init_worker_that_raises_is_logged_and_tried_again(self):
        server = self.serve_code("p", """
            local n = 0
            function P:init_worker() n = n + 1 assert(n > 1, "not yet") end
            function P:access() kong.log.notice(n) end""")
        server.wait_log("not yet")
        gateway = self.connect(server)
        calls = gateway.play(gateway.start_instance("p"), lambda method, args: None)
        self.assertEqual(calls[0][1], ["handler.lua:5 2"])

    WAITING = """
        local gate, confs = require("ngx.semaphore").new(), -1
        function P:init_worker()
            ngx.timer.at(0.05, function() gate:post() end)
            assert(ngx.get_phase() == "init_worker" and not pcall(kong.request.get_header, "x"))
            assert(gate:wait(60))
            %s
        end
        function P:configure(all) confs = all and #all or 0 end
        function P:access() kong.log.notice("confs ", confs) end"""

    def test_events_wait_for_an_init_worker_that_waits(self):
        server = self.serve_code("p", self.WAITING % "kong.log.notice('ready')")
        gateway = self.connect(server)
        calls = gateway.play(gateway.start_instance("p"), lambda method, args: None)
        self.assertTrue(calls[0][1][0].endswith("confs 1"), calls)
        server.wait_log("ready")

    def test_events_fail_with_an_init_worker_that_fails_after_it_has_waited(self):
        path = os.path.join(tempfile.mkdtemp(), "fails")
        self.addCleanup(shutil.rmtree, os.path.dirname(path))
        server = self.serve_code("p", """
            local fails = true
            function P:init_worker()
                while fails and not io.open(%r) do ngx.sleep(0.01) end
                if fails then fails = false error("no use") end
            end
            function P:access() kong.log.notice("served") end""" % path)
        gateway, other = self.connect(server), self.connect(server)
        instance = gateway.start_instance("p")
        call = gateway.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
        other.start_instance("p")  # answered in the turn in which the event is seen, or later
        open(path, "w").close()
        calls = []
        answer = gateway.read_answer(call)
        while answer["Data"] != "ret":
            calls.append(answer["Data"]["Method"])
            if calls[-1] == "kong.response.exit":
                break
            answer = gateway.step(answer)
        self.assertEqual(calls[-1:], ["kong.response.exit"])
        server.wait_log("init_worker of plugin 'p'")
        server.wait_log("no use")
        calls = gateway.play(instance, lambda method, args: None)
        self.assertTrue(calls[0][1][0].endswith("served"), calls)

    def test_the_end_does_not_wait_for_an_init_worker(self):
        server = self.serve_code("p", "function P:init_worker() kong.log.notice('begun') ngx.sleep(1000) end")
        server.wait_log("begun")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait_end(), 0)


class Leaving(lib.WireTest):
    def test_what_is_pending_runs_prematurely_and_what_runs_gets_to_finish(self):
        server = self.serve_code("p", """
            function P:init_worker()
                ngx.timer.at(1000, function(premature)
                    kong.log.notice("pending ", premature, " ", ngx.worker.exiting())
                    ngx.timer.at(0, function(early) kong.log.notice("another ", early) end)
                    kong.log.notice(select(2, ngx.timer.at(1, print)))
                end)
                ngx.timer.at(0, function()
                    kong.log.notice("begun")
                    while not ngx.worker.exiting() do ngx.sleep(0.01) end
                    ngx.sleep(0.01)
                    kong.log.notice("finished")
                end)
            end""")
        server.wait_log("begun")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait_end(), 0)
        for text in ("pending true true", "another true", "process exiting", "finished"):
            self.assertIn(text, server.log())

    def test_what_never_finishes_is_given_up(self):
        server = self.serve_code("p", """
            function P:init_worker()
                ngx.timer.at(0, function() kong.log.notice("begun") while true do ngx.sleep(60) end end)
            end""", drain_timeout="0.2s")
        server.wait_log("begun")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait_end(), 0)


if __name__ == "__main__":
    lib.main()
