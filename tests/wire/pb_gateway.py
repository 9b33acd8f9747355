"""pb_gateway.py - one connection of a gateway that speaks ProtoBuf:1."""
import socket
import struct

import lib
import pb

TERMINAL = "kong.response.exit"


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
