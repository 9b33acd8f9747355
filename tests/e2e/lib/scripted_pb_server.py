"""scripted_pb_server.py - as scripted_server.py, over ProtoBuf:1.

conf.calls is a JSON text of [[method, arguments as hex], ...]. Each frame of the gateway, with its
length, is an entry of `received`; each RpcCall is one of `messages`.
"""

import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

import pb  # noqa: E402
from scripted_server import ScriptedServer  # noqa: E402


def frame(payload):
    return struct.pack("<I", len(payload)) + payload


def rpc_return(sequence, **fields):
    return frame(pb.encode("RpcReturn", {"sequence": sequence, **fields}))


class ScriptedPbServer(ScriptedServer):
    PROTOCOL = "ProtoBuf:1"

    def _serve(self, connection, number):
        with connection:
            try:
                while True:
                    self._serve_call(connection, number)
            except (OSError, EOFError):
                # The gateway gave the connection up; another one will come.
                pass
            finally:
                with self.lock:
                    self.open.discard(connection)

    @staticmethod
    def _read(connection, size):
        data = b""
        while len(data) < size:
            piece = connection.recv(size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def _read_frame(self, connection, number):
        payload = self._read(connection, struct.unpack("<I", self._read(connection, 4))[0])
        with self.lock:
            self.received.append((number, frame(payload)))
            self.lock.notify_all()
        return payload

    def _serve_call(self, connection, number):
        call = pb.decode("RpcCall", self._read_frame(connection, number))
        sequence = call.pop("sequence")
        (command, argument), = call.items()
        with self.lock:
            self.messages.append((command, argument))
        getattr(self, "on_" + command)(connection, number, sequence, argument)

    def on_cmd_start_instance(self, connection, _, sequence, argument):
        with self.lock:
            instance = self._new_id()
            self.instances[instance] = json.loads(argument["config"])
        status = {"name": argument["name"], "instance_id": instance}
        connection.sendall(rpc_return(sequence, instance_status=status))

    def on_cmd_close_instance(self, connection, _, sequence, __):
        connection.sendall(rpc_return(sequence))

    def on_cmd_handle_event(self, connection, number, sequence, argument):
        conf = self.instances[argument["instance_id"]]
        mine = argument["event_name"].decode() == conf["phase"]
        for method, arguments in json.loads(conf["calls"]) if mine else []:
            connection.sendall(frame(method.encode()) + frame(bytes.fromhex(arguments)))
            self._read_frame(connection, number)
        connection.sendall(frame(b"") + rpc_return(sequence))
