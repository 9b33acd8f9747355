"""Calls that come at once are handled in batches: what was answered in one whose worker then dies is answered.

Whether it was sent before depends on how long the others took, and must not matter."""
import os
import signal

import lib
from pb_gateway import PbGateway
from supervised import SupervisorTest, lives

COMPOSED = 5  # events that end before the one that does not come back; with it, and those behind it, one batch
BEHIND = 5


class Batches(SupervisorTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve("wire-do", event_timeout="50s", stall_timeout="50s")

    def handle_at_once(self, begin):
        """Has the calls that `begin` makes come at once, and kills the worker when one of them does not come back."""
        with self.server.connect() as ready:
            ready.call("plugin.GetStatus")
        pid = self.worker(self.server)
        os.kill(pid, signal.SIGSTOP)
        lib.wait_until(lambda: lib.stat_field(pid, 0) == "T", "a worker that has stopped")
        self.addCleanup(lambda: lives(pid) and os.kill(pid, signal.SIGCONT))
        begun = begin()
        before = int(lib.stat_field(pid, 11))
        os.kill(pid, signal.SIGCONT)
        lib.wait_until(lambda: int(lib.stat_field(pid, 11)) >= before + 10, "a loop")
        os.kill(pid, signal.SIGKILL)
        return begun

    def test_what_was_answered_before_the_worker_died_is_answered(self):
        gateways = [self.connect(self.server) for _ in range(COMPOSED + 1 + BEHIND)]
        reads, spins = self.start(gateways[0], "read"), self.start(gateways[0], "spin")
        for g in gateways:
            g.call("plugin.GetStatus")
        ends = [g.event(reads)["EventId"] for g in gateways[:COMPOSED - 1]]

        def begin():
            waiting = [g.start_call("plugin.Step", {"EventId": e, "Data": "v"}) for g, e in zip(gateways, ends)]
            for g, instance in zip(gateways[COMPOSED - 1:], [reads, spins] + [reads] * BEHIND):
                waiting.append(g.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"}))
            return waiting

        answers = [g.read_answer(i) for g, i in zip(gateways, self.handle_at_once(begin))]
        for answer in answers[:COMPOSED - 1]:
            self.assertEqual(answer["Data"], "ret")
        asked, lost, behind = answers[COMPOSED - 1], answers[COMPOSED], answers[COMPOSED + 1:]
        self.assertEqual(asked["Data"]["Method"], "kong.request.get_header")
        self.assertEqual(gateways[COMPOSED - 1].step(asked["EventId"], "v")["Data"], lib.EXIT_503)
        self.assertEqual(lost["Data"], lib.EXIT_503)
        for g, answer in zip(gateways[COMPOSED + 1:], behind):
            self.assertEqual(g.step(answer["EventId"], "v")["Data"], "ret")

    def test_so_it_is_over_protobuf(self):
        gateways = [PbGateway(self.server.path()) for _ in range(COMPOSED + 1 + BEHIND)]
        for g in gateways:
            self.addCleanup(g.close)
        reads = gateways[0].start_instance("wire-do", '{"mode":"read"}')
        spins = gateways[0].start_instance("wire-do", '{"mode":"spin"}')
        for g in gateways[1:]:
            g.start_instance("wire-do", '{"mode":"read"}')
        for g in gateways[:COMPOSED]:
            g.start_event(reads)
            g.read_call()

        def begin():
            for g in gateways[:COMPOSED]:
                g.answer("kong.request.get_header", "v")
            for g, instance in zip(gateways[COMPOSED:], [spins] + [reads] * BEHIND):
                g.start_event(instance)

        self.handle_at_once(begin)
        for g in gateways[:COMPOSED]:
            self.assertIsNone(g.read_call())
        self.assertEqual(gateways[COMPOSED].read_call()[0], "kong.response.exit")
        for g in gateways[COMPOSED + 1:]:
            self.assertEqual(g.read_call()[0], "kong.request.get_header")


if __name__ == "__main__":
    lib.main()
