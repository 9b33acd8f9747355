"""Workers whose supervisor is dead."""
import os
import select
import signal
import socket
import time

import lib
import pb_gateway
from supervised import OrphansTest, lives


IDLE = "0.3s"


class Alone(OrphansTest):
    def test_its_workers_serve_on_and_accept_for_themselves(self):
        server = self.serve("wire-do", workers=2)
        g = self.connect(server)
        instance = self.start(g, "read")
        event = g.event(instance)["EventId"]
        self.kill_supervisor(server)
        self.assertEqual(g.step(event, "v")["Data"], "ret")
        for _ in range(4):
            with server.connect() as other:
                self.assertEqual(other.play(instance, lambda *_: "v")[-1], "ret")

    def test_a_successor_takes_over_and_they_leave(self):
        directory = self.temp_dir()
        first = self.serve("wire-do", "wire-mp", prefix=directory)
        g = self.connect(first)
        instance = self.start(g, "read")
        event = g.event(instance)["EventId"]
        left = self.kill_supervisor(first)
        second = self.serve("wire-do", "wire-mp", prefix=directory)
        self.assertEqual(g.step(event, "v")["Data"], "ret")
        g.close()
        with second.connect() as other:
            self.assertEqual(other.call("plugin.GetStatus")["Pid"], second.process.pid)
            self.assertEqual(other.play(instance, lambda *_: "v")[-1], "ret")
        for pid in left:
            lib.wait_until(lambda pid=pid: not lives(pid), "the end of a worker")

    def test_workers_that_may_write_nowhere_hand_over_too(self):
        directory = self.temp_dir()
        first = self.serve("wire-do", prefix=directory, workers=2, write_paths="off")
        g = self.connect(first)
        instance = self.start(g, "read")
        for _ in range(2):
            inode = os.stat(first.path() + ".next").st_ino
            left = self.kill_supervisor(first)
            lib.wait_until(lambda server=first: server.log().count("the supervisor is gone") == 2, "orphans")
            # The one that was there goes on: they could not make another.
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
                asking.settimeout(lib.PATIENCE)
                asking.connect(first.path() + ".next")
                self.assertEqual(asking.recv(100), b"outrigger-registry-1\0")
            self.assertEqual(os.stat(first.path() + ".next").st_ino, inode)
            first = self.serve("wire-do", prefix=directory, workers=2, write_paths="off")
            self.assertIn("1 instances are taken over", first.log())
            with first.connect() as other:
                self.assertEqual(other.play(instance, lambda *_: "v")[-1], "ret")
            g.close()
            for pid in left:
                lib.wait_until(lambda pid=pid: not lives(pid), "the end of a worker")
            self.assertTrue(os.path.exists(first.path() + ".next"))
            self.assertNotIn("can't make the socket", first.log())

    def test_who_has_asked_and_stays_hinders_no_successor(self):
        directory = self.temp_dir()
        first = self.serve("wire-do", prefix=directory)
        with first.connect() as g:
            instance = self.start(g, "read")
        self.kill_supervisor(first)
        lib.wait_until(lambda: "the supervisor is gone" in first.log(), "an orphan")
        for _ in range(10):
            asking = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.addCleanup(asking.close)
            asking.settimeout(lib.PATIENCE)
            asking.connect(first.path() + ".next")
        self.assertEqual(asking.recv(100), b"outrigger-registry-1\0")
        with self.serve("wire-do", prefix=directory).connect() as g:
            self.assertEqual(g.play(instance, lambda *_: "v")[-1], "ret")

    def test_bound_connections_are_ended_one_after_the_other(self):
        """The gateway tries an event again where it meets an end, but not an instance that it starts."""
        directory = self.temp_dir()
        first = self.serve("wire-do", prefix=directory)
        idle = [pb_gateway.PbGateway(first.path()) for _ in range(3)]
        for g in idle:
            self.addCleanup(g.close)
            instance = g.start_instance("wire-do", '{"mode":"nothing"}')
        self.kill_supervisor(first)
        self.serve("wire-do", prefix=directory)
        while idle:
            ended, _, _ = select.select([g.socket for g in idle], [], [], lib.PATIENCE)
            self.assertEqual(len(ended), 1)
            for g in [g for g in idle if g.socket not in ended]:
                self.assertEqual(g.play(instance, None), ["ret"])
            (over,) = [g for g in idle if g.socket in ended]
            self.assertEqual(over.read_to_end(), b"")
            over.close()
            idle.remove(over)

    def test_they_serve_whoever_is_connected_and_end_when_nobody_has_been_for_a_while(self):
        server = self.serve("wire-do", orphan_timeout=IDLE)
        g = self.connect(server)
        instance = self.start(g, "read")
        (pid,) = self.kill_supervisor(server)
        lib.wait_until(lambda: "the supervisor is gone" in server.log(), "an orphan")
        gone_at = time.monotonic()
        while time.monotonic() < gone_at + 10 * float(IDLE[:-1]):
            self.assertEqual(g.play(instance, lambda *_: "v")[-1], "ret")
        with server.connect() as other:
            self.assertEqual(other.play(instance, lambda *_: "v")[-1], "ret")
        self.assertNotIn("worker leaves", server.log())
        g.close()
        lib.wait_until(lambda: not lives(pid), "the end of the worker")
        self.assertIn("worker leaves: nobody is connected any more", server.log())


