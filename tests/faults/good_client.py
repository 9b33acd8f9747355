"""good_client.py - a gateway that behaves, over both protocols, and notes what it meets.

usage: good_client.py SOCKET INSTANCE

Each round is an event on a connection that it keeps and one on a new one, of each protocol, with every
answer checked; then a line goes to stdout. When stdin ends, so does it: the last line says in JSON how many
calls there were, what was wrong, and how long they took.
"""

import json
import os
import select
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in (("..", "wire"), ("..", "lib")):
    sys.path.insert(0, os.path.join(HERE, *folder))

import lib  # noqa: E402
import pb_gateway  # noqa: E402

PAUSE = 0.01  # seconds between two rounds
METHOD = "kong.request.get_header"
KINDS = {"MsgPack:1": (lib.Gateway, "v"), "ProtoBuf:1": (pb_gateway.PbGateway, b"v")}


class Client:
    def __init__(self, path, instance):
        self.path, self.instance = path, instance
        self.kept = {kind: gateway(path) for kind, (gateway, _) in KINDS.items()}
        self.times, self.errors = [], []

    def play(self, kind, gateway):
        """One event, as a gateway has it."""
        begun = time.monotonic()
        calls = gateway.play(self.instance, lambda *_: KINDS[kind][1])
        self.times.append(1000 * (time.monotonic() - begun))
        if [call if call == "ret" else call[0] for call in calls] != [METHOD, METHOD, "ret"]:
            raise AssertionError("the calls %r" % calls)

    def note(self, kind, place, error):
        self.errors.append("%s, %s connection: %s: %s" % (kind, place, type(error).__name__, error))

    def play_new(self, kind):
        try:
            gateway = KINDS[kind][0](self.path)
            try:
                self.play(kind, gateway)
            finally:
                gateway.close()
        except (OSError, EOFError, AssertionError, lib.RpcError) as error:
            self.note(kind, "new", error)

    def play_kept(self, kind):
        try:
            self.play(kind, self.kept[kind])
        except (OSError, EOFError, AssertionError, lib.RpcError) as error:
            self.note(kind, "old", error)
            self.kept[kind] = KINDS[kind][0](self.path)

    def round(self):
        for kind in KINDS:
            self.play_kept(kind)
            self.play_new(kind)


def main():
    client = Client(sys.argv[1], int(sys.argv[2]))
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        client.round()
        print("round", flush=True)
    print(json.dumps({"calls": len(client.times), "errors": client.errors,
                      "median": statistics.median(client.times), "worst": max(client.times)}))


if __name__ == "__main__":
    main()
