"""What a plugin gets from the recorded calls is what Kong's functions return inside of Kong.

Every recorded list of calls is made by the plugin wire-report, with the read cache on, against a gateway
that knows what the real one answered. The expected values are tests/golden/pdk-values.json.
"""
import json
import os
import re

import lib
import msgpack
import recording
from strict import strict

GOLDEN = os.path.join(lib.SOURCE, "tests", "golden", "pdk-values.json")
SOURCE = re.compile(r"^play\.lua:\d+ ")
LEVELS = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
POSITION = re.compile(r"^\S+:\d+: ")

# What the real gateway would have answered to calls that the recordings don't have: they are made in the
# place of recorded ones, or where these say too little.
MORE_ANSWERS = {
    "get_query": {"kong.request.get_raw_query": "a=1&b=two&b=three&flag&empty="},
    "raw_body_spooled_fails": {"kong.request.get_raw_body": b"x" * 20000},
    "get_body_json": {"kong.request.get_header": "application/json",
                      "kong.request.get_raw_body": b'{"a":[1,2],"b":null,"c":[],"d":{}}'},
    "get_body_form": {"kong.request.get_header": "application/x-www-form-urlencoded",
                      "kong.request.get_raw_body": b"a=1&b=2&b=3"},
    "response_phase": {"kong.nginx.get_ctx": {"Content-Type": "text/plain", "Content-Length": "12"}},
    "log_phase_raises": {"kong.log.serialize": '{"request":{"uri":"/mp/62/seg/rest"}}'},
}

# Where a plugin gets something else than inside of Kong, and why.
DIFFERENT = {
    # A body in a file is fetched, where Kong wants to be told that it may.
    ("raw_body_spooled_fails", 0): [{"times": 20000, "of": "x"}],
    # Kong's text isn't known here.
    ("kong.cluster.get_id", 0): [None, "the gateway gave no cluster id"],
    # Kong's table answers by name only; this one can be walked through.
    ("response_phase", 6): [{"content-type": "text/plain", "content-length": "12"}],
}

WHOLE_BODY = {"kong.request.get_raw_body": [("kong.request.get_raw_body", [0])]}
DECODED_BODY = {"kong.request.get_body": [("kong.request.get_header", ["Content-Type"]),
                                          ("kong.request.get_raw_body", [0])]}
LOGGED = ["text1true"]
# The calls that are made in the place of recorded ones: none for what is known, or can't be asked.
INSTEAD = {
    "get_query": {("kong.request.get_query", 0): [("kong.request.get_query", [100])],
                  ("kong.request.get_query", 1): [("kong.request.get_query", [1]),
                                                  ("kong.request.get_raw_query", [])],
                  "kong.request.get_query_arg": []},
    "get_query_none": {"kong.request.get_query": [("kong.request.get_query", [100])]},
    # Of a header with several lines the gateway may have joined some.
    "get_headers": {("kong.request.get_headers", 0): [("kong.request.get_headers", [100])],
                    ("kong.request.get_header", 3): [("kong.request.get_header", ["X-TWO"])],
                    "kong.request.get_header": []},
    "raw_body": WHOLE_BODY, "raw_body_none": WHOLE_BODY, "raw_body_binary": WHOLE_BODY,
    "raw_body_spooled_fails": WHOLE_BODY, "setters_service": WHOLE_BODY, "set_body": WHOLE_BODY,
    "get_body_json": DECODED_BODY, "get_body_form": DECODED_BODY,
    "ctx": {("kong.ctx.shared.get", 1): []},
    "log": {"kong.log.alert": [("kong.log.alert", LOGGED)], "kong.log.crit": [("kong.log.crit", LOGGED)],
            "kong.log.err": [("kong.log.err", LOGGED)], "kong.log.warn": [("kong.log.warn", LOGGED)],
            "kong.log.notice": [("kong.log.notice", LOGGED)],
            "kong.log.info": [("kong.log.info", LOGGED)], "kong.log.debug": [("kong.log.debug", LOGGED)],
            "kong.log": [("kong.log.notice", ["plain"])],
            "kong.log.inspect": [("kong.log.notice", ['"x"'])], "kong.vault.is_reference": []},
    "exit_bad_status_raises": {"kong.response.exit": []},
    "wrong_phase_raises": {"kong.response.get_status": []},
    "bad_argument_raises": {"kong.request.get_header": []},
    "interior_nil": {"kong.response.set_header": []},
    "response_phase": {"kong.response.get_headers": [("kong.response.get_headers", [100])],
                       "kong.service.response.get_headers": [("kong.nginx.get_ctx",
                                                              ["buffered_headers"])]},
    "log_phase_raises": {"kong.request.get_path": [("kong.log.serialize", [])]},
}


