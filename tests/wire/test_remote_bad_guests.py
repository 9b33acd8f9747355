"""Programs that come by themselves (plugin_NAME_listen) and can't serve: they are sent away, and hurt nobody."""
import json
import os
import subprocess
import sys
import threading

import lib
import msgpack
import zmq

LIAR = os.path.join(os.path.dirname(lib.FIXTURES), "remote")
sys.path.insert(0, LIAR)
from liar import GREETINGS, HELLO, LEAVE, PLUGIN  # noqa: E402

WORDS = {"no-plugin": "has no plugin 'liar'", "other-name": "has no plugin 'liar'", "no-schema": "its schema is no JSON",
         "bad-schema": "schema", "no-priority": "priority (an integer)", "no-phases": "phases (texts)",
         "no-hello": "does not begin with HELLO", "version": "version"}


class BadGuests(lib.WireTest):
    def setUp(self):
        self.path = os.path.join(self.temp_dir(), "guest")
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, 0)

    def begin(self, **options):
        server = self.serve("liar", start=False, plugin_liar_listen="ipc://" + self.path, **options)
        server.start()
        lib.wait_until(lambda: os.path.exists(self.path), "the socket")
        return server

    def say_once(self, parts):
        """What is answered, or None: who listens may be about to end."""
        with self.context.socket(zmq.DEALER) as socket:
            socket.linger = 0
            socket.connect("ipc://" + self.path)
            socket.send_multipart(parts)
            return msgpack.unpackb(socket.recv()) if socket.poll(3000) else None

    def say(self, *parts):
        """What is answered."""
        return lib.wait_until(lambda: self.say_once(parts), "an answer to %r" % (parts,))

    def come(self):
        environment = dict(os.environ, OUTRIGGER_REMOTE="ipc://" + self.path)
        program = subprocess.Popen([sys.executable, os.path.join(LIAR, "liar.py"), "guest"], env=environment)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)

    def test_they_are_sent_away_and_the_right_one_serves(self):
        server = self.begin()
        for name, greeting in GREETINGS.items():
            with self.subTest(name):
                self.assertEqual(self.say(msgpack.packb(greeting)), [1, LEAVE, 0])
                server.wait_log(WORDS[name])
        self.assertIn("plugin 'liar': a program was sent away: ", server.log())
        good, several = (msgpack.packb([1, HELLO, 0, "x", [PLUGIN], *more]) for more in ((), (True,)))
        for parts in ([b""], [b"\xc1\xff\x00"], [b"\x91" * 5000 + b"\x01"], [good, good], [good, b"", good],
                      [good + good], [several + several]):
            with self.subTest(parts):
                self.assertEqual(self.say(*parts), [1, LEAVE, 0])
        self.come()
        server.wait_ready()
        self.assertEqual(self.say(good), [1, LEAVE, 0])  # one is there already
        self.assertEqual(self.say(good, good), [1, LEAVE, 0])
        with server.connect() as gateway:
            instance = gateway.start_instance("liar", json.dumps({"how": "good"}))
            self.assertEqual(gateway.event(instance)["Data"], "ret")

    def test_one_is_told_of_once_however_often_it_comes(self):
        server = self.begin()
        for _ in range(5):
            self.say(msgpack.packb(GREETINGS["other-name"]))
        self.say(msgpack.packb(GREETINGS["no-hello"]))
        server.wait_log("does not begin with HELLO")
        self.come()
        server.wait_ready()
        self.assertEqual(server.log().count("has no plugin 'liar'"), 1, server.log())

    def babble(self, enough):
        """Something wrong, as often as it goes."""
        with self.context.socket(zmq.DEALER) as socket:
            socket.linger = 0
            socket.connect("ipc://" + self.path)
            while not enough.is_set():
                if socket.poll(100, zmq.POLLOUT):
                    socket.send(b"\xc1", zmq.NOBLOCK)

    def test_one_that_says_something_wrong_without_an_end_is_waited_for_no_longer(self):
        enough = threading.Event()
        babbler = threading.Thread(target=self.babble, args=(enough,))
        server = self.begin(load_timeout="2s")
        babbler.start()
        try:
            server.wait_log("has come within")
        finally:
            enough.set()
            babbler.join()

    def test_where_none_other_comes_the_reason_is_said(self):
        server = self.begin(load_timeout="2s")
        self.say(msgpack.packb(GREETINGS["no-priority"]))
        server.wait_log("none that can serve has come within")
        lib.wait_until(lambda: os.path.exists(server.path()), "the socket")
        with self.assertRaises(lib.RpcError):
            with server.connect() as gateway:
                gateway.start_instance("liar", json.dumps({"how": "good"}))
        self.come()

        def is_served():
            try:
                with server.connect() as gateway:
                    instance = gateway.start_instance("liar", json.dumps({"how": "good"}))
                    return gateway.event(instance)["Data"] == "ret"
            except (lib.RpcError, OSError, EOFError):
                return False
        lib.wait_until(is_served, "the right program")


if __name__ == "__main__":
    lib.main()
