"""scripted_server.py - a plugin server that plays the PDK calls of its configuration.

conf.calls is a JSON text of [[method, args], ...]; they are called one after the other
in the event that conf.phase names, other events end at once. All bytes that the gateway
sends are kept in `received` as (connection number, bytes).
"""

import json
import os
import socket
import threading

import msgpack

TERMINAL = ("kong.response.exit", "kong.response.error")


def dump(name, phases, priority=1000):
    """What the query command of such a server prints, as bytes."""
    fields = [{"config": {"type": "record", "fields": [
        {"calls": {"type": "string"}},
        {"phase": {"type": "string", "default": "access"}}]}}]
    return json.dumps([{"Name": name, "Priority": priority, "Version": "0.1.0",
                        "Phases": phases, "Schema": {"name": name, "fields": fields}}]).encode()


class ScriptedServer:
    """Listens on a unix path until close()."""

    def __init__(self, path):
        self.path = path
        self.received = []
        self.lock = threading.Condition()
        self.instances = {}
        self.events = {}
        self.next_id = 0
        self.connections = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                number = self.connections
            threading.Thread(target=self._serve, args=(connection, number),
                             daemon=True).start()

    def _serve(self, connection, number):
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
        with connection:
            while True:
                data = connection.recv(65536)
                if not data:
                    return
                unpacker.feed(data)
                messages = list(unpacker)
                with self.lock:
                    self._keep(number, data)
                    answers = [self.answer(message) for message in messages]
                    self.lock.notify_all()
                connection.sendall(b"".join(msgpack.packb(a) for a in answers))

    def _keep(self, number, data):
        # A large message arrives in pieces; they are one entry, as one write is.
        if self.received and self.received[-1][0] == number and self._is_open(number):
            number, before = self.received.pop()
            data = before + data
        self.received.append((number, data))

    def _is_open(self, number):
        probe = msgpack.Unpacker(raw=False, strict_map_key=False)
        probe.feed(self.received[-1][1])
        return not any(True for _ in probe)

    def _new_id(self):
        self.next_id += 1
        return self.next_id

    def answer(self, message):
        """The response to one request of the gateway."""
        _, message_id, method, params = message
        handler = getattr(self, "on_" + method.split(".")[1].lower(), self.on_step)
        return [1, message_id, None, handler(params[0])]

    def on_startinstance(self, params):
        instance = self._new_id()
        self.instances[instance] = json.loads(params["Config"])
        return {"Name": params["Name"], "Id": instance, "Config": {}, "StartTime": 1}

    def on_closeinstance(self, instance):
        return {"Id": instance}

    def on_handleevent(self, params):
        conf = self.instances[params["InstanceId"]]
        event = self._new_id()
        calls = json.loads(conf["calls"]) if params["EventName"] == conf["phase"] else []
        self.events[event] = iter(calls)
        return self.on_step({"EventId": event})

    def on_step(self, params):
        event = params["EventId"]
        call = next(self.events[event], None)
        if call is None:
            del self.events[event]
            return {"EventId": event, "Data": "ret"}
        return {"EventId": event, "Data": {"Method": call[0], "Args": call[1]}}

    def wait_received(self, count, deadline=10):
        """True when the gateway has sent that many writes."""
        with self.lock:
            return self.lock.wait_for(lambda: len(self.received) >= count, deadline)

    def take(self):
        """Everything received until now; it is forgotten."""
        with self.lock:
            received, self.received = self.received, []
            return received
