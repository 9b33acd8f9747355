"""The packages for Python and JavaScript with an Outrigger that is played by hand: what they say, in how many messages,
and that each event has its END, whenever it is cancelled."""
import json
import os
import subprocess
import sys

import lib
import msgpack
import zmq
from remote_programs import JAVASCRIPT, PYTHON, Program

sys.path.insert(0, os.path.join(os.path.dirname(lib.FIXTURES), "remote"))
from liar import ANSWER, CALL, CANCEL, END, EVENT, HELLO, LEAVE, START, WELCOME  # noqa: E402

FUNCTIONS = [{"name": "kong.request.get_header", "args": [{"name": "name", "type": "string", "optional": False}],
              "returns": "string", "ends": False, "doc": ""}]
EVENTS = 8
NUMBERS = range(1, EVENTS + 1)
CANCELS = [[1, CANCEL, number] for number in NUMBERS]


class Library(lib.WireTest):
    LANGUAGE, FIXTURE = PYTHON, "e2e-python"
    ASKS = "kong.request.get_header('x-one')"
    MESSAGES = EVENTS  # at most: threads speak when they like

    def begin(self, several=65536):
        """Until WELCOME."""
        context = zmq.Context()
        self.addCleanup(context.destroy, 0)
        self.socket = context.socket(zmq.ROUTER)
        self.socket.rcvtimeo = lib.PATIENCE * 1000
        address = "ipc://" + os.path.join(self.temp_dir(), "link")
        self.socket.bind(address)
        it = Program(self.LANGUAGE, self.FIXTURE)
        self.program = subprocess.Popen(it.words, env=it.environment(OUTRIGGER_REMOTE=address))
        self.addCleanup(self.program.wait)
        self.addCleanup(self.program.kill)
        self.peer, data = self.socket.recv_multipart()
        _, kind, _, _, _, reads_several = msgpack.unpackb(data)
        self.assertEqual((kind, reads_several), (HELLO, True))
        self.say([1, WELCOME, 0, {"plugin": self.FIXTURE, "credit": 64, "heartbeat": 30, "log_level": 8,
                                  "kong_version": 309, "several": several, "functions": FUNCTIONS}])

    def say(self, *envelopes):
        """In one message."""
        self.socket.send_multipart([self.peer, b"".join(msgpack.packb(envelope) for envelope in envelopes)])

    def hear(self, kind):
        """What is said until each event has said one of these, by event, and in how many messages it came."""
        unpacker, found, messages = msgpack.Unpacker(), [], 0
        while sum(envelope[1] == kind for envelope in found) < EVENTS:
            unpacker.feed(self.socket.recv_multipart()[1])
            found += list(unpacker)
            messages += 1
        return sorted(found, key=lambda envelope: envelope[2]), messages

    def begin_events(self, *more):
        self.say([1, START, 1, self.FIXTURE, json.dumps({"access": self.ASKS})],
                 *([1, EVENT, number, 1, "access"] for number in NUMBERS), *more)

    def assert_all_end_and_it_leaves(self, but=()):
        """`but`: what else it may say."""
        found, _ = self.hear(END)
        self.assertEqual([envelope for envelope in found if envelope[1] not in but],
                         [[1, END, number, None, None] for number in NUMBERS])
        self.assertEqual(self.program.wait(lib.PATIENCE), 0)

    def ask(self, several):
        """In how many messages the calls came."""
        self.begin(several)
        self.begin_events()
        calls, messages = self.hear(CALL)
        self.assertEqual(calls, [[1, CALL, number, 1, "kong.request.get_header", ["x-one"]] for number in NUMBERS])
        self.say(*([1, ANSWER, number, 1, True, ["one"]] for number in NUMBERS), [1, LEAVE, 0])
        self.assert_all_end_and_it_leaves()
        return messages

    def test_what_handlers_say_at_once_goes_together(self):
        self.assertLessEqual(self.ask(several=65536), self.MESSAGES)

    def test_where_it_may_not_each_goes_alone(self):
        self.assertEqual(self.ask(several=0), EVENTS)

    def test_events_that_are_cancelled_at_once_end_and_the_program_leaves(self):
        self.begin()
        self.begin_events(*CANCELS, [1, LEAVE, 0])
        self.assert_all_end_and_it_leaves(but=[CALL])

    def test_events_that_are_cancelled_while_they_wait_end_and_the_program_leaves(self):
        self.begin()
        self.begin_events()
        self.hear(CALL)
        self.say(*CANCELS, [1, LEAVE, 0])
        self.assert_all_end_and_it_leaves()


class LibraryOfCoroutines(Library):
    FIXTURE = "e2e-asyncio"
    ASKS = "await kong.request.get_header('x-one')"
    MESSAGES = 1


class LibraryInJavaScript(Library):
    LANGUAGE, FIXTURE = JAVASCRIPT, "e2e-javascript"
    ASKS = "await kong.request.getHeader('x-one')"
    MESSAGES = 1


if __name__ == "__main__":
    lib.main()
