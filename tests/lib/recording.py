"""recording.py - the conversations of a real Kong in tests/wire/recordings, as data.

A Scenario has name, phase, arguments (curl's), exchanges (dicts with conn, dir, hex,
msg), response and body.
"""

import json
import os

import pb

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire", "recordings")


class Scenario:
    """Over MsgPack:1."""

    def __init__(self, line, index):
        self.name = line["scenario"]
        self.index = index
        self.phase = line["phase"]
        self.arguments = line["request"]
        self.exchanges = []
        self.response = None
        self.body = None

    def gateway_messages(self):
        """(connection, bytes) of all that the gateway sent."""
        return [(e["conn"], bytes.fromhex(e["hex"])) for e in self.exchanges
                if e["dir"] == "gateway"]

    def config(self):
        """The JSON text of the first StartInstance."""
        for exchange in self.exchanges:
            for message in exchange.get("msg") or []:
                if isinstance(message, list) and message[2] == "plugin.StartInstance":
                    return json.loads(message[3][0]["Config"]), message[3][0]["Name"]
        return None, None


class PbScenario(Scenario):
    """Over ProtoBuf:1. Each of the gateway's messages is a frame, with its length."""

    def config(self):
        for _, frame in self.gateway_messages():
            if b'{"calls":' in frame:
                start = pb.decode("RpcCall", frame[4:])["cmd_start_instance"]
                return json.loads(start["config"]), start["name"].decode()
        return None, None


def load(protocol="msgpack"):
    """All scenarios of a protocol, in their order."""
    scenarios = []
    kind = PbScenario if protocol == "protobuf" else Scenario
    with open(os.path.join(FOLDER, "kong-3.9.1-%s.jsonl" % protocol), encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            if "scenario" in line:
                scenarios.append(kind(line, len(scenarios)))
            elif "end" in line:
                scenarios[-1].response = line.get("response")
                scenarios[-1].body = line.get("body")
            else:
                scenarios[-1].exchanges.append(line)
    return scenarios
