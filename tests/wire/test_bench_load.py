"""The load generator of the benchmark checks what it hears: a plugin server that does something else is told of.

A server is played by the test, and says over MsgPack:1 what the test wants it to.
"""
import json
import os
import socket
import subprocess
import tempfile
import threading
import unittest

import msgpack

import lib

LOAD = os.path.join(os.path.dirname(lib.BINARY), "tests", "bench", "load")
EVENTS = 12
GET = ("kong.request.get_header", ["x-one"])
NONCE = object()  # stands for what the load has answered to the event's last call
SET = ("kong.response.set_header", ["x-two", NONCE])
EXIT = ("kong.response.exit", [200])


class Played:
    """A plugin server whose events do `calls`, whichever connections their steps come by."""

    def __init__(self, path, calls, started=None):
        self.calls, self.started = calls, {"Id": 1} if started is None else started
        self.events, self.used, self.lock = [], [], threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        """A thread for each connection."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        """Answers the calls of a connection."""
        unpacker = msgpack.Unpacker(raw=False)
        while True:
            try:
                data = connection.recv(65536)
            except ConnectionError:
                return
            if not data:
                connection.close()
                return
            unpacker.feed(data)
            for _, number, method, params in unpacker:
                with self.lock:
                    result = self.answer(method, params[0], connection)
                connection.sendall(msgpack.packb([1, number, None, result]))

    def answer(self, method, params, connection):
        """The result of a call."""
        if method == "plugin.StartInstance":
            return self.started
        if method == "plugin.HandleEvent":
            self.events.append(0)
            self.used.append([connection])
            return self.next(len(self.events) - 1, None)
        self.used[params["EventId"]].append(connection)
        return self.next(params["EventId"], params.get("Data"))

    def next(self, event, data):
        """What the event does now."""
        at = self.events[event]
        self.events[event] += 1
        if at == len(self.calls):
            return {"EventId": event, "Data": "ret"}
        method, args = self.calls[at]
        return {"EventId": event, "Data": {"Method": method, "Args": [data if a is NONCE else a for a in args]}}


class LoadCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="outrigger-load-")
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "socket")

    def play(self, *calls, **how):
        """A server whose events do this."""
        played = Played(self.path, calls, **how)
        self.addCleanup(played.listener.close)
        return played

    def load(self, *options, events=EVENTS):
        """(exit code, what it says, its figures)"""
        run = subprocess.run([LOAD, "--socket", self.path, "--plugin", "any", "--connections", "2", "--events",
                              str(events), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             timeout=lib.PATIENCE, check=False)
        return run.returncode, run.stderr, run.stdout

    def assert_right(self, *options):
        """All that it hears is as it should be."""
        code, said, figures = self.load(*options)
        self.assertEqual(code, 0, said)
        self.assertIn("%d events" % EVENTS, said)
        self.assertIn(" 0 wrong answers", said)
        self.assertEqual(json.loads(figures)["events"], EVENTS)

    def assert_wrong(self, calls, what, *options):
        """Each event is counted as wrong, and the first one named."""
        self.play(*calls)
        code, said, _ = self.load(*options)
        self.assertEqual(code, 1, said)
        self.assertIn(what, said)
        self.assertNotIn(" 0 wrong answers", said)


class RightAnswers(LoadCase):
    def test_a_header_is_read_and_set(self):
        self.play(GET, SET)
        self.assert_right()

    def test_many_headers_are_read_and_the_last_is_set(self):
        self.play(GET, ("kong.request.get_header", ["x-one-2"]), SET)
        self.assert_right("--steps", "3")

    def test_one_header_is_read(self):
        self.play(GET)
        self.assert_right("--steps", "1")

    def test_nothing_is_called(self):
        self.play()
        self.assert_right("--steps", "0")

    def test_a_body_is_read(self):
        self.play(("kong.request.get_raw_body", []))
        self.assert_right("--body", "70000")


class WrongAnswers(LoadCase):
    def test_a_header_is_read_again_and_none_is_set(self):
        self.assert_wrong([GET, GET], "step 2: a call that the plugin does not make there")

    def test_a_call_is_not_the_plugins(self):
        self.assert_wrong([("kong.nonsense.nothing", []), SET], "step 1: a call that the plugin does not make there")

    def test_nothing_is_set(self):
        self.assert_wrong([GET, ("kong.response.set_header", ["x-two", None])], "is not the one that was read")

    def test_a_number_is_set(self):
        self.assert_wrong([GET, ("kong.response.set_header", ["x-two", 5])], "is not the one that was read")

    def test_another_text_is_set(self):
        self.assert_wrong([GET, ("kong.response.set_header", ["x-two", "0000"])], "is not the one that was read")

    def test_another_header_is_set(self):
        self.assert_wrong([GET, ("kong.response.set_header", ["zzz", NONCE])], "whose name is not x-two")

    def test_another_header_is_read(self):
        self.assert_wrong([("kong.request.get_header", ["other"]), SET], "does not begin with x-one")

    def test_an_event_ends_early(self):
        self.assert_wrong([GET], "unexpected end")

    def test_an_event_goes_on(self):
        self.assert_wrong([GET, SET, SET], "a call too many")

    def test_an_event_exits(self):
        self.assert_wrong([GET, SET, EXIT], "unexpected end")

    def test_a_body_is_asked_for_too(self):
        self.assert_wrong([("kong.request.get_raw_body", []), SET], "a call that the plugin does not make there")


class Connections(LoadCase):
    def test_an_event_stays_on_its_connection(self):
        played = self.play(GET, SET)
        self.assert_right()
        self.assertEqual([len(set(used)) for used in played.used], [1] * EVENTS)

    def test_rotated_each_call_goes_by_another_connection(self):
        played = self.play(GET, SET)
        self.assert_right("--rotate")
        for used in played.used:
            for before, after in zip(used, used[1:]):
                self.assertIsNot(before, after)
        self.assertEqual(len({c for used in played.used for c in used}), 4)

    def test_fresh_each_event_has_a_new_connection(self):
        played = self.play(GET, SET)
        self.assert_right("--fresh")
        self.assertEqual(len({used[0] for used in played.used}), EVENTS)

    def test_rotated_rounds_follow_each_other(self):
        self.play(GET, SET)
        code, said, figures = self.load("--rotate", "--rounds", "3", "--warm", "5", events=7)
        self.assertEqual(code, 0, said)
        self.assertEqual([json.loads(line)["events"] for line in figures.splitlines()], [7, 7, 7])


class Mistakes(LoadCase):
    def assert_misused(self, what, *options):
        """It ends at once, and says what is wrong."""
        code, said, figures = self.load(*options)
        self.assertEqual((code, figures), (2, ""), said)
        self.assertIn(what, said)

    def test_options_that_make_no_sense_are_named(self):
        for options in (("--events", "abc"), ("--events", "0"), ("--rounds", "-1"), ("--connections", "16x"),
                        ("--connections", "0"), ("--instances", ""), ("--steps", "99999999999")):
            with self.subTest(options):
                self.assert_misused("load: %s '%s': must be a whole number" % options, *options)
        self.assert_misused("--protocol 'grpc': must be msgpack or protobuf", "--protocol", "grpc")
        self.assert_misused("--conf 'x': must be a JSON object", "--conf", "x")
        self.assert_misused("--conf", "--conf", '{"a":"%s"}' % ("a" * 600))
        self.assert_misused("of a process that runs", "--pid", "2147483647")
        self.assert_misused("for --protocol msgpack", "--rotate", "--protocol", "protobuf")

    def test_an_instance_that_has_no_id(self):
        self.play(GET, SET, started={"Name": "any"})
        code, said, _ = self.load()
        self.assertEqual(code, 1)
        self.assertIn("names no instance", said)

    def test_no_server(self):
        code, said, _ = self.load()
        self.assertEqual(code, 1)
        self.assertIn(self.path + ": No such file", said)

    def test_a_path_that_is_too_long_for_a_socket(self):
        self.path += "x" * 200
        code, said, _ = self.load()
        self.assertEqual(code, 1)
        self.assertIn("name too long", said)


if __name__ == "__main__":
    unittest.main()
