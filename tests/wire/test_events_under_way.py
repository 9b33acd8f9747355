"""More events than get on at once: those under way go first, those that wait lose nothing."""
import os
import signal
import socket

import lib
from pb_gateway import PbGateway
from supervised import SupervisorTest, lives

UNDER_WAY = 32  # as in server/worker.c
NEW = 20        # with those under way less than the loop takes in one turn
COUNTS = """
local n = 0
function P:access()
  n = n + 1
  kong.request.get_header("begun-" .. n)
  n = n + 1
  kong.response.set_header("got-on", tostring(n))
end
"""


def number(call):
    """Which of all that the plugin has done it was."""
    return int(call["Args"][-1].rsplit("-", 1)[-1])


class UnderWay(SupervisorTest):
    def stop_worker(self, server, name):
        """What comes from now on comes at once, when it goes on: SIGCONT."""
        pid = self.worker(server, name)
        os.kill(pid, signal.SIGSTOP)
        lib.wait_until(lambda: lib.stat_field(pid, 0) == "T", "a worker that has stopped")
        self.addCleanup(self.go_on, pid)
        return pid

    def go_on(self, pid):
        if lives(pid):
            os.kill(pid, signal.SIGCONT)

    def begin(self, gateways, instance):
        """The ids of the calls, which have not been answered."""
        return [g.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
                for g in gateways]

    def connect_many(self, server, count):
        gateways = [self.connect(server) for _ in range(count)]
        for g in gateways:
            g.call("plugin.GetStatus")
        return gateways

    def test_they_get_on_before_those_that_came_earlier_to_begin(self):
        server = self.serve_code(handler=COUNTS, drain_timeout="100ms")
        old, new = self.connect_many(server, UNDER_WAY), self.connect_many(server, NEW)
        instance = old[0].start_instance("p")
        events = [g.event(instance)["EventId"] for g in old]
        pid = self.stop_worker(server, "p/0")
        begun = self.begin(new, instance)
        steps = [g.start_call("plugin.Step", {"EventId": e, "Data": "v"}) for g, e in zip(old, events)]
        self.go_on(pid)
        got_on = [number(g.read_answer(i)["Data"]) for g, i in zip(old, steps)]
        began = [number(g.read_answer(i)["Data"]) for g, i in zip(new, begun)]
        self.assertEqual(sorted(got_on), list(range(UNDER_WAY + 1, 2 * UNDER_WAY + 1)))
        self.assertEqual(began, list(range(2 * UNDER_WAY + 1, 2 * UNDER_WAY + NEW + 1)))  # as they came

    def test_so_they_do_over_protobuf(self):
        server = self.serve_code(handler=COUNTS, drain_timeout="100ms")
        gateways = [PbGateway(server.path()) for _ in range(UNDER_WAY + NEW)]
        for g in gateways:
            self.addCleanup(g.close)
            instance = g.start_instance("p")
        old, new = gateways[:UNDER_WAY], gateways[UNDER_WAY:]
        for g in old:
            g.start_event(instance)
            g.read_call()
        pid = self.stop_worker(server, "p/0")
        for g in new:
            g.start_event(instance)
        for g in old:
            g.answer("kong.request.get_header", "v")
        self.go_on(pid)
        got_on = [int(g.read_call()[1][1]) for g in old]
        began = [int(g.read_call()[1][0].rsplit("-", 1)[-1]) for g in new]
        self.assertEqual(sorted(got_on), list(range(UNDER_WAY + 1, 2 * UNDER_WAY + 1)))
        self.assertEqual(began, list(range(2 * UNDER_WAY + 1, 2 * UNDER_WAY + NEW + 1)))

    def test_all_begin_though_none_under_way_gets_on(self):
        server = self.serve_code(handler=COUNTS, drain_timeout="100ms")
        gateways = self.connect_many(server, 5 * UNDER_WAY)
        instance = gateways[0].start_instance("p")
        began = [number(g.read_answer(i)["Data"]) for g, i in zip(gateways, self.begin(gateways, instance))]
        self.assertEqual(sorted(began), list(range(1, 5 * UNDER_WAY + 1)))

    def test_a_gateway_that_says_no_more_gets_its_answer(self):
        server = self.serve_code(handler=COUNTS, drain_timeout="100ms")
        old, new = self.connect_many(server, UNDER_WAY), self.connect_many(server, NEW)
        instance = old[0].start_instance("p")
        for g in old:
            g.event(instance)
        pid = self.stop_worker(server, "p/0")
        begun = self.begin(new, instance)
        new[-1].socket.shutdown(socket.SHUT_WR)
        self.go_on(pid)
        self.assertEqual([number(g.read_answer(i)["Data"]) for g, i in zip(new, begun)],
                         list(range(UNDER_WAY + 1, UNDER_WAY + NEW + 1)))

    def test_those_that_wait_survive_the_worker(self):
        server = self.serve("wire-do", event_timeout="50s", stall_timeout="50s")
        old, new = self.connect_many(server, UNDER_WAY), self.connect_many(server, NEW)
        (last,) = self.connect_many(server, 1)
        reads, spins = self.start(last, "read"), self.start(last, "spin")
        events = [g.event(reads)["EventId"] for g in old]
        pid = self.stop_worker(server, "wire-do/0")
        before = int(lib.stat_field(pid, 11))
        (spin,) = self.begin([last], spins)
        waiting = self.begin(new, reads)
        self.go_on(pid)
        lib.wait_until(lambda: int(lib.stat_field(pid, 11)) >= before + 10, "a loop")
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(last.read_answer(spin)["Data"], lib.EXIT_503)
        for g, message_id in zip(new, waiting):
            event = g.read_answer(message_id)
            self.assertEqual(event["Data"]["Method"], "kong.request.get_header")
            self.assertEqual(g.step(event["EventId"], "v")["Data"], "ret")
        for g, event in zip(old, events):
            self.assertEqual(g.step(event, "v")["Data"], lib.EXIT_503)


if __name__ == "__main__":
    lib.main()
