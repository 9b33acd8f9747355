"""The example gateway sends what a real Kong 3.9.1 sent in the same situation.

Every scenario of tests/wire/recordings is played again: the same HTTP request to the
example gateway, the same PDK calls from a scripted plugin server. The gateway's
messages and the HTTP response must be the recorded ones, types on the wire included,
but for what differs from run to run: times, ports, random ids, memory figures, and the
order of map keys.
"""

import collections
import http.server
import json
import os
import re
import socket
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "lib")]

import msgpack  # noqa: E402
import harness  # noqa: E402
import recording  # noqa: E402
import scripted_server  # noqa: E402
from strict import strict  # noqa: E402

# Scenarios that nginx without Kong's patches cannot play, and why. There are none.
IMPOSSIBLE = {}

RECORDED_PORT = 8000
RECORDED_UPSTREAM_PORT = 18080
CONSUMER = "a53dd145-d298-4d60-8a5a-6d3b4f0b1f2c"
BODIES = {
    "raw_body": b'{"a":[1,2],"b":null}',
    "raw_body_binary": b"\x00\xff\x80\xe9",
    "raw_body_spooled_fails": b"x" * 20000,
    "raw_body_spooled_zero": b"x" * 20000,
    "get_body_json": b'{"a":[1,2],"b":null,"c":[],"d":{}}',
    "get_body_form": b"a=1&b=2&b=3",
    "set_body": b"old",
}
QUERIES = {"get_query": "?a=1&b=two&b=three&flag&empty="}
PARALLEL = "parallel"
POSTED_AGAIN = "configuration posted again, unchanged, then one request"

# Map keys whose values are times, sizes of this process and the like.
VARIABLE_KEYS = {
    "created_at", "updated_at", "allocated_slabs", "http_allocated_gc", "pid", "size", "__seq__",
    "started_at", "balancer_start", "balancer_start_ns", "balancer_latency", "kong", "proxy",
    "balancer_latency_ns", "receive", "x-kong-proxy-latency", "x-kong-upstream-latency",
    "connections_reading", "connections_writing", "connections_waiting", "connections_active",
    "connections_handled", "connections_accepted", "total_requests",
}
# PDK calls whose answers are such values.
VARIABLE_CALLS = {
    "kong.client.get_port", "kong.client.get_forwarded_port", "kong.node.get_id",
    "kong.nginx.req_start_time", "kong.request.get_start_time",
}
VARIABLE_ARGUMENTS = {("kong.nginx.get_ctx", "['KONG_ACCESS_START']"),
                      ("kong.nginx.get_var", "['request_id']")}
# Response headers with a value of the moment.
VARIABLE_HEADERS = {"date", "x-kong-upstream-latency", "x-kong-proxy-latency",
                    "x-kong-response-latency", "x-kong-request-id"}
DATE = re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
HEX_ID = re.compile(r"\b[0-9a-f]{32}\b")


class Upstream(http.server.ThreadingHTTPServer):
    """Answers as the recording's upstream did."""

    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response_only(200)
            self.send_header("Date", self.date_time_string())
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", "12")
            self.end_headers()
            self.wfile.write(b"upstream ok\n")

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def kind_of(value):
    """What is left of a value that varies: its type, and int or float as one."""
    if isinstance(value, list):
        return [kind_of(item) for item in value]
    return "number" if isinstance(value, (int, float)) else type(value).__name__