class Steps(OrphansTest):
    """Of events that orphans run, at a successor."""

    def begin(self, workers=1):
        """Events whose connections their gateway has closed, one for each worker; these are orphans, and then have a
        successor."""
        directory = self.temp_dir()
        first = self.serve("wire-do", prefix=directory, drain_timeout="1000s", workers=workers)
        gateways = [first.connect() for _ in range(workers)]
        events = [g.event(self.start(g, "read", count=3))["EventId"] for g in gateways]
        self.assertEqual(len({event >> 43 for event in events}), workers)
        for g in gateways:
            g.close()
        self.kill_supervisor(first)
        self.wait_each(first, "the supervisor is gone")
        second = self.serve("wire-do", prefix=directory, workers=workers)
        self.wait_each(first, "worker leaves: a successor serves")
        return events, second

    def wait_each(self, server, text):
        lib.wait_until(lambda: server.log().count(text) == len(self.left), text)

    def test_each_finds_its_worker_where_there_are_several(self):
        events, second = self.begin(workers=3)
        for _ in range(2):
            for event in events:
                with second.connect() as g:
                    self.assertEqual(g.step(event, "v")["Data"]["Method"], "kong.request.get_header")
        for event in events:
            with second.connect() as g:
                self.assertEqual(g.step(event, "v")["Data"], "ret")
        for pid in self.left:
            lib.wait_until(lambda pid=pid: not lives(pid), "the end of an orphan")

    def test_they_go_on_where_their_event_is_over_whatever_connection_they_come(self):
        (event,), second = self.begin()
        for _ in range(2):
            with second.connect() as g:
                self.assertEqual(g.step(event, "v")["Data"]["Method"], "kong.request.get_header")
        with second.connect() as g:
            self.assertEqual(g.step(event, "v")["Data"], "ret")
        (pid,) = self.left
        lib.wait_until(lambda: not lives(pid), "the end of the orphan")

    def test_where_it_has_died_meanwhile_the_request_ends(self):
        (event,), second = self.begin()
        (pid,) = self.left
        with second.connect() as g, second.connect() as other:
            g.step(event, "v")
            os.kill(pid, signal.SIGKILL)
            self.assertTrue(g.read_to_end().endswith(lib.UNFINISHED))
            self.assertEqual(other.step(event, "v")["Data"], lib.EXIT_503)


if __name__ == "__main__":
    lib.main()
