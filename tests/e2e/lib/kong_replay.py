"""kong_replay.py - plays recordings of a real Kong (tests/wire/recordings) against the example gateway.

The HTTP requests and the PDK calls are those of the recording. A test names its protocol and says how
the gateway's messages are compared; what varies from run to run is left out here.
"""

import http.server
import json
import os
import re
import socket
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))

import harness  # noqa: E402
import pb  # noqa: E402
import recording  # noqa: E402
import scripted_pb_server  # noqa: E402
import scripted_server  # noqa: E402

RECORDED_PORT = 8000
RECORDED_UPSTREAM_PORT = 18080
PORT_TAG = "10"  # of Target, in hex
CONSUMER = "a53dd145-d298-4d60-8a5a-6d3b4f0b1f2c"
BODIES = {
    "raw_body": b'{"a":[1,2],"b":null}',
    "raw_body_binary": b"\x00\xff\x80\xe9",
    "raw_body_spooled": b"x" * 20000,
    "raw_body_spooled_fails": b"x" * 20000,
    "raw_body_spooled_zero": b"x" * 20000,
    "get_body_json": b'{"a":[1,2],"b":null,"c":[],"d":{}}',
    "get_body_form": b"a=1&b=2&b=3",
    "set_body": b"old",
}
QUERIES = {"get_query": "?a=1&b=two&b=three&flag&empty=", "get_query_flag_fails": "?flag"}
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


def change_port(text, old, new):
    """The text with one port for another, also where it is the `port` of a message in hex."""
    text = re.sub(r"\b%d\b" % old, str(new), text)
    return text.replace(PORT_TAG + pb.varint(old).hex(), PORT_TAG + pb.varint(new).hex())


class Cleaner:
    """Makes a recorded or an own message comparable. `ports`: ours by the recorded ones."""

    def __init__(self, ports=None):
        self.ports = ports or {}

    def text(self, value):
        for ours, recorded in self.ports.items():
            value = change_port(value, ours, recorded)
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


def curl_headers(arguments, default_agent):
    """The headers that curl sends with these options, in its order."""
    given = [arguments[i + 1] for i, word in enumerate(arguments) if word == "-H"]
    pairs = []
    for text in given:
        name, _, value = text.partition(":")
        pairs.append((name.rstrip(";"), value.strip()))
    agent = [] if default_agent is None else [("User-Agent", default_agent)]
    return agent + [("Accept", "*/*")] + pairs


def declarative(scenarios, short, upstream_port):
    """The kong.yml of the recording: a route and a plugin for each scenario."""
    routes = []
    for scenario in scenarios:
        config, plugin = scenario.config()
        if scenario.name in (PARALLEL, POSTED_AGAIN):
            continue
        routes.append({
            "name": short + "-" + re.sub(r"[._]", "-", scenario.name),
            "paths": ["~/%s/%d/(?<seg>[^/]+)/(.*)$" % (short, scenario.index)],
            "plugins": [{"name": plugin, "config": {
                "calls": change_port(config["calls"], RECORDED_UPSTREAM_PORT, upstream_port),
                "phase": config["phase"]}}]})
    # JSON is YAML.
    return json.dumps({
        "_format_version": "3.0",
        "services": [{"name": "s", "url": "http://127.0.0.1:%d/base" % upstream_port,
                      "routes": routes}],
        "consumers": [{"id": CONSUMER, "username": "bob", "custom_id": "b0b",
                       "tags": ["x", "y"]}]})


# The word that the recording's names begin with, and what plays the plugin server.
PROTOCOLS = {"msgpack": ("mp", scripted_server.ScriptedServer),
             "protobuf": ("pb", scripted_pb_server.ScriptedPbServer)}


class Player:
    """Plays all scenarios against one gateway and keeps what came of them."""

    def __init__(self, stage, protocol):
        self.short, self.kind = PROTOCOLS[protocol]
        self.scenarios = recording.load(protocol)
        self.upstream = Upstream()
        self.upstream_port = self.upstream.server_address[1]
        self.server = self.kind(stage.path("plugins.sock"))
        self.yml = declarative(self.scenarios, self.short, self.upstream_port)
        self.gateway = stage.gateway(self.conf(stage), self.yml, {"REC_SECRET": "s3cret"})
        self.writes = {}
        self.responses = {}

    def conf(self, stage):
        names = ["wire-" + self.short, "wire-%s-r" % self.short]
        lines = ["plugins = bundled," + ",".join(names), "pluginserver_names = " + ",".join(names)]
        for name, phases in zip(names, (["access", "log"], ["response"])):
            path = stage.path(name + ".json")
            with open(path, "wb") as file:
                file.write(scripted_server.dump(name, phases, protocol=self.kind.PROTOCOL))
            key = "pluginserver_" + name.replace("-", "_")
            lines.append("%s_socket = %s" % (key, self.server.path))
            lines.append("%s_query_cmd = cat %s" % (key, path))
        return "\n".join(lines) + "\n"

    def request(self, scenario, extra=(), agent=None):
        route = next(s for s in self.scenarios if s.name == "get_headers") \
            if scenario.name in (PARALLEL, POSTED_AGAIN) else scenario
        path = "/%s/%d/seg/rest%s" % (self.short, route.index, QUERIES.get(scenario.name, ""))
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
            self.play(scenario)

    def close(self):
        self.server.close()
        self.upstream.shutdown()
        self.upstream.server_close()


class MatchesKong(unittest.TestCase):
    """A test for each scenario of PROTOCOL; made by add_tests()."""

    maxDiff = None
    PROTOCOL = ""

    @classmethod
    def setUpClass(cls):
        cls.stage = harness.Stage()
        cls.addClassCleanup(cls.stage.close)
        cls.player = Player(cls.stage, cls.PROTOCOL)
        cls.addClassCleanup(cls.player.close)
        cls.player.play_all()

    def scenario(self, name):
        return next(s for s in self.player.scenarios if s.name == name)

    def calls(self, scenario):
        """What the plugin server calls in it."""
        config, _ = (scenario if scenario.config()[0] else self.scenario("get_headers")).config()
        return json.loads(config["calls"])

    def own_cleaner(self):
        return Cleaner({self.player.gateway.port: RECORDED_PORT,
                        self.player.upstream_port: RECORDED_UPSTREAM_PORT})

    def check(self, scenario):
        """Compares what the gateway sent to the plugin server."""
        raise NotImplementedError

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

    def test_every_recorded_scenario_is_played(self):
        self.assertEqual({s.name for s in self.player.scenarios}, set(self.player.writes))

    def test_nothing_is_sent_after_the_last_scenario(self):
        self.assertEqual(self.player.server.take(), [])

    @classmethod
    def add_tests(cls):
        for one in recording.load(cls.PROTOCOL):
            def test(self, name=one.name):
                scenario = self.scenario(name)
                self.check(scenario)
                if scenario.response:
                    self.check_response(scenario)

            word = re.sub(r"\W+", "_", one.name)
            setattr(cls, "test_%02d_%s" % (one.index, word), test)