class Cleaner:
    """Makes a recorded or an own message comparable. `ports`: ours by the recorded ones."""

    def __init__(self, ports=None):
        self.ports = ports or {}

    def text(self, value):
        for ours, recorded in self.ports.items():
            value = re.sub(r"\b%d\b" % ours, str(recorded), value)
        value = DATE.sub("<date>", value)
        return HEX_ID.sub("<id>", value)

    def value(self, value):
        if isinstance(value, dict):
            return {key: kind_of(item) if key in VARIABLE_KEYS and not isinstance(item, dict)
                    else self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes) and value[:1] == b"{":
            return {"bin of JSON": json.loads(value)}
        if type(value) is int:
            return self.ports.get(value, value)
        return value

    def answer(self, call, data):
        """The Data of a step that answers `call`."""
        method, arguments = call
        if method in VARIABLE_CALLS or (method, str(arguments[:1])) in VARIABLE_ARGUMENTS:
            return kind_of(data)
        if method == "kong.node.get_hostname":
            return data in ("vm", socket.gethostname())
        if method == "kong.log.serialize":
            parsed = json.loads(data)
            parsed["latencies"] = {key: kind_of(v) for key, v in parsed["latencies"].items()}
            return self.value(parsed)
        return self.value(data)


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


def curl_headers(arguments, default_agent):
    """The headers that curl sends with these options, in its order."""
    given = [arguments[i + 1] for i, word in enumerate(arguments) if word == "-H"]
    pairs = []
    for text in given:
        name, _, value = text.partition(":")
        pairs.append((name.rstrip(";"), value.strip()))
    agent = [] if default_agent is None else [("User-Agent", default_agent)]
    return agent + [("Accept", "*/*")] + pairs


def declarative(scenarios, upstream_port):
    """The kong.yml of the recording: a route and a plugin for each scenario."""
    routes = []
    for scenario in scenarios:
        config, plugin = scenario.config()
        if scenario.name in (PARALLEL, POSTED_AGAIN) or not config:
            continue
        routes.append({
            "name": "mp-" + re.sub(r"[._]", "-", scenario.name),
            "paths": ["~/mp/%d/(?<seg>[^/]+)/(.*)$" % scenario.index],
            "plugins": [{"name": plugin, "config": {
                "calls": config["calls"].replace(str(RECORDED_UPSTREAM_PORT), str(upstream_port)),
                "phase": config["phase"]}}]})
    # JSON is YAML.
    return json.dumps({
        "_format_version": "3.0",
        "services": [{"name": "s", "url": "http://127.0.0.1:%d/base" % upstream_port,
                      "routes": routes}],
        "consumers": [{"id": CONSUMER, "username": "bob", "custom_id": "b0b",
                       "tags": ["x", "y"]}]})


class Player:
    """Plays all scenarios against one gateway and keeps what came of them."""

    def __init__(self, stage, scenarios):
        self.scenarios = scenarios
        self.upstream = Upstream()
        self.upstream_port = self.upstream.server_address[1]
        self.server = scripted_server.ScriptedServer(stage.path("plugins.sock"))
        self.yml = declarative(scenarios, self.upstream_port)
        self.gateway = stage.gateway(self.conf(stage), self.yml, {"REC_SECRET": "s3cret"})
        self.writes = {}
        self.responses = {}

    def conf(self, stage):
        lines = ["plugins = bundled,wire-mp,wire-mp-r", "pluginserver_names = wire-mp,wire-mp-r"]
        for name, phases in (("wire-mp", ["access", "log"]), ("wire-mp-r", ["response"])):
            path = stage.path(name + ".json")
            with open(path, "wb") as file:
                file.write(scripted_server.dump(name, phases))
            key = "pluginserver_" + name.replace("-", "_")
            lines.append("%s_socket = %s" % (key, self.server.path))
            lines.append("%s_query_cmd = cat %s" % (key, path))
        return "\n".join(lines) + "\n"

    def request(self, scenario, extra=(), agent=None):
        route = next(s for s in self.scenarios if s.name == "get_headers") \
            if scenario.name in (PARALLEL, POSTED_AGAIN) else scenario
        path = "/mp/%d/seg/rest%s" % (route.index, QUERIES.get(scenario.name, ""))
        body = BODIES.get(scenario.name)
        arguments = [] if agent else scenario.arguments
        return harness.http_request(
            self.gateway.port, "POST" if body else "GET", path,
            [("Host", "127.0.0.1:%d" % self.gateway.port)] + curl_headers(arguments, agent)
            + list(extra), body)

    def play(self, scenario):
        if scenario.name == PARALLEL:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda n: self.request(scenario, [("X-One", str(n))],
                                                     "curl/7.88.1"), range(8)))
        elif scenario.name == POSTED_AGAIN:
            assert self.gateway.post_config(self.yml).status == 201
            self.request(scenario, agent="curl/7.88.1")
        else:
            self.responses[scenario.name] = self.request(scenario)
        self.server.wait_received(len(scenario.gateway_messages()))
        self.writes[scenario.name] = self.server.take()

    def play_all(self):
        for scenario in self.scenarios:
            if scenario.name not in IMPOSSIBLE:
                self.play(scenario)

    def close(self):
        self.server.close()
        self.upstream.shutdown()
        self.upstream.server_close()


