"""Many events at once, on whatever connections; gateways that vanish; large bodies."""
import json
import random

import lib


class EventTest(lib.WireTest):
    settings = {}

    def setUp(self):
        self.server = self.serve("wire-do", **self.settings)
        self.gateway = self.connect(self.server)

    def start(self, mode, **conf):
        return self.gateway.start_instance("wire-do", json.dumps({"mode": mode, **conf}))

    def events_running(self):
        return self.gateway.call("plugin.GetStatus")["Events"]


class Interleaved(EventTest):
    def test_steps_of_an_event_may_come_by_other_connections(self):
        instance = self.start("read", count=5)
        others = [self.connect(self.server) for _ in range(3)]
        result = self.gateway.event(instance)
        for i in range(1, 6):
            self.assertEqual(result["Data"]["Args"], ["x-%d" % i])
            result = others[i % 3].step(result["EventId"], "v")
        self.assertEqual(result["Data"], "ret")

    def test_the_connection_that_began_an_event_may_be_gone(self):
        instance = self.start("read")
        with self.server.connect() as first:
            event = first.event(instance)["EventId"]
        self.assertEqual(self.gateway.step(event, "v")["Data"], "ret")

    def test_message_ids_may_repeat_over_connections(self):
        instance = self.start("read")
        gateways = [self.connect(self.server) for _ in range(5)]
        for g in gateways:
            g.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"},
                         message_id=77)
        events = [g.read_answer(77)["EventId"] for g in gateways]
        self.assertEqual(len(set(events)), 5)
        for g, event in zip(gateways, events):
            result = g.call("plugin.Step", {"EventId": event, "Data": "v"}, message_id=78)
            self.assertEqual((result["EventId"], result["Data"]), (event, "ret"))

    def test_slow_gateways_hold_up_nobody(self):
        instance = self.start("read", count=2)
        slow = [self.gateway.event(instance) for _ in range(100)]
        with self.server.connect() as quick:
            self.assertEqual(quick.play(instance, lambda *_: "v")[-1], "ret")
        random.Random(1).shuffle(slow)
        for event in slow:
            self.assertEqual(self.gateway.step(event["EventId"], "v")["Data"]["Args"], ["x-2"])
        for event in reversed(slow):
            self.assertEqual(self.gateway.step(event["EventId"], "v")["Data"], "ret")

    def test_each_event_gets_its_own_answers(self):
        instance = self.start("echo")
        events = {self.gateway.event(instance)["EventId"]: i for i in range(50)}
        for event, i in sorted(events.items(), reverse=True):
            result = self.gateway.step(event, "value %d" % i)
            self.assertEqual(result["Data"]["Args"], ["out", "value %d" % i])

    def test_event_ids_are_whole_numbers_below_53_bits_and_never_repeat(self):
        instance = self.start("read")
        events = [self.gateway.event(instance)["EventId"] for _ in range(300)]
        for event in events[:150]:
            self.gateway.step(event, "v")
        events += [self.gateway.event(instance)["EventId"] for _ in range(300)]
        self.assertEqual(len(set(events)), 600)
        self.assertTrue(all(0 < e < 2**53 for e in events))


class Many(EventTest):
    def run_many(self, mode, n, last):
        instance = self.start(mode)
        for _ in range(n):
            self.assertEqual(self.gateway.event(instance)["Data"], last)
        self.assertEqual(self.events_running(), 0)
        self.assertEqual(self.gateway.call("plugin.InstanceStatus", instance)["Running"], 0)

    def test_handlers_without_a_call_leave_nothing_behind(self):
        self.run_many("nothing", 5000, "ret")

    def test_handlers_that_exit_leave_nothing_behind(self):
        self.run_many("exit", 5000, {"Method": "kong.response.exit", "Args": [403, {"message": "no"}]})


class Vanished(EventTest):
    settings = {"step_timeout": "200ms"}

    def test_events_whose_gateway_is_gone_in_the_middle_of_a_step_are_given_up(self):
        instance = self.start("read", count=3)
        for _ in range(20):
            with self.server.connect() as g:
                event = g.event(instance)["EventId"]
                g.start_call("plugin.Step", {"EventId": event, "Data": "v"})
        lib.wait_until(lambda: self.events_running() == 0, "all events to be given up")
        self.assertEqual(self.gateway.play(instance, lambda *_: "v")[-1], "ret")

    def test_a_gateway_that_goes_in_the_middle_of_a_message_disturbs_nobody(self):
        instance = self.start("read")
        for cut in (1, 5, 20, 60):
            with self.server.connect() as g:
                _, data = g.pack("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
                g.send_bytes(data[:cut])
        self.assertEqual(self.gateway.play(instance, lambda *_: "v")[-1], "ret")
        lib.wait_until(lambda: self.gateway.call("plugin.GetStatus")["Connections"] == 1,
                       "the other connections to be gone")

    def test_a_connection_that_is_only_half_closed_still_gets_its_answer(self):
        instance = self.start("read")
        with self.server.connect() as g:
            call = g.start_call("plugin.HandleEvent",
                                {"InstanceId": instance, "EventName": "access"})
            g.socket.shutdown(1)
            self.assertEqual(g.read_answer(call)["Data"]["Method"], "kong.request.get_header")
            self.assertEqual(g.read_to_end(), b"")


if __name__ == "__main__":
    lib.main()
