"""What a peer can send too much of, and bytes that are no message."""
import random
import resource
import socket
import struct

import lib

# The test holds the other ends of a thousand connections.
_, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (HARD, HARD))


class Bytes(lib.WireTest):
    settings = {}

    def setUp(self):
        self.server = self.serve("wire-do", max_message_size="1m", max_message_depth="16")

    def assert_refused(self, data):
        """An unfinished message, then the end, and the writer meets no error meanwhile."""
        with self.server.connect() as g:
            g.send_bytes(data)
            g.send_bytes(b"x" * 100000)
            self.assertEqual(g.read_to_end(), lib.UNFINISHED)

    def assert_serves(self):
        with self.server.connect() as g:
            instance = g.start_instance("wire-do", '{"mode":"nothing"}')
            self.assertEqual(g.event(instance)["Data"], "ret")

    def test_what_is_no_message_ends_only_its_connection(self):
        good = self.connect(self.server)
        instance = good.start_instance("wire-do", '{"mode":"read"}')
        event = good.event(instance)["EventId"]
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x00", b"\xc1", b"\xff\xff\xff\xff", b"\x94\xc1",
                     b"\x90", b"\x91\x00", b"\x94\x02\x01\x01\x01", b"\x94\x01\x01\xc0\xc0",
                     b"\x94\x00\xa1x\xa1y\x90"):
            self.assert_refused(data)
        self.assertEqual(good.step(event, "v")["Data"], "ret")

    def test_random_bytes_do_not_end_the_server(self):
        rng = random.Random(2)
        for _ in range(50):
            with self.server.connect() as g:
                g.send_bytes(b"\x94\x00" + bytes(rng.randrange(256) for _ in range(200)))
                g.socket.shutdown(socket.SHUT_WR)
                g.read_to_end()
        self.assert_serves()

    def test_lengths_that_are_too_large_are_refused_at_once(self):
        begin = b"\x94\x00\x01"
        for data in (b"\xdb" + struct.pack(">I", 2**32 - 1), b"\xc6" + struct.pack(">I", 2**31),
                     b"\xdd" + struct.pack(">I", 2**32 - 1), b"\xdf" + struct.pack(">I", 2**31),
                     b"\xc9" + struct.pack(">I", 2**32 - 1), b"\xdb" + struct.pack(">I", 1 << 20)):
            self.assert_refused(begin + data)
        self.server.wait_log("max_message_size")

    def test_a_message_that_grows_too_large_is_refused(self):
        self.assert_refused(b"\x94\x00\x01\xddx\x00\x00\x00"[:4] + struct.pack(">I", 900000) +
                            b"\xc4\x02xx" * 300000)

    def test_nesting_that_is_too_deep_is_refused(self):
        self.assert_refused(b"\x94\x00\x01\xabplugin.Step" + b"\x91" * 64)
        self.server.wait_log("max_message_depth")

    def test_the_largest_allowed_message_passes(self):
        with self.server.connect() as g:
            event = g.event(g.start_instance("wire-do", '{"mode":"body"}'))["EventId"]
            result = g.step(event, b"x" * ((1 << 20) - 100))
            self.assertEqual(result["Data"]["Args"], ["x-length", (1 << 20) - 100])


class Connections(lib.WireTest):
    def test_a_thousand_connections_are_served_at_once(self):
        server = self.serve("wire-do", step_timeout="5m")
        first = self.connect(server)
        instance = first.start_instance("wire-do", '{"mode":"read"}')
        gateways = [self.connect(server) for _ in range(1000)]
        calls = [g.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
                 for g in gateways]
        events = [g.read_answer(call)["EventId"] for g, call in zip(gateways, calls)]
        self.assertEqual(first.call("plugin.GetStatus")["Events"], 1000)
        for g, event in zip(reversed(gateways), events):
            self.assertEqual(g.step(event, "v")["Data"], "ret")

    def test_one_more_than_max_connections_fails_closed_and_finds_room_later(self):
        server = self.serve("wire-do", max_connections=3)
        gateways = [self.connect(server) for _ in range(3)]
        for g in gateways:
            g.call("plugin.GetStatus")
        with server.connect() as refused:
            refused.send_bytes(b"\x94\x00\x01")
            self.assertEqual(refused.read_to_end(), lib.UNFINISHED)
        server.wait_log("max_connections")
        gateways[0].close()

        def served():
            with server.connect() as g:
                try:
                    return g.call("plugin.GetStatus")
                except (EOFError, OSError):
                    return None
        lib.wait_until(served, "room for a connection")

    def test_who_is_turned_away_can_still_write(self):
        """A gateway whose write fails lets the request pass; one whose read ends too early does not."""
        for single in ({}, {"single": True}):
            server = self.serve("wire-do", max_connections=1, **single)
            held = [self.connect(server) for _ in range(300)]
            held[0].call("plugin.GetStatus")
            late = [self.connect(server) for _ in range(3)]
            for g in late:
                self.assertEqual(g.read_to_end(), lib.UNFINISHED)
                for _ in range(3):
                    g.start_call("plugin.HandleEvent", {"InstanceId": 1, "EventName": "access"})

    def test_without_descriptors_who_is_turned_away_can_still_write(self):
        server = self.serve("wire-do")
        lib.limit_descriptors(server.process.pid, 0)
        g = self.connect(server)
        self.assertEqual(g.read_to_end(), lib.UNFINISHED)
        g.start_call("plugin.HandleEvent", {"InstanceId": 1, "EventName": "access"})

    def test_without_descriptors_connections_are_turned_away_and_served_again_later(self):
        server = self.serve("wire-do")
        first = self.connect(server)
        first.call("plugin.GetStatus")
        lib.limit_descriptors(server.process.pid, 4)
        many = [self.connect(server) for _ in range(30)]
        server.wait_log("no descriptor is left")
        first.call("plugin.GetStatus")
        for g in many:
            g.close()

        def served():
            try:
                with server.connect() as g:
                    return g.call("plugin.GetStatus")
            except (EOFError, OSError, AssertionError):
                return None
        lib.wait_until(served, "a descriptor")


class Events(lib.WireTest):
    def test_one_more_than_max_events_exits_and_is_served_later(self):
        server = self.serve("wire-do", max_events=4)
        g = self.connect(server)
        instance = g.start_instance("wire-do", '{"mode":"read"}')
        events = [g.event(instance)["EventId"] for _ in range(4)]
        result = g.event(instance)
        self.assertEqual(result["Data"], lib.EXIT_503)
        self.assertNotIn(result["EventId"], events)
        server.wait_log("max_events")
        self.assertEqual(g.event(instance, "log")["Data"], "ret")
        self.assertEqual(g.step(events[0], "v")["Data"], "ret")
        self.assertEqual(g.event(instance)["Data"]["Method"], "kong.request.get_header")


class Instances(lib.WireTest):
    def test_one_more_than_max_instances_is_refused_and_the_others_stay(self):
        server = self.serve("wire-do", max_instances=3)
        g = self.connect(server)
        ids = [g.start_instance("wire-do", '{"mode":"nothing","count":%d}' % i) for i in range(3)]
        with self.refuses("max_instances"):
            g.start_instance("wire-do", '{"mode":"nothing","count":9}')
        for instance in ids:
            self.assertEqual(g.event(instance)["Data"], "ret")


if __name__ == "__main__":
    lib.main()
