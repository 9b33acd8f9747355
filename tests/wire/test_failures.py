"""The failure contract: what the gateway gets when an event goes wrong."""
import json
import os
import signal

import lib


class FailureTest(lib.WireTest):
    settings = {}

    def setUp(self):
        self.server = self.serve("wire-do", **self.settings)
        self.gateway = self.connect(self.server)

    def start(self, mode):
        return self.gateway.start_instance("wire-do", json.dumps({"mode": mode}))

    def play(self, mode, phase="access"):
        return self.gateway.play(self.start(mode), lambda *_: "v", phase)

    def assert_closed(self, calls, *texts, status=500):
        """One kong.log.err with these texts, then the terminal exit, and nothing else."""
        (log, log_args), last = calls[-2:]
        self.assertEqual(log, "kong.log.err")
        self.assertEqual(len(log_args), 1)
        for text in texts:
            self.assertIn(text, log_args[0])
        exits = {500: lib.EXIT_500, 503: lib.EXIT_503}
        self.assertEqual({"Method": last[0], "Args": last[1]}, exits[status])

    def assert_still_serves(self):
        self.assertEqual(self.play("nothing"), ["ret"])


class Closed(FailureTest):
    def test_a_handler_that_raises_before_its_first_call_is_logged_and_exits(self):
        calls = self.play("raise")
        self.assertEqual(len(calls), 2)
        self.assert_closed(calls, "[wire-do] access failed", "boom", "stack traceback", "handler.lua:")
        self.assert_still_serves()

    def test_the_same_later_and_in_every_phase_that_can_be_refused(self):
        for phase in ("rewrite", "access", "response", "certificate"):
            calls = self.play("raise" if phase == "certificate" else "raise_later", phase)
            self.assert_closed(calls, "[wire-do] %s failed" % phase, "boom")

    def test_an_error_that_is_no_text_is_one_too(self):
        self.assert_closed(self.play("raise_table"))

    def test_in_the_log_phase_the_event_ends_as_if_nothing_had_been(self):
        self.assertEqual(self.play("raise", "log"), ["ret"])
        self.server.wait_log("boom")

    def test_our_log_has_it_once_with_event_and_plugin(self):
        result = self.gateway.event(self.start("raise"))
        self.gateway.step(result["EventId"])
        self.server.wait_log("*%d [wire-do] access failed" % result["EventId"])
        self.assertEqual(self.server.log().count("boom"), 1)

    def test_words_that_the_gateway_looks_for_only_reach_its_log(self):
        calls = self.play("raise_words")
        self.assert_closed(calls, "No Plugin Instance 7")

    def test_an_unknown_phase_exits(self):
        result = self.gateway.event(self.start("nothing"), "after")
        self.assertEqual(result["Data"], lib.EXIT_500)

    def test_malformed_events_and_steps_exit(self):
        instance = self.start("nothing")
        for method, params in (("plugin.HandleEvent", [{"InstanceId": "x", "EventName": "access"}]),
                               ("plugin.HandleEvent", [{"InstanceId": instance}]),
                               ("plugin.HandleEvent", []), ("plugin.HandleEvent", [7]),
                               ("plugin.Step", [{}]), ("plugin.Step", [{"EventId": -1}]),
                               ("plugin.StepMultiMap", [{"EventId": "x", "Data": {}}]),
                               (7, [{}]), (None, [])):
            self.assertEqual(self.gateway.call(method, *params)["Data"], lib.EXIT_500)
        self.assert_still_serves()

    def test_malformed_calls_that_are_no_events_are_answered_by_an_error(self):
        for params in ([], [7], [{"Name": "wire-do"}], [{"Config": "{}"}], [{"Name": 1, "Config": 2}]):
            with self.refuses("plugin.StartInstance"):
                self.gateway.call("plugin.StartInstance", *params)
        with self.refuses("plugin.CloseInstance"):
            self.gateway.call("plugin.CloseInstance", "x")

    def test_a_step_for_an_unknown_event_exits(self):
        for event in (0, 1, 2**43 + 5, 2**53 - 1, 2**62):
            self.assertEqual(self.gateway.step(event)["Data"], lib.EXIT_503)

    def test_a_step_for_an_event_that_has_ended_exits(self):
        result = self.gateway.event(self.start("read"))
        self.assertEqual(self.gateway.step(result["EventId"])["Data"], "ret")
        self.assertEqual(self.gateway.step(result["EventId"])["Data"], lib.EXIT_503)

    def test_an_exit_of_the_handler_ends_the_event_even_within_pcall(self):
        for mode in ("exit", "exit_in_pcall"):
            instance = self.start(mode)
            result = self.gateway.event(instance)
            self.assertEqual(result["Data"]["Method"], "kong.response.exit")
            self.assertEqual(self.gateway.step(result["EventId"])["Data"], lib.EXIT_503)
            self.assertEqual(self.gateway.call("plugin.InstanceStatus", instance)["Running"], 0)


class Open(FailureTest):
    settings = {"on_error": "open"}

    def test_the_gateway_gets_an_error_that_says_what_failed(self):
        with self.refuses("wire-do: .*boom"):
            self.play("raise")
        with self.refuses("wire-do: .*boom"):
            self.play("raise_later")
        self.assert_still_serves()

    def test_words_that_the_gateway_looks_for_are_changed(self):
        with self.assertRaises(lib.RpcError) as caught:
            self.play("raise_words")
        self.assertNotRegex(str(caught.exception).lower(), "no plugin instance|closed")
        self.assertIn("7", str(caught.exception))

    def test_unknown_events_are_an_error(self):
        with self.refuses("no such event"):
            self.gateway.step(5)

    def test_the_log_phase_ends_well(self):
        self.assertEqual(self.play("raise", "log"), ["ret"])


