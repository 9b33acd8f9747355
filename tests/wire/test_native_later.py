"""What plugins in C do without a request: timers, and configure, which is told of all configurations."""
import json
import os

import lib

NATIVE = os.path.join(os.environ.get("OUTRIGGER_BUILD_DIR") or os.path.dirname(lib.BINARY), "tests",
                      "native")


class Later(lib.WireTest):
    def open(self, **settings):
        self.server = self.serve("native_later", plugins_dir=NATIVE, **settings)
        self.gateway = self.connect(self.server)

    def start(self, name, **conf):
        return self.gateway.start_instance("native_later", json.dumps({"name": name, **conf}))

    def known(self, instance):
        """What configure has told the plugin last, as its log handler says."""
        calls = self.gateway.play(instance, lambda method, args: None, "log")
        self.assertEqual((calls[0][0], calls[1:]), ("kong.log.notice", ["ret"]))
        return calls[0][1][0]

    def test_timers_run_after_the_event_that_started_them(self):
        self.open()
        self.assertEqual(self.gateway.event(self.start("me", do="now"))["Data"], "ret")
        self.server.wait_log("[native_later] timer: the argument of me, instance me")

    def test_timers_run_again_and_again_until_they_are_stopped(self):
        self.open()
        self.start("me", do="three", at_start=True)
        self.server.wait_log("[native_later] run 3, 2 have ended")
        self.assertEqual(self.known(self.start("other")), "known:  me other")

    def test_timers_run_while_the_gateway_works_for_an_event(self):
        self.open()
        instance = self.start("me", do="now")
        waiting = self.connect(self.server)
        step = waiting.event(instance, "log")
        self.gateway.event(instance)
        self.server.wait_log("timer: the argument of me")
        self.assertEqual(waiting.step(step["EventId"])["Data"], "ret")

    def test_what_needs_the_gateway_fails_in_a_timer(self):
        self.open()
        self.gateway.event(self.start("me", do="ask"))
        self.server.wait_log("-4 unchanged: kong.request.get_header can't be called outside of a request")
        self.server.wait_log("a timer failed: kong.response.exit can't be called outside of a request")

    def test_a_timer_that_never_ends_ends_the_process_and_no_request_passes(self):
        self.open(stall_timeout="0.2s", single=True)
        instance = self.start("me", do="spin")
        self.gateway.event(instance)
        self.server.wait_log("spinning")
        self.gateway.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
        self.assertNotEqual(self.server.wait_end(), 0)
        self.assertIn("can't be stopped", self.server.log())
        self.assertEqual(self.gateway.read_to_end(), lib.UNFINISHED)

    def test_timers_that_wait_keep_nobody_from_leaving(self):
        self.open()
        self.start("me", do="every", at_start=True)
        self.assertEqual(self.server.stop(), 0)

    def test_configure_is_told_before_the_first_event_and_after_the_last_close(self):
        self.open()
        one = self.start("one")
        self.assertEqual(self.known(one), "known:  one")
        two = self.start("two")
        self.assertEqual(self.known(one), "known:  one two")
        self.gateway.close_instance(one)
        self.assertEqual(self.known(two), "known:  two")

    def test_configure_that_fails_is_logged_and_stops_nothing(self):
        self.open()
        self.start("one")
        bad = self.start("unwanted")
        self.server.wait_log("configure of plugin 'native_later': 'unwanted' is one of 2")
        self.assertEqual(self.known(bad), "known:  one")


if __name__ == "__main__":
    lib.main()
