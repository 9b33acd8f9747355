"""Messages of several envelopes: docs/remote-protocol.md. Who can't read them gets none, and may send none."""
import contextlib
import json
import os
import signal

import lib
import supervised
from test_remote import program

EVENTS = 10


class Messages(lib.WireTest):
    def begin(self, greeting):
        server = self.serve("liar", plugin_liar_exec=program(greeting), quarantine_after=1000)
        (self.worker,) = supervised.children(server.process.pid)
        return server

    @contextlib.contextmanager
    def stopped(self):
        """What comes meanwhile is there at once when the worker goes on."""
        os.kill(self.worker, signal.SIGSTOP)
        lib.wait_until(lambda: lib.stat_field(self.worker, 0) == "T", "the worker's stop")
        try:
            yield
        finally:
            os.kill(self.worker, signal.SIGCONT)

    def events(self, server, how):
        """What each of many events that begin at once asks for first."""
        gateways = [self.connect(server) for _ in range(EVENTS)]
        instances = [gateway.start_instance("liar", json.dumps({"how": how})) for gateway in gateways]
        with self.stopped():
            calls = [gateway.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
                     for gateway, instance in zip(gateways, instances)]
        return [gateway.read_answer(call)["Data"] for gateway, call in zip(gateways, calls)]

    def in_one_message(self, server):
        """How many envelopes came with that of an event, for each."""
        return [int(call["Args"][0].rpartition("together: ")[2].split()[0]) for call in self.events(server, "together")]

    def test_what_is_said_to_a_program_at_once_is_one_message_if_it_reads_several(self):
        self.assertEqual(max(self.in_one_message(self.begin("several"))), EVENTS)
        self.assertEqual(self.in_one_message(self.begin("hello")), [1] * EVENTS)

    def test_a_program_may_say_many_things_in_one_message(self):
        self.assertEqual(self.events(self.begin("several"), "ends-together"), ["ret"] * EVENTS)

    def assert_breaks(self, greeting, how, text, well=0):
        """That many ended well before it."""
        server = self.begin(greeting)
        found = ["ret" if data == "ret" else data["Method"] for data in self.events(server, how)]
        server.wait_log(text)
        self.assertEqual(sorted(found), ["kong.response.exit"] * (EVENTS - well) + ["ret"] * well)

    def test_a_program_that_did_not_ask_for_them_may_send_none(self):
        self.assert_breaks("hello", "ends-together", "breaks the protocol: a message has several envelopes")

    def test_each_envelope_of_a_message_is_held_by_the_rules(self):
        for how, text in (("garbage-behind", "breaks the protocol: malformed MessagePack"),
                          ("cut-behind", "breaks the protocol: malformed MessagePack: it announces more than there is"),
                          ("lie-behind", "speaks of an event that it was not given")):
            with self.subTest(how):
                self.assert_breaks("several", how, text, well=1)

    def test_a_program_that_begins_with_several_is_refused(self):
        server = self.serve("liar", plugin_liar_exec=program("two-hellos"), start=False)
        server.start()
        self.assertEqual(server.wait_end(), 1)
        self.assertIn("a message has several envelopes", server.log())


if __name__ == "__main__":
    lib.main()