class GatewayMatchesKong(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stage = harness.Stage()
        cls.addClassCleanup(cls.stage.close)
        cls.player = Player(cls.stage, recording.load())
        cls.addClassCleanup(cls.player.close)
        cls.player.play_all()

    def calls(self, scenario):
        config, _ = (scenario if scenario.config()[0] else next(
            s for s in self.player.scenarios if s.name == "get_headers")).config()
        return json.loads(config["calls"])

    def both(self, scenario):
        calls = self.calls(scenario)
        ports = {self.player.gateway.port: RECORDED_PORT,
                 self.player.upstream_port: RECORDED_UPSTREAM_PORT}
        return (Conversation(scenario.gateway_messages(), calls, Cleaner()),
                Conversation(self.player.writes[scenario.name], calls, Cleaner(ports)))

    def check_bytes(self, scenario):
        """Where nothing varies, the very bytes are the same but for the order of keys."""
        ours = self.player.writes[scenario.name]
        for (_, recorded), (_, sent) in zip(scenario.gateway_messages(), ours):
            if msgpack.unpackb(recorded, raw=False, strict_map_key=False) == \
                    msgpack.unpackb(sent, raw=False, strict_map_key=False):
                self.assertEqual(sorted(recorded), sorted(sent))

    def check_response(self, scenario):
        response = self.player.responses[scenario.name]
        recorded_line, recorded_headers = scenario.response[0], scenario.response[1:]
        self.assertEqual("HTTP/1.1 %d %s" % (response.status, response.reason), recorded_line)
        self.assertEqual(self.header_lines(response.headers),
                         self.header_lines(line.split(": ", 1) for line in recorded_headers))
        self.assertEqual(HEX_ID.sub("<id>", response.text), HEX_ID.sub("<id>", scenario.body))
        if "request_id" in response.text:
            self.assertIn(response.header("X-Kong-Request-Id"), response.text)

    @staticmethod
    def header_lines(pairs):
        return sorted("%s: %s" % (name, "..." if name.lower() in VARIABLE_HEADERS else value)
                      for name, value in pairs)

    def check(self, scenario):
        recorded, ours = self.both(scenario)
        if scenario.name == PARALLEL:
            self.assertEqual(ours.by_event(), recorded.by_event())
            return
        self.assertEqual(ours.messages, recorded.messages)
        self.assertEqual(strict(ours.messages), strict(recorded.messages))
        self.check_bytes(scenario)
        if scenario.response:
            self.check_response(scenario)

    def test_every_recorded_scenario_is_played(self):
        played = set(self.player.writes)
        self.assertEqual({s.name for s in self.player.scenarios} - set(IMPOSSIBLE), played)
        self.assertGreaterEqual(len(played), 66)

    def test_nothing_is_sent_after_the_last_scenario(self):
        self.assertEqual(self.player.server.take(), [])


def add_tests():
    for scenario in recording.load():
        if scenario.name in IMPOSSIBLE:
            continue

        def test(self, name=scenario.name):
            self.check(next(s for s in self.player.scenarios if s.name == name))

        word = re.sub(r"\W+", "_", scenario.name)
        setattr(GatewayMatchesKong, "test_%02d_%s" % (scenario.index, word), test)


add_tests()

if __name__ == "__main__":
    unittest.main()
