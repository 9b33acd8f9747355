"""The ProtoBuf:1 bytes of a real Kong 3.9.1 in, the same calls out (recordings/README.md).

A scripted server was recorded; here the plugin wire-mp makes its calls through kong.*. Kong's bytes are sent
as they are, but for the ids and the conf of StartInstance. Void calls are answered when Kong did.
"""
import json
import os
import struct

import lib
import pb
import pb_gateway

RECORDING = os.path.join(os.path.dirname(os.path.realpath(__file__)), "recordings",
                         "kong-3.9.1-protobuf.jsonl")
# Scenarios whose last call breaks Kong, and our text in its place.
REFUSED = {
    "get_query_zero_fails": "max_args must be >= 1",
    "unknown_method": "attempt to",
    "wrong_phase_raises": "access",
}
RPCS = pb.rpcs()


def frames(data):
    at = 0
    while at < len(data):
        n = struct.unpack_from("<I", data, at)[0]
        yield data[at + 4:at + 4 + n]
        at += 4 + n


def plain(value):
    """What can be compared: bytes as texts, no absent entries, and one kind of empty table."""
    if isinstance(value, bytes):
        return pb.text(value)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v is not None} or []
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def calls_in(data):
    """[(name, arguments)] of what a server wrote."""
    pieces, found = list(frames(data)), []
    while pieces and pieces[0].startswith(b"kong."):
        name = pieces[0].decode()
        args = pb.arguments(RPCS[name][0], pieces[1]) if name in RPCS else []
        found.append((name, [plain(arg) for arg in args]))
        pieces = pieces[2:]
    return found


class Scenario:
    def __init__(self, begin):
        self.name = begin["scenario"]
        self.phase = begin["phase"]
        self.lines = []

    def conf(self):
        calls = [call for line in self.lines if line["dir"] == "server"
                 for call in calls_in(bytes.fromhex(line["hex"]))]
        return json.dumps({"calls": json.dumps(calls), "phase": self.phase}).encode()

    @staticmethod
    def read_all():
        scenario, found = None, []
        with open(RECORDING, encoding="utf-8") as file:
            for line in map(json.loads, file):
                if "scenario" in line:
                    scenario = Scenario(line)
                    found.append(scenario)
                elif "end" in line:
                    scenario = None
                elif scenario is not None:
                    scenario.lines.append(line)
        return found


class Difference(Exception):
    """(our call, the recorded one)"""


class Replay:
    """One scenario against one server."""

    def __init__(self, test, scenario):
        self.test = test
        self.scenario = scenario
        self.gateways = {}
        self.calls = 0

    def gateway(self, line):
        if line["conn"] not in self.gateways:
            self.gateways[line["conn"]] = pb_gateway.PbGateway(self.test.server.path())
            self.gateways[line["conn"]].busy = False
        return self.gateways[line["conn"]]

    def patch(self, payload):
        call = pb.decode("RpcCall", payload)
        if "cmd_start_instance" in call:
            call["cmd_start_instance"]["config"] = self.scenario.conf()
        for command in ("cmd_handle_event", "cmd_close_instance"):
            if command in call:
                recorded = call[command]["instance_id"]
                call[command]["instance_id"] = self.test.instances.get(recorded, 0)
        return pb.encode("RpcCall", call)

    def send(self, line):
        gateway = self.gateway(line)
        for payload in frames(bytes.fromhex(line["hex"])):
            gateway.send_frame(payload if gateway.busy else self.patch(payload))
            gateway.busy = True

    def receive(self, line):
        """Reads as much as was recorded, and compares."""
        gateway, data = self.gateway(line), bytes.fromhex(line["hex"])
        calls = calls_in(data)
        for recorded in calls:
            name, args = gateway.read_call()
            ours = (name, [plain(arg) for arg in args])
            if ours != recorded:
                raise Difference(ours, recorded)
            self.calls += 1
        rest = list(frames(data))[2 * len(calls):]
        for recorded in rest:
            self.compare(recorded, gateway.read_frame())
        gateway.busy = not rest

    def compare(self, recorded, ours):
        if not recorded:
            self.test.assertEqual(ours, b"")
            return
        one, two = pb.decode("RpcReturn", recorded), pb.decode("RpcReturn", ours)
        self.test.assertEqual(one["sequence"], two["sequence"])
        if "instance_status" in one:
            self.test.instances[one["instance_status"]["instance_id"]] = \
                two["instance_status"]["instance_id"]

    def end(self, line):
        if line["conn"] in self.gateways:
            self.gateways.pop(line["conn"]).close()

    def run(self):
        steps = {"gateway": self.send, "server": self.receive, "closed": self.end}
        for line in self.scenario.lines:
            if line["dir"] in steps:
                steps[line["dir"]](line)


class ReplayTest(lib.WireTest):
    @classmethod
    def setUpClass(cls):
        cls.scenarios = Scenario.read_all()
        cls.instances = {}
        cls.server = lib.Server("wire-pb", "wire-pb-r", raw_calls="on", read_cache="off", log_level="debug",
                                plugin_wire_pb_process="one", plugin_wire_pb_r_process="one",
                                plugin_wire_pb_module="wire-mp", plugin_wire_pb_r_module="wire-mp")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.server.remove()

    def replay(self, scenario):
        replay = Replay(self, scenario)
        try:
            replay.run()
        finally:
            for gateway in replay.gateways.values():
                gateway.close()
        return replay.calls

    def test_every_call_goes_out_as_kong_got_it(self):
        played = 0
        for scenario in self.scenarios:
            if scenario.name not in REFUSED:
                with self.subTest(scenario.name):
                    played += self.replay(scenario)
        self.assertGreater(played, 120)

    def test_what_would_break_kong_is_refused_here_and_fails_closed(self):
        for scenario in self.scenarios:
            if scenario.name in REFUSED:
                with self.subTest(scenario.name), self.assertRaises(Difference) as raised:
                    self.replay(scenario)
                name, [text] = raised.exception.args[0]
                self.assertEqual(name, "kong.log.err")
                self.assertIn(REFUSED[scenario.name], text)


if __name__ == "__main__":
    lib.main()
