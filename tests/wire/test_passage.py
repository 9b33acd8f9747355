"""Two servers of one socket that follow each other: a step goes to who has its event, wherever it arrives."""
import json
import os

import lib
import test_supervisor


class PassageTest(test_supervisor.SupervisorTest):
    def setUp(self):
        self.dir = self.temp_dir()

    def one(self, **settings):
        return self.serve("wire-do", prefix=self.dir, exit_with_parent="on", log="stderr",
                          start=False, **settings)

    def first(self, **settings):
        server = self.one(**settings)
        server.start()
        server.wait_ready()
        return server

    def follow(self, first, **settings):
        """A successor that serves the socket now, while the first one drains."""
        second = self.one(**settings)
        second.start()
        second.wait_log("waiting for it to leave")
        first.signal()
        second.wait_ready()
        first.wait_log("is served by a successor now")
        return second

    def event(self, server, mode="read", **conf):
        """One that runs, whose connection its gateway has closed."""
        with server.connect() as g:
            return g.event(g.start_instance("wire-do", json.dumps({"mode": mode, **conf})))["EventId"]


class Passage(PassageTest):
    def test_a_step_that_reaches_the_successor_goes_on_where_its_event_is(self):
        first = self.first()
        event = self.event(first, count=3)
        second = self.follow(first)
        with second.connect() as g:
            self.assertEqual(g.step(event, "v")["Data"]["Method"], "kong.request.get_header")
        for _ in range(2):  # each on a connection of its own
            with second.connect() as g:
                result = g.step(event, "v")
        self.assertEqual(result["Data"], "ret")
        self.assertEqual(first.wait_end(), 0)

    def test_so_does_one_that_is_large(self):
        first = self.first()
        event = self.event(first, "body")
        second = self.follow(first)
        with second.connect() as g:
            result = g.step(event, "x" * (2 << 20))
            self.assertEqual(result["Data"]["Args"], ["x-length", 2 << 20])
            self.assertEqual(g.step(event)["Data"]["Args"], ["x-last", "xxxx"])
            self.assertEqual(g.step(event)["Data"], "ret")
        self.assertEqual(first.wait_end(), 0)

    def test_a_step_of_the_successors_event_that_reaches_the_first_one_goes_on_there(self):
        first = self.first()
        event, old = self.event(first), self.connect(first)
        old.call("plugin.GetStatus")
        second = self.follow(first)
        newer = self.event(second)
        self.assertEqual(old.step(newer, "v")["Data"], "ret")
        self.assertEqual(old.call("plugin.GetStatus")["Pid"], second.process.pid)
        with second.connect() as g:
            g.step(event, "v")
        self.assertEqual(first.wait_end(), 0)

    def test_workers_of_both_are_found(self):
        first = self.first(workers=2)
        events = [self.event(first) for _ in range(4)]
        second = self.follow(first, workers=2)
        for event in events:
            with second.connect() as g:
                self.assertEqual(g.step(event, "v")["Data"], "ret")
        self.assertEqual(first.wait_end(), 0)


class Loss(PassageTest):
    def test_an_event_that_ended_with_the_first_one_ends_the_request(self):
        first = self.first()
        event = self.event(first)
        second = self.follow(first)
        first.kill()
        with second.connect() as g:
            self.assertEqual(g.step(event, "v")["Data"], lib.EXIT_503)

    def test_a_connection_whose_server_is_killed_does_not_end_silently(self):
        first = self.first()
        event = self.event(first, count=2)
        second = self.follow(first)
        with second.connect() as g, second.connect() as other:
            g.step(event, "v")
            first.kill()
            self.assertTrue(g.read_to_end().endswith(lib.UNFINISHED))
            other.call("plugin.GetStatus")

    def test_who_says_what_makes_no_sense_is_left_alone(self):
        """Whoever asks for the registry may stay, and say anything."""
        server = self.first()
        event = self.event(server)
        for data in (b"", b"x", b"\xff" * 16, b"\0" * 16, bytes(range(256)) * 300):
            with lib.socket.socket(lib.socket.AF_UNIX, lib.socket.SOCK_SEQPACKET) as s:
                s.settimeout(lib.PATIENCE)
                s.connect(os.path.join(self.dir, "wire-do.socket.next"))
                self.assertEqual(s.recv(64)[:9], b"outrigger")
                s.send(data)
                self.assertEqual(s.recv(64), b"")
        with server.connect() as g:
            self.assertEqual(g.step(event, "v")["Data"], "ret")


if __name__ == "__main__":
    lib.main()
