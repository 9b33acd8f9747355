"""The example gateway sends what a real Kong 3.9.1 sent in the same situation, over ProtoBuf:1.

As test_gateway_matches_kong.py. The order of fields and of entries varies too.
"""

import collections
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import kong_replay  # noqa: E402
import pb  # noqa: E402

RPCS = pb.rpcs()
SPOOLED = "client_body"


class Conversation:
    """The gateway's frames of one scenario: its calls, and its results of `calls`, the server's.

    messages: [connection, what, ...] with what varies left out; values: the results as they are.
    """

    def __init__(self, writes, calls, phase, cleaner):
        self.calls = calls
        self.phase = phase
        self.cleaner = cleaner
        self.numbers = collections.defaultdict(dict)
        self.due = collections.defaultdict(list)
        self.first_sequence = None
        self.values = []
        self.messages = [self.message(connection, frame[4:]) for connection, frame in writes]

    def number(self, kind, value):
        """1 for the first value of a kind that is seen, 2 for the next, ..."""
        known = self.numbers[kind]
        return known.setdefault(value, len(known) + 1)

    def message(self, connection, payload):
        due = self.due[connection]
        what = self.result(due.pop(0), payload) if due else self.call(connection, payload)
        return [self.number("connection", connection)] + what

    def result(self, call, payload):
        name = call[0]
        value = pb.read_result(RPCS[name][1], payload)
        self.values.append((name, value, payload))
        if name == "kong.request.get_raw_body" and "body_filepath" in value:
            value = SPOOLED in pb.text(value["body_filepath"])
        return [name, self.cleaner.answer(call, self.plain(value))]

    def plain(self, value):
        if isinstance(value, bytes):
            return pb.text(value)
        if isinstance(value, dict):
            return {key: self.plain(item) for key, item in value.items()}
        return [self.plain(item) for item in value] if isinstance(value, list) else value

    def call(self, connection, payload):
        call = pb.decode("RpcCall", payload)
        sequence = call.pop("sequence")
        if self.first_sequence is None:
            self.first_sequence = sequence
        (command, argument), = call.items()
        argument = self.plain(argument)
        if "instance_id" in argument:
            argument["instance_id"] = self.number("instance", argument["instance_id"])
        if "config" in argument:
            argument["config"] = self.cleaner.value(json.loads(argument["config"]))
        if argument.get("event_name") == self.phase:
            self.due[connection] = [self.decoded(*call) for call in self.calls]
        return [sequence - self.first_sequence, command, argument]

    @staticmethod
    def decoded(name, arguments):
        data = bytes.fromhex(arguments)
        return [name, pb.arguments(RPCS[name][0], data) if name in RPCS else [data]]

    def results(self):
        """The results in no order."""
        return sorted(json.dumps(what, sort_keys=True) for _, *what in self.messages if what[0] in RPCS)


class GatewayMatchesKong(kong_replay.MatchesKong):
    PROTOCOL = "protobuf"

    def conversation(self, scenario, writes, cleaner):
        return Conversation(writes, self.calls(scenario), scenario.phase, cleaner)

    def check_bytes(self, recorded, ours):
        """Where nothing varies, the very bytes are the same but for their order."""
        for (name, value, theirs), (_, own_value, own) in zip(recorded.values, ours.values):
            if value == own_value:
                self.assertEqual(sorted(theirs), sorted(own), name)

    def check(self, scenario):
        recorded = self.conversation(scenario, scenario.gateway_messages(), kong_replay.Cleaner())
        ours = self.conversation(scenario, self.player.writes[scenario.name], self.own_cleaner())
        if scenario.name == kong_replay.PARALLEL:
            self.assertEqual(ours.results(), recorded.results())
            return
        self.assertEqual(ours.messages, recorded.messages)
        self.check_bytes(recorded, ours)

    def test_all_scenarios_are_there(self):
        self.assertGreaterEqual(len(self.player.writes), 44)


GatewayMatchesKong.add_tests()

if __name__ == "__main__":
    unittest.main()
