"""Calls that come at once are handled in batches: what was answered in one whose worker then dies is answered.

Whether it was sent before depends on how long the others took, and must not matter."""
import os
import signal
import unittest

import lib
from pb_gateway import PbGateway
from supervised import SupervisorTest, lives

COMPOSED = 5  # events that get on before the one that never comes back; with it, and those behind it, one batch
BEHIND = 5
ALL = COMPOSED + 1 + BEHIND


class BatchCase(SupervisorTest):
    spin = "spin"

    def stop(self, pid):
        """What comes from now on comes at once, when it goes on."""
        os.kill(pid, signal.SIGSTOP)
        lib.wait_until(lambda: lib.stat_field(pid, 0) == "T", "a process that has stopped")
        self.addCleanup(lambda: lives(pid) and os.kill(pid, signal.SIGCONT))

    def begin(self, server, pid):
        """Connections of MsgPack:1, one event of each at once, and the ids of the calls. The last of those that get on
        begins, the others end."""
        gateways = [self.connect(server) for _ in range(ALL)]
        for g in gateways:
            reads, spins = self.start(g, "read"), self.start(g, self.spin)
        events = [g.event(reads)["EventId"] for g in gateways[:COMPOSED - 1]]
        self.stop(pid)
        ids = [g.start_call("plugin.Step", {"EventId": e, "Data": "v"}) for g, e in zip(gateways, events)]
        for g, instance in zip(gateways[COMPOSED - 1:], [reads, spins] + [reads] * BEHIND):
            ids.append(g.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"}))
        return gateways, ids

    def begin_bound(self, server, pid):
        """The same over ProtoBuf:1, where all that get on end."""
        gateways = [PbGateway(server.path()) for _ in range(ALL)]
        for g in gateways:
            self.addCleanup(g.close)
            reads = g.start_instance("wire-do", '{"mode":"read"}')
            spins = g.start_instance("wire-do", '{"mode":"%s"}' % self.spin)
        for g in gateways[:COMPOSED]:
            g.start_event(reads)
            g.read_call()
        self.stop(pid)
        for g in gateways[:COMPOSED]:
            g.answer("kong.request.get_header", "v")
        for g, instance in zip(gateways[COMPOSED:], [spins] + [reads] * BEHIND):
            g.start_event(instance)
        return gateways


class Supervised(BatchCase):
    def setUp(self):
        self.server = self.serve("wire-do", event_timeout="50s", stall_timeout="50s")
        with self.server.connect() as ready:
            ready.call("plugin.GetStatus")
        self.pid = self.worker(self.server)

    def kill(self):
        before = int(lib.stat_field(self.pid, 11))
        os.kill(self.pid, signal.SIGCONT)
        lib.wait_until(lambda: int(lib.stat_field(self.pid, 11)) >= before + 10, "a loop")
        os.kill(self.pid, signal.SIGKILL)

    def test_what_was_answered_before_the_worker_died_is_answered(self):
        gateways, ids = self.begin(self.server, self.pid)
        self.kill()
        answers = [g.read_answer(i) for g, i in zip(gateways, ids)]
        for answer in answers[:COMPOSED - 1]:
            self.assertEqual(answer["Data"], "ret")
        asked, lost, behind = answers[COMPOSED - 1], answers[COMPOSED], answers[COMPOSED + 1:]
        self.assertEqual(asked["Data"]["Method"], "kong.request.get_header")
        self.assertEqual(gateways[COMPOSED - 1].step(asked["EventId"], "v")["Data"], lib.EXIT_503)
        self.assertEqual(lost["Data"], lib.EXIT_503)
        for g, answer in zip(gateways[COMPOSED + 1:], behind):
            self.assertEqual(g.step(answer["EventId"], "v")["Data"], "ret")

    def test_so_it_is_over_protobuf(self):
        gateways = self.begin_bound(self.server, self.pid)
        self.kill()
        for g in gateways[:COMPOSED]:
            self.assertIsNone(g.read_call())
        self.assertEqual(gateways[COMPOSED].read_call()[0], "kong.response.exit")
        for g in gateways[COMPOSED + 1:]:
            self.assertEqual(g.read_call()[0], "kong.request.get_header")


@unittest.skipIf(os.environ.get("OUTRIGGER_LUA", "luajit") != "luajit", "PUC Lua has no compiler: every loop can be stopped")
class Alone(BatchCase):
    """Without a supervisor the process ends."""

    spin = "spin_compiled"

    def setUp(self):
        self.server = self.serve("wire-do", event_timeout="200ms", single=True)
        self.server.wait_ready()
        self.pid = self.server.process.pid

    def kill(self):
        os.kill(self.pid, signal.SIGCONT)
        self.assertEqual(self.server.wait_end(), 1)

    def test_no_request_passes(self):
        gateways, ids = self.begin(self.server, self.pid)
        self.kill()
        for g, message_id in zip(gateways[:COMPOSED], ids):
            got = g.read_to_end()
            self.assertTrue(got == lib.UNFINISHED or got[:3] == bytes([0x94, 1, message_id]), got)
        for g in gateways[COMPOSED:]:
            self.assertEqual(g.read_to_end(), lib.UNFINISHED)

    def test_nor_over_protobuf(self):
        gateways = self.begin_bound(self.server, self.pid)
        self.kill()
        for g in gateways[:COMPOSED]:
            self.assertIsNone(g.read_call())
        self.assertEqual([gateways[COMPOSED].read_call()[0] for _ in range(2)], ["kong.log.err", "kong.response.exit"])
        for g in gateways[COMPOSED + 1:]:
            self.assertEqual(g.read_to_end(), b"")  # which it takes for a reason to try again


if __name__ == "__main__":
    lib.main()
