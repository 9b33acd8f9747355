"""A plugin in C that spins, waits, overflows its stack or frees twice, wherever its code is called: the process
ends in time, and says whose code it was; no request passes."""
import os
import re
import unittest

import lib

NATIVE = os.path.join(os.environ.get("OUTRIGGER_BUILD_DIR") or os.path.dirname(lib.BINARY), "tests",
                      "native")
ENDLESS = "[native_hooks] its code never ends and can't be stopped"
CRASHED = "[native_hooks] crashed while its code ran"
# What is said of a block that is freed twice, by libc or by AddressSanitizer.
FREED_TWICE = re.compile(r"double[ -]free|double-free")


class HooksCase(lib.WireTest):
    def end(self, server):
        """Without the look for a sanitizer's report: it makes one of a crash."""
        server.stop()
        server.remove()

    def spoil(self, hook, way, **settings):
        server = self.serve("native_hooks", plugins_dir=NATIVE, start=False, single=True,
                            **settings)
        server.start(env={**os.environ, "NATIVE_HOOK": hook, "NATIVE_WAY": way})
        return server

    def idle(self, server):
        """A connection on which the gateway has called before. (It may be about to do so again.)"""
        gateway = self.connect(server)
        gateway.close_instance(7)
        return gateway

    def assert_ends(self, server, connections, text):
        for gateway in connections:
            self.assertEqual(gateway.read_to_end(), lib.UNFINISHED)
        self.assertNotIn(server.wait_end(), (0, 2))
        self.assertIn(text, server.log())

    def start(self, hook, way):
        """A server that is spoilt by the first instance; the connections that wait and idle."""
        server = self.spoil(hook, way)
        server.wait_ready()
        idle, gateway = self.idle(server), self.connect(server)
        gateway.start_call("plugin.StartInstance", {"Name": "native_hooks", "Config": "{}"})
        return server, (idle, gateway)

    def event(self, hook, way):
        """The same, spoilt by the first event or by its end."""
        server = self.spoil(hook, way, event_timeout="0.2s")
        server.wait_ready()
        idle, gateway = self.idle(server), self.connect(server)
        instance = gateway.start_instance("native_hooks")
        result = gateway.event(instance) if hook == "on_end" else None
        if result:
            gateway.start_call("plugin.Step", {"EventId": result["EventId"], "Data": "host"})
        else:
            gateway.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
        return server, (idle, gateway)


class Hooks(HooksCase):
    def test_hooks_that_never_end_end_the_process_before_the_gateway_stops_waiting(self):
        spoilt = [self.start(hook, way) for hook in ("instance_start", "configure") for way in ("spin", "block")]
        for server, connections in spoilt:
            self.assert_ends(server, connections, ENDLESS)

    def test_an_init_that_never_ends_ends_it_before_it_serves(self):
        for server in [self.spoil("init", way) for way in ("spin", "block")]:
            self.assert_ends(server, (), ENDLESS)

    def test_handlers_that_never_end_do_so_too(self):
        for way in ("spin", "block"):
            with self.subTest(way):
                self.assert_ends(*self.event("access", way), ENDLESS)

    def test_a_hook_that_never_ends_when_an_event_is_over_keeps_nobody_waiting(self):
        server, (idle, gateway) = self.event("on_end", "spin")
        self.assertEqual(gateway.read_answer(gateway.next_id)["Data"], "ret")
        self.assert_ends(server, (idle, gateway), ENDLESS)

    def test_hooks_that_never_end_when_all_is_over_do_not_keep_the_process(self):
        spoilt = [self.start(hook, "spin") for hook in ("instance_stop", "exit")]
        for server, (_, gateway) in spoilt:
            gateway.read_answer(gateway.next_id)
            server.signal()
        for server, _ in spoilt:
            self.assertEqual(server.wait_end(), 1)
            self.assertIn(ENDLESS, server.log())

    def test_an_object_that_never_loads_ends_the_process(self):
        for way in ("spin", "block"):
            server = self.spoil("load", way, load_timeout="0.1s")
            self.assertEqual(server.wait_end(), 1)
            self.assertIn("[native_hooks] it is still not loaded", server.log())

    def test_a_stack_that_overflows_lets_no_request_pass(self):
        for spoil, hook in ((self.start, "instance_start"), (self.start, "configure"), (self.event, "access")):
            with self.subTest(hook):
                self.assert_ends(*spoil(hook, "overflow"), CRASHED)
        self.assert_ends(self.spoil("init", "overflow"), (), CRASHED)

    def test_what_crashes_outside_of_a_call_is_named_too(self):
        server, (idle, gateway) = self.event("on_end", "overflow")
        gateway.read_answer(gateway.next_id)
        self.assert_ends(server, (idle, gateway), CRASHED)
        server, (idle, gateway) = self.start("timer", "overflow")
        gateway.read_answer(gateway.next_id)
        self.assert_ends(server, (idle, gateway), CRASHED)

    def test_a_block_that_is_freed_twice_lets_no_request_pass(self):
        server, connections = self.event("access", "free_twice")
        self.assert_ends(server, connections, CRASHED)
        self.assertRegex(server.log(), FREED_TWICE)


def is_sanitized():
    with open(lib.BINARY, "rb") as file:
        return b"__asan_init" in file.read()


@unittest.skipUnless(is_sanitized(), "a build with AddressSanitizer reports this, and no other")
class Reports(HooksCase):
    """What a plugin's author sees in a build with sanitizers."""

    def test_memory_of_an_event_that_is_used_when_it_is_over_is_reported(self):
        server = self.spoil("access", "keep")
        server.wait_ready()
        gateway = self.connect(server)
        instance = gateway.start_instance("native_hooks")
        self.assertEqual(gateway.play(instance, lambda *_: "host")[-1], "ret")
        gateway.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
        self.assert_ends(server, (gateway,), CRASHED)
        self.assertIn("use-after-poison", server.log())

    @unittest.skipUnless("detect_leaks=1" in os.environ.get("ASAN_OPTIONS", ""), "leaks are not looked for")
    def test_memory_that_a_plugin_never_frees_is_reported_when_the_process_ends(self):
        server = self.spoil("access", "leak")
        server.wait_ready()
        gateway = self.connect(server)
        self.assertEqual(gateway.play(gateway.start_instance("native_hooks"), lambda *_: "host")[-1], "ret")
        server.stop()
        self.assertRegex(server.log(), r"Direct leak of 12345 byte\(s\)[^\n]*\n(.*\n)?.*in leak .*native_hooks\.c:")


if __name__ == "__main__":
    lib.main()
