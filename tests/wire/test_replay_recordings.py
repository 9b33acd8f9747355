"""The bytes of a real Kong 3.9.1 in, the same calls out.

A scripted server was recorded with Kong (recordings/README.md); its calls are in the conf of each instance.
The plugin wire-mp makes them here through kong.*. Only ids in the gateway's bytes are changed. Some
scenarios show what Kong does with a call that breaks it: there we answer ourselves.
"""
import json
import os

import lib
import msgpack

RECORDING = os.path.join(os.path.dirname(os.path.realpath(__file__)), "recordings",
                         "kong-3.9.1-msgpack.jsonl")

# Scenarios whose last call breaks Kong, and our text in its place.
REFUSED = {
    "exit_bad_status_raises": "code must be a number",
    "exit_nil_body_headers": "nil",
    "wrong_phase_raises": "access",
    "bad_argument_raises": "header name must be a string",
    "interior_nil": 'invalid header name "nil"',
    "unknown_method": "attempt to",
}
# The same in the log phase, where our event ends.
ENDED = {"log_phase_raises"}
# Calls of a scenario that are not sent, since the answer is known here.
LOCAL = {
    "log": [("kong.vault.is_reference", ["{vault://env/rec-secret}"])],
}
# What is the same, or is made from another call: how it goes out here.
ALTERED = {
    ("kong.log", "plain"): ("kong.log.notice", ["plain"]),
    ("kong.log.inspect", "x"): ("kong.log.notice", ["", '"x"']),
}


class Scenario:
    def __init__(self, begin):
        self.name = begin["scenario"]
        self.phase = begin["phase"]
        self.lines = []

    def sent(self):
        """The lines without the calls that are not sent, and without their answers."""
        local = LOCAL.get(self.name, [])
        lines = iter(self.lines)
        for line in lines:
            data = line["msg"][3] if line["dir"] == "server" else None
            call = data.get("Data") if data else None
            if isinstance(call, dict) and (call["Method"], call["Args"]) in local:
                answer = next(lines)
                following = next(lines)
                # What comes next is the answer to the step before.
                previous = msgpack.unpackb(bytes.fromhex(line["hex"]), raw=False)
                message = msgpack.unpackb(bytes.fromhex(following["hex"]), raw=False)
                message[1] = previous[1]
                yield {**following, "hex": msgpack.packb(message).hex()}
                assert answer["dir"] == "gateway"
            else:
                yield line

    @staticmethod
    def read_all(path):
        scenario, found = None, []
        with open(path, encoding="utf-8") as f:
            for line in map(json.loads, f):
                if "scenario" in line:
                    scenario = Scenario(line)
                    found.append(scenario)
                elif "end" in line:
                    scenario = None
                elif scenario is not None:
                    scenario.lines.append(line)
        return found


def split(data):
    """(bytes, value) of each message."""
    unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, unicode_errors="surrogateescape")
    unpacker.feed(data)
    at = 0
    for value in unpacker:
        yield data[at:unpacker.tell()], value
        at = unpacker.tell()


class Replay:
    """One scenario against one server."""

    def __init__(self, server, scenario, instances):
        self.server = server
        self.scenario = scenario
        self.gateways = {}
        self.instances = instances  # a scenario may go on with those of an earlier one
        self.events = {}
        self.waiting = []  # (gateway, call) whose answers were not yet compared
        self.differences = []
        self.calls = 0

    def patch(self, data, value):
        params = value[3][0]
        if not isinstance(params, dict):
            return msgpack.packb([*value[:3], [self.instances.get(params, 0)]])
        for key, known in (("InstanceId", self.instances), ("EventId", self.events)):
            if key in params:
                mark = msgpack.packb(key)
                old, new = (mark + msgpack.packb(x) for x in
                            (params[key], known.get(params[key], 0)))
                if data.count(old) != 1:
                    raise AssertionError("can't patch %r" % data)
                data = data.replace(old, new)
        return data

    def send(self, line):
        if line["conn"] not in self.gateways:
            self.gateways[line["conn"]] = self.server.connect()
        gateway = self.gateways[line["conn"]]
        for data, value in split(bytes.fromhex(line["hex"])):
            gateway.send_bytes(self.patch(data, value))
            self.waiting.append((gateway, value))

    def receive(self, line):
        """Compares our answer with the recorded one."""
        for _, recorded in split(bytes.fromhex(line["hex"])):
            if recorded[0] != 1:
                continue
            gateway, call = next(w for w in self.waiting if w[1][1] == recorded[1])
            self.waiting.remove((gateway, call))
            self.compare(call, recorded[3], gateway.read_answer(call[1]))

    def compare(self, call, recorded, ours):
        if call[2] == "plugin.StartInstance":
            self.instances[recorded["Id"]] = ours["Id"]
        elif call[2] != "plugin.CloseInstance":
            self.events[recorded["EventId"]] = ours["EventId"]
            self.calls += recorded["Data"] != "ret"
            if ours["Data"] != self.expected(recorded["Data"]):
                self.differences.append((recorded["Data"], ours["Data"]))

    @staticmethod
    def expected(data):
        if data == "ret":
            return data
        args = data["Args"]
        method, args = ALTERED.get((data["Method"], args[0] if args and isinstance(args[0], str)
                                    else None), (data["Method"], args))
        return {"Method": method, "Args": args}

    def close(self):
        for gateway in self.gateways.values():
            gateway.close()

    def run(self):
        for line in self.scenario.sent():
            if self.differences:
                break
            if line["dir"] == "gateway":
                self.send(line)
            elif line["dir"] == "server":
                self.receive(line)


class ReplayTest(lib.WireTest):
    @classmethod
    def setUpClass(cls):
        cls.scenarios = Scenario.read_all(RECORDING)
        cls.instances = {}
        # Kong had the plugin under two names, since one of them has a response phase.
        cls.server = lib.Server("wire-mp", "wire-mp-r", plugin_wire_mp_r_module="wire-mp",
                                plugin_wire_mp_process="one", plugin_wire_mp_r_process="one",
                                raw_calls="on", read_cache="off", log_level="debug")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.server.remove()

    def replay(self, scenario):
        replay = Replay(self.server, scenario, self.instances)
        self.addCleanup(replay.close)
        replay.run()
        return replay

    def test_every_call_goes_out_as_kong_got_it(self):
        played = 0
        for scenario in self.scenarios:
            if scenario.name in ENDED or scenario.name in REFUSED:
                continue
            with self.subTest(scenario.name):
                replay = self.replay(scenario)
                self.assertEqual(replay.differences, [])
                played += replay.calls
        self.assertGreater(played, 150)

    def test_what_would_break_kong_is_refused_here_and_fails_closed(self):
        for scenario in self.scenarios:
            if scenario.name in REFUSED:
                with self.subTest(scenario.name):
                    _, ours = self.replay(scenario).differences[0]
                    self.assertEqual(ours["Method"], "kong.log.err")
                    self.assertIn(REFUSED[scenario.name], ours["Args"][0])

    def test_in_the_log_phase_it_ends_the_event(self):
        for scenario in self.scenarios:
            if scenario.name in ENDED:
                self.assertEqual(self.replay(scenario).differences[0][1], "ret")


if __name__ == "__main__":
    lib.main()