class OpenForOne(lib.WireTest):
    def test_a_plugin_can_be_open_beside_a_closed_one_on_the_same_socket(self):
        server = self.serve("wire-do", "wire-mp", socket=self.temp_dir() + "/s",
                            plugin_wire_mp_on_error="open")
        gateway = self.connect(server)
        do = gateway.start_instance("wire-do", '{"mode":"raise"}')
        mp = gateway.start_instance("wire-mp", '{"calls":"?"}')
        self.assertEqual(gateway.play(do, lambda *_: 1)[-1][0], "kong.response.exit")
        with self.refuses("wire-mp"):
            gateway.event(mp)
        self.assertEqual(gateway.step(5)["Data"], lib.EXIT_503)


class Deadlines(FailureTest):
    settings = {"event_timeout": "300ms", "step_timeout": "300ms"}

    def test_a_handler_that_spins_is_ended_and_the_next_is_served(self):
        for mode in ("spin", "spin_in_pcall", "spin_in_calls"):
            self.assert_closed(self.play(mode), "deadline exceeded", "event_timeout", status=503)
        self.assert_still_serves()

    def test_its_step_that_never_comes_is_given_up(self):
        instance = self.start("read")
        result = self.gateway.event(instance)
        self.server.wait_log("[wire-do] access is given up: the gateway has not answered "
                             "kong.request.get_header")
        self.assertEqual(self.gateway.step(result["EventId"])["Data"], lib.EXIT_503)
        self.assertEqual(self.gateway.call("plugin.InstanceStatus", instance)["Running"], 0)

    def test_the_same_for_the_log_call_of_a_failure(self):
        result = self.gateway.event(self.start("raise"))
        self.server.wait_log("has not answered kong.log.err")
        self.assertEqual(self.gateway.step(result["EventId"])["Data"], lib.EXIT_503)

    def test_calls_that_wait_for_a_client_get_longer(self):
        body = self.gateway.event(self.start("body"))
        self.assertEqual(body["Data"]["Method"], "kong.request.get_raw_body")
        self.gateway.event(self.start("read"))
        self.server.wait_log("has not answered kong.request.get_header")
        self.assertEqual(self.gateway.step(body["EventId"], b"text")["Data"]["Args"][0], "x-length")


class Waits(lib.WireTest):
    """Of a handler, for something of its own."""

    def play(self, lua, **settings):
        server = self.serve_code(handler="function P:access() %s end" % lua, **settings)
        with server.connect() as gateway:
            return gateway.play(gateway.start_instance("p"), lambda *_: "v")

    def test_many_short_ones_meet_the_deadline_as_one_long_one_does(self):
        calls = self.play("while true do ngx.sleep(0.02) end", event_timeout="300ms")
        self.assertIn("deadline exceeded", calls[0][1][0])
        self.assertEqual({"Method": calls[1][0], "Args": calls[1][1]}, lib.EXIT_503)

    def test_one_is_a_pause_behind_which_a_handler_may_run_again(self):
        calls = self.play("""
            ngx.sleep(1.2)
            local begun = os.clock()
            while os.clock() - begun < 0.05 do end
            kong.response.exit(200, "done")""", stall_timeout="1s", event_timeout="50s")
        self.assertEqual(calls[-1][1][:2], [200, "done"])


class Hopeless(lib.WireTest):
    """Without a supervisor."""

    def test_a_loop_that_cannot_be_stopped_ends_the_process_and_every_gateway_fails_closed(self):
        if os.environ.get("OUTRIGGER_LUA", "luajit") != "luajit":
            self.skipTest("PUC Lua has no compiler: every loop can be stopped")
        server = self.serve("wire-do", event_timeout="200ms", single=True)
        gateway, idle, waiting = (self.connect(server) for _ in range(3))
        idle.start_instance("wire-do", '{"mode":"nothing"}')
        instance = gateway.start_instance("wire-do", '{"mode":"spin_compiled"}')
        waiting.start_instance("wire-do", '{"mode":"nothing"}')
        gateway.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
        for connection in (gateway, idle, waiting):
            self.assertEqual(connection.read_to_end(), lib.UNFINISHED)
        self.assertEqual(server.wait_end(), 1)
        self.assertIn("can't be stopped", server.log())


class Crashes(lib.WireTest):
    """Without a supervisor."""

    def end(self, server):
        """Without the look for a sanitizer's report: it makes one of the crash."""
        server.stop()
        server.remove()

    def assert_closed_when(self, server, crash):
        waiting, idle = self.connect(server), self.connect(server)
        instance = waiting.start_instance("wire-do", '{"mode":"overflow"}')
        idle.start_instance("wire-do", '{"mode":"nothing"}')
        # Of the last answer it may not have noted yet that all of it was sent.
        self.connect(server).start_instance("wire-do", '{"mode":"nothing"}')
        crash(waiting, instance)
        for connection in (waiting, idle):
            self.assertEqual(connection.read_to_end(), lib.UNFINISHED)
        self.assertNotIn(server.wait_end(), (0, 2))

    def test_a_handler_whose_stack_is_full_lets_no_request_pass(self):
        server = self.serve("wire-do", single=True, stall_timeout="50s", event_timeout="50s")
        self.assert_closed_when(server, lambda gateway, instance: gateway.start_call(
            "plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"}))
        self.assertIn("[wire-do] crashed", server.log())

    def test_nor_does_a_crash_that_somebody_sent(self):
        for number in (signal.SIGSEGV, signal.SIGABRT):
            server = self.serve("wire-do", single=True, stall_timeout="50s", event_timeout="50s")
            self.assert_closed_when(server, lambda *_: server.signal(number))
            self.assertIn("[outrigger] crashed", server.log())


if __name__ == "__main__":
    lib.main()
