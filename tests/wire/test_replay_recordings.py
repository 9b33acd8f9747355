"""What a real Kong 3.9.1 sent is sent to Outrigger: it makes the calls that were recorded.

The recorded plugin server played the list of PDK calls in its configuration; here the plugin wire-mp
does, in Lua. Only the ids that a server gives out are replaced in the gateway's bytes. With the read
cache off every call must be the recorded one, type for type.
"""
import lib
import msgpack
import recording
from strict import strict

# Recorded calls that are not made: a handler in Lua finds in kong.ctx.shared what it has put there, and a
# reference is known by its form.
OMITTED = {"ctx": {"Method": "kong.ctx.shared.get", "Args": ["k"]},
           "log": {"Method": "kong.vault.is_reference", "Args": ["{vault://env/rec-secret}"]}}

# kong.log is a name for kong.log.notice. kong.log.inspect makes its text here, where functions and
# metatables still are what they are.
REPLACED = {"log": {"kong.log": {"Method": "kong.log.notice", "Args": ["plain"]},
                    "kong.log.inspect": {"Method": "kong.log.notice", "Args": ["", '"x"']}}}

# Scenarios in which a call can't do in the gateway what the plugin wants of it, so that Outrigger doesn't
# send it: the error that the plugin gets instead, as it is logged.
REFUSED = {
    "exit_nil_body_headers": "argument #2 can't be nil while others follow it",
    "exit_bad_status_raises": "code must be a number",
    "unknown_method": "attempt to index",
    "wrong_phase_raises": "function cannot be called in access phase (only in: response, "
                          "header_filter, body_filter, log, error, admin_api)",
    "bad_argument_raises": "header name must be a string",
    "interior_nil": 'invalid header name "nil": got nil, expected string',
    "log_phase_raises": "kong.request.get_path cannot be called in log phase",
}


def unpack(text):
    return msgpack.unpackb(bytes.fromhex(text), raw=False, strict_map_key=False)


def replace_id(data, key, ids):
    """The bytes with the recorded integer after `key` replaced by ids[integer]."""
    at = data.find(key)
    if at < 0:
        return data
    at += len(key)
    unpacker = msgpack.Unpacker()
    unpacker.feed(data[at:])
    recorded = unpacker.unpack()
    return data[:at] + msgpack.packb(ids[recorded]) + data[at + unpacker.tell():]


class Replay:
    """The gateway's side of all recorded connections, and which of our ids stand for the recorded."""

    def __init__(self, test, server):
        self.test = test
        self.server = server
        self.connections = {}
        self.instances = {}
        self.events = {}
        self.scenario = None
        self.exceptions = set()
        self.over = set()   # recorded ids of events that have ended before the recorded ones
        self.ahead = None   # our answer to a call after the one that is omitted

    def connection(self, number):
        if number not in self.connections:
            self.connections[number] = self.test.connect(self.server)
        return self.connections[number]

    def play(self, scenario):
        self.scenario = scenario
        self.over = set()
        self.ahead = None
        for exchange in scenario.exchanges:
            number = exchange["conn"]
            if exchange["dir"] == "gateway":
                self.send(number, bytes.fromhex(exchange["hex"]))
            elif exchange["dir"] == "server":
                self.answer(number, unpack(exchange["hex"]))
            elif exchange["dir"] == "closed" and number in self.connections:
                self.connections.pop(number).close()
        self.test.assertIsNone(self.ahead)

    def send(self, number, data):
        message = msgpack.unpackb(data, raw=False, strict_map_key=False)
        params = message[3][0]
        event = params.get("EventId") if isinstance(params, dict) else None
        if event in self.over or self.ahead:
            return
        data = replace_id(data, b"\xaaInstanceId", self.instances)
        data = replace_id(data, b"\xa7EventId", self.events)
        data = replace_id(data, b"plugin.CloseInstance\x91", self.instances)
        self.connection(number).send_bytes(data)

    def read(self, number):
        message = self.connection(number).read()
        while message[0] == 2:
            message = self.connection(number).read()
        return message

    def answer(self, number, recorded):
        if isinstance(recorded[3], dict) and recorded[3].get("EventId") in self.over:
            return
        if self.ahead:
            result, self.ahead = self.ahead, None
        else:
            answer = self.read(number)
            self.test.assertEqual(strict(answer[:3]), strict(recorded[:3]))
            result = answer[3]
        if "StartTime" in recorded[3]:
            self.test.assertIs(type(result["Id"]), int)
            self.instances[recorded[3]["Id"]] = result["Id"]
        elif "Data" in recorded[3]:
            self.event_answer(number, recorded[3], result)

    def event_answer(self, number, recorded, result):
        event = self.events.setdefault(recorded["EventId"], result["EventId"])
        self.test.assertEqual(strict(result["EventId"]), strict(event))
        name, expected, got = self.scenario.name, recorded["Data"], result["Data"]
        if strict(expected) == strict(got):
            return
        self.exceptions.add(name)
        if expected == OMITTED.get(name):
            self.ahead = result
        elif expected["Method"] in REPLACED.get(name, {}):
            self.test.assertEqual(strict(got), strict(REPLACED[name][expected["Method"]]))
        elif name in REFUSED:
            self.refusal(number, result)
            self.over.add(recorded["EventId"])
        else:
            self.test.assertEqual(strict(got), strict(expected))

    def refusal(self, number, result):
        """The plugin's error ends the event closed, but in the log phase, and is logged."""
        text, got = REFUSED[self.scenario.name], result["Data"]
        if self.scenario.phase == "log":
            self.test.assertEqual(got, "ret")
            self.server.wait_log(text)
            return
        self.test.assertEqual(got["Method"], "kong.log.err")
        self.test.assertIn(text, got["Args"][0])
        answer = self.connection(number).step(result["EventId"])["Data"]
        self.test.assertEqual(answer, lib.EXIT_500)


class RecordedCalls(lib.WireTest):
    """One server and one set of connections for all: the ids and the order are the recorded ones."""

    def test_every_call_is_the_recorded_one(self):
        server = self.serve("wire-mp", "wire-mp-r", socket=self.temp_dir() + "/s",
                            read_cache="off", log_level="debug")
        replay = Replay(self, server)
        scenarios = recording.load()
        self.assertGreaterEqual(len(scenarios), 66)
        for scenario in scenarios:
            with self.subTest(scenario.name):
                replay.play(scenario)
        self.assertEqual(replay.exceptions, {*OMITTED, *REPLACED, *REFUSED})


if __name__ == "__main__":
    lib.main()
