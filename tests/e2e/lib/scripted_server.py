"""scripted_server.py - a plugin server that plays the PDK calls of its configuration.

conf.calls is a JSON text of [[method, args], ...]; they are called one after the other
in the event that conf.phase names, other events end at once. All bytes that the gateway
sends are kept in `received` as (connection number, bytes), the messages in `messages`.
"""

import json
import os
import socket
import threading

import msgpack

# Such an answer is the begin of one; the connection is closed after it.
HALF = b"\x94\x01"


def dump(name, phases, priority=1000, fields=(), protocol="MsgPack:1"):
    """What the query command of such a server prints, as bytes."""
    fields = [{"config": {"type": "record", "fields": [
        {"calls": {"type": "string", "default": "[]"}},
        {"phase": {"type": "string", "default": "access"}}] + list(fields)}}]
    plugins = [{"Name": name, "Priority": priority, "Version": "0.1.0",
                "Phases": phases, "Schema": {"name": name, "fields": fields}}]
    # MsgPack:1 is what a bare array stands for.
    info = plugins if protocol == "MsgPack:1" else {"Protocol": protocol, "Plugins": plugins}
    return json.dumps(info).encode()


class ScriptedServer:
    """Listens on a unix path until close()."""

    PROTOCOL = "MsgPack:1"

    def __init__(self, path):
        self.path = path
        self.received = []
        self.messages = []
        self.lock = threading.Condition()
        self.instances = {}
        self.events = {}
        self.next_id = 0
        self.connections = 0
        self.open = set()
        self.listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(path):
            os.unlink(path)
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
                self.open.add(connection)
            threading.Thread(target=self._serve, args=(connection, number),
                             daemon=True).start()

    def _serve(self, connection, number):
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False)
        with connection:
            try:
                while self._serve_some(connection, number, unpacker):
                    pass
            except OSError:
                # The gateway gave the connection up; another one will come.
                pass
            finally:
                with self.lock:
                    self.open.discard(connection)

    def _serve_some(self, connection, number, unpacker):
        """Answers what one read brings. False when the connection is to be closed."""
        data = connection.recv(65536)
        unpacker.feed(data)
        messages = list(unpacker)
        with self.lock:
            if data:
                self._keep(number, data)
            self.messages += messages
            answers = [self.reply(message) for message in messages]
            self.lock.notify_all()
        connection.sendall(b"".join(answer or b"" for answer in answers))
        return data and not any(answer in (None, HALF) for answer in answers)

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

    def reply(self, message):
        """The bytes that answer a message; None closes the connection."""
        return msgpack.packb(self.answer(message))

    def open_connections(self):
        with self.lock:
            return list(self.open)

    def sent(self, method):
        """The params of all messages of the gateway with this method."""
        with self.lock:
            return [m[3][0] for m in self.messages if m[2] == "plugin." + method]

    def answer(self, message):
        """The response to one request of the gateway."""
        _, message_id, method, params = message
        if method == "plugin.HandleEvent" and params[0]["InstanceId"] not in self.instances:
            return [1, message_id, "no plugin instance %d" % params[0]["InstanceId"], None]
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


def main():
    """scripted_server.py PATH: serves until SIGTERM; says so on standard output."""
    import sys
    ScriptedServer(sys.argv[1])
    print("serving on " + sys.argv[1], flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
