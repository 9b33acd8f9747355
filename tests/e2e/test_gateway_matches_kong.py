"""The example gateway sends what a real Kong 3.9.1 sent in the same situation, over MsgPack:1.

Every scenario of tests/wire/recordings is played again (lib/kong_replay.py). The gateway's messages
and the HTTP response must be the recorded ones, types on the wire included, but for what differs
from run to run: times, ports, random ids, memory figures, and the order of map keys.
"""

import collections
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import msgpack  # noqa: E402
import kong_replay  # noqa: E402
from strict import strict  # noqa: E402


class Conversation:
    """The gateway's messages of one scenario, with ids as small numbers."""

    def __init__(self, writes, calls, cleaner):
        self.cleaner = cleaner
        self.calls = calls
        self.numbers = collections.defaultdict(dict)
        self.answered = collections.Counter()
        self.messages = []
        self.first_id = None
        for connection, data in writes:
            unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
            unpacker.feed(data)
            self.messages += [self.message(connection, one) for one in unpacker]

    def number(self, kind, value):
        """1 for the first value of a kind that is seen, 2 for the next, ..."""
        known = self.numbers[kind]
        return known.setdefault(value, len(known) + 1)

    def message(self, connection, message):
        kind, message_id, method, params = message
        if self.first_id is None:
            self.first_id = message_id
        return [self.number("connection", connection), kind, message_id - self.first_id, method,
                [self.param(param) for param in params]]

    def param(self, param):
        if not isinstance(param, dict):
            return {"instance": self.number("instance", param)}
        clean = dict(param)
        if "Config" in clean:
            clean["Config"] = self.cleaner.value(json.loads(clean["Config"]))
        if "InstanceId" in clean:
            clean["InstanceId"] = self.number("instance", clean["InstanceId"])
        if "EventId" in clean:
            event = clean["EventId"]
            clean["EventId"] = self.number("event", event)
            call = self.calls[self.answered[event]]
            self.answered[event] += 1
            if "Data" in clean:
                clean["Data"] = self.cleaner.answer(call, clean["Data"])
        return clean

    def by_event(self):
        """The methods and data of each event on its own, in no order."""
        events = collections.defaultdict(list)
        for _, _, _, method, params in self.messages:
            if "EventId" in params[0]:
                events[params[0]["EventId"]].append([method, params[0].get("Data")])
        return sorted(json.dumps(steps, sort_keys=True) for steps in events.values())


def comparable(conversation):
    """Its messages; from a log phase on without their connections: that runs in a timer, and which connection of
    the pool it finds, or whether it makes one, is a matter of time."""
    found, logs = [], False
    for connection, *rest in conversation.messages:
        method, params = rest[-2:]
        logs = logs or method == "plugin.HandleEvent" and params[0]["EventName"] == "log"
        found.append(rest if logs else [connection, *rest])
    return found


class GatewayMatchesKong(kong_replay.MatchesKong):
    PROTOCOL = "msgpack"

    def both(self, scenario):
        calls = self.calls(scenario)
        return (Conversation(scenario.gateway_messages(), calls, kong_replay.Cleaner()),
                Conversation(self.player.writes[scenario.name], calls, self.own_cleaner()))

    def check_bytes(self, scenario):
        """Where nothing varies, the very bytes are the same but for the order of keys."""
        ours = self.player.writes[scenario.name]
        for (_, recorded), (_, sent) in zip(scenario.gateway_messages(), ours):
            if msgpack.unpackb(recorded, raw=False, strict_map_key=False) == \
                    msgpack.unpackb(sent, raw=False, strict_map_key=False):
                self.assertEqual(sorted(recorded), sorted(sent))

    def check(self, scenario):
        recorded, ours = self.both(scenario)
        if scenario.name == kong_replay.PARALLEL:
            self.assertEqual(ours.by_event(), recorded.by_event())
            return
        said, wanted = comparable(ours), comparable(recorded)
        self.assertEqual(said, wanted)
        self.assertEqual(strict(said), strict(wanted))
        self.check_bytes(scenario)

    def test_all_scenarios_are_there(self):
        self.assertGreaterEqual(len(self.player.writes), 66)


GatewayMatchesKong.add_tests()

if __name__ == "__main__":
    unittest.main()
