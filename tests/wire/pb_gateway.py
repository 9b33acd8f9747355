"""pb_gateway.py - one connection of a gateway that speaks ProtoBuf:1, and tests that use it."""
import json
import socket
import struct

import lib
import pb

TERMINAL = "kong.response.exit"
UNEXPECTED = json.dumps({"message": "An unexpected error occurred"}, separators=(",", ":"))
JSON_TYPE = {"Content-Type": "application/json; charset=utf-8"}


class PbGateway:
    """Frames and calls. `writes` counts what the gateway sent, `waits` how often it had to read anew."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(lib.PATIENCE)
        self.socket.connect(path)
        self.buffer = bytearray()
        self.sequence = 1
        self.rpcs = pb.rpcs()

    def close(self):
        self.socket.close()

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send_frame(self, payload):
        self.send_bytes(struct.pack("<I", len(payload)) + payload)

    def receive(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise EOFError("the server has closed the connection")
        self.buffer += data

    def has_frame(self):
        return len(self.buffer) >= 4 and len(self.buffer) - 4 >= struct.unpack_from("<I", self.buffer)[0]

    def read_frame(self):
        while not self.has_frame():
            self.receive()
        n = struct.unpack_from("<I", self.buffer)[0]
        payload = bytes(self.buffer[4:4 + n])
        del self.buffer[:4 + n]
        return payload

    def read_to_end(self):
        while True:
            piece = self.socket.recv(65536)
            if not piece:
                return bytes(self.buffer)
            self.buffer += piece

    # calls

    def start_call(self, command, message):
        self.sequence += 1
        self.send_frame(pb.encode("RpcCall", {"sequence": self.sequence, command: message}))

    def read_return(self):
        answer = pb.decode("RpcReturn", self.read_frame())
        if answer["sequence"] != self.sequence:
            raise AssertionError("call %d got the answer %r" % (self.sequence, answer))
        return answer

    def start_instance(self, name, config="{}"):
        self.start_call("cmd_start_instance", {"name": name.encode(), "config": config.encode()})
        return self.read_return()["instance_status"]["instance_id"]

    def close_instance(self, instance):
        self.start_call("cmd_close_instance", {"instance_id": instance})
        return self.read_return()

    def start_event(self, instance, phase="access"):
        self.start_call("cmd_handle_event", {"instance_id": instance, "event_name": phase.encode()})

    def read_call(self):
        """(name, arguments) of the next PDK call, None at the end of the event."""
        name = self.read_frame().decode()
        if name == "":
            self.read_return()
            return None
        data = self.read_frame()
        if name not in self.rpcs:
            return name, data
        return name, pb.arguments(self.rpcs[name][0], data)

    def answer(self, name, value=None):
        self.send_frame(pb.result(self.rpcs[name][1], value))

    def play(self, instance, answers, phase="access"):
        """As lib.Gateway.play."""
        self.start_event(instance, phase)
        calls = []
        while True:
            call = self.read_call()
            if call is None:
                return calls + ["ret"]
            calls.append(call)
            if call[0] == TERMINAL:
                return calls
            self.answer(call[0], answers(*call))


class ProtobufTest(lib.WireTest):
    """A server with wire-do and wire-mp, and a connection to the first."""

    settings = {}

    def setUp(self):
        self.server = self.serve("wire-do", "wire-mp", **self.settings)
        self.gateway = self.connect_pb("wire-do")

    def connect_pb(self, plugin="wire-do"):
        gateway = PbGateway(self.server.path(plugin))
        self.addCleanup(gateway.close)
        return gateway

    def start(self, mode, **conf):
        return self.gateway.start_instance("wire-do", json.dumps({"mode": mode, **conf}))

    def player(self, *calls, phase="access"):
        """A connection and an instance that makes these calls."""
        gateway = self.connect_pb("wire-mp")
        conf = {"calls": json.dumps(calls), "phase": phase}
        return gateway, gateway.start_instance("wire-mp", json.dumps(conf))

    def play(self, *calls, answers=lambda *_: None, phase="access"):
        gateway, instance = self.player(*calls, phase=phase)
        return gateway.play(instance, answers, phase)

    def assert_fails(self, calls, *texts):
        (log, [text]), last = calls[-2:]
        self.assertEqual(log, "kong.log.err")
        for part in texts:
            self.assertIn(part, text)
        self.assertEqual(last, ("kong.response.exit", [500, UNEXPECTED, JSON_TYPE]))

    def assert_still_serves(self):
        gateway = self.connect_pb()
        instance = gateway.start_instance("wire-do", '{"mode":"nothing"}')
        self.assertEqual(gateway.play(instance, None), ["ret"])

    def outcome(self, function, args, answers):
        """What a plugin gets of a function ({values} or {error}), and the calls that it takes. `args` is Lua."""
        server, told = self.serve("pdk-gate"), {}
        gateway = PbGateway(server.path())
        self.addCleanup(gateway.close)

        def answer(name, args_sent):
            if args_sent == ["case"]:
                return {"call": function, "args": args}
            if args_sent[:1] == ["outcome"]:
                told.update(json.loads(args_sent[1]))
                return None
            return answers[name]

        calls = gateway.play(gateway.start_instance("pdk-gate"), answer)
        return told, [name for name, _ in calls[1:-2]]