def wanted_calls(name, recorded):
    calls, instead = [], INSTEAD.get(name, {})
    for index, (method, args) in enumerate(recorded):
        calls += instead.get((method, index), instead.get(method, [(method, args)]))
    return calls


def expand(value):
    """Golden values with their abbreviations written out. An empty array of JSON is a plain empty table:
    Debian's cjson has no mark for it."""
    if isinstance(value, dict):
        if "times" in value:
            return value["of"] * value["times"]
        return {key: expand(item) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item) for item in value] or {"empty": True}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def outcome_of(result):
    """What describe.lua says of a result in the golden file: an error, or a list of values."""
    return result if isinstance(result, dict) else {"values": [expand(value) for value in result]}


def key_of(method, args):
    return json.dumps([method, args], sort_keys=True)


class Answers:
    """What the gateway has answered in one scenario, by call."""

    def __init__(self, scenario):
        self.more = MORE_ANSWERS.get(scenario.name, {})
        self.calls = []
        self.recorded = {}
        for exchange in scenario.exchanges:
            if exchange["dir"] in ("gateway", "server"):
                self.add(msgpack.unpackb(bytes.fromhex(exchange["hex"]), raw=False,
                                         strict_map_key=False))

    def add(self, message):
        params = message[3][0] if message[0] == 0 else message[3]
        if message[0] == 1 and isinstance(params.get("Data"), dict):
            self.calls.append((params["Data"]["Method"], params["Data"]["Args"]))
        elif message[0] == 0 and message[2].startswith("plugin.Step"):
            self.recorded[key_of(*self.calls[-1])] = params.get("Data")

    def find(self, method, args):
        key = key_of(method, args)
        if key in self.recorded:
            return self.recorded[key]
        plain = key_of(method, [])
        if args in ([100], [1000], [0]) and plain in self.recorded:
            return self.recorded[plain]
        return self.more.get(method) if method.startswith("kong.log.") else self.more[method]


class RecordedValues(lib.WireTest):
    @classmethod
    def setUpClass(cls):
        with open(GOLDEN, encoding="utf-8") as file:
            cls.golden = json.load(file)
        cls.scenarios = {s.name: s for s in recording.load()}

    def setUp(self):
        self.gateway = self.connect(self.serve("wire-report", log_level="debug"))

    def play(self, scenario):
        """(outcomes, calls) of a scenario's list of calls."""
        answers, report = Answers(scenario), []

        def answer(method, args):
            if method == "kong.nginx.set_ctx" and args[0] == "report":
                report.extend(json.loads(args[1]))
                return None
            return answers.find(method, args)

        config, _ = scenario.config()
        instance = self.gateway.start_instance("wire-report", json.dumps(config))
        calls = self.gateway.play(instance, answer, scenario.phase)
        return report, [self.without_source(*call) for call in calls[:-2]]

    def without_source(self, method, args):
        """Log lines begin with their place in the plugin."""
        if method.startswith("kong.log.") and method[9:] in LEVELS:
            self.assertRegex(args[0], SOURCE)
            return method, [SOURCE.sub("", args[0])]
        return method, args

    def check(self, name):
        outcomes, _ = self.play(self.scenarios[name])
        self.assertEqual(len(outcomes), len(self.golden[name]))
        for index, ((method, args, result), outcome) in enumerate(zip(self.golden[name], outcomes)):
            with self.subTest(name, method=method, args=args):
                if "error" in outcome:
                    outcome["error"] = POSITION.sub("", outcome["error"])
                want = outcome_of(DIFFERENT.get((name, index), result))
                self.assertEqual(strict(outcome), strict(want))

    def test_every_call_returns_what_it_returns_inside_of_the_gateway(self):
        self.assertGreaterEqual(len(self.golden), 50)
        for name in self.golden:
            self.check(name)

    def test_only_documented_calls_differ_from_the_recorded(self):
        for name in self.golden:
            with self.subTest(name):
                scenario = self.scenarios[name]
                _, calls = self.play(scenario)
                self.assertEqual(strict(calls),
                                 strict(wanted_calls(name, Answers(scenario).calls)))

    def test_every_scenario_whose_calls_return_is_in_the_golden_file(self):
        without = {name for name in self.scenarios if name not in self.golden}
        self.assertEqual(without, {
            "exit_plain", "exit_table", "exit_status_only", "exit_nil_body_headers", "error_text",
            "response_replace_body",  # they end the event
            "unknown_method",         # in Lua an error of the language
            "no_calls", "parallel", "configuration posted again, unchanged, then one request"})


if __name__ == "__main__":
    lib.main()
