"""What calls cost: docs/pdk.md's "Round trips", counted by a gateway for every function over both protocols;
and what costs nothing.

A round trip is a wait: the server says something, and goes on when it is answered. Over MsgPack:1 that is
each call; over ProtoBuf:1 it is each write of the server but the last, which ends the event.
"""
import json
import os
import re

import lib
import pb_gateway
import pdk_calls
import stateful_gateway

DOCS = os.path.join(lib.SOURCE, "docs", "pdk.md")
COST = re.compile(r"^- Protocols: (.*?)\n- Round trips: (.*?)$", re.M)
CONSTANT = "1, then 0 for all events of that gateway process"
# (first call, second call) over MsgPack:1 and ProtoBuf:1, by what the page begins with; in this order.
MEANING = [
    ("0 below `log_level`; else MsgPack:1 1, ProtoBuf:1 pipelined", (1, 1), (0, 0)),
    ("0 for a table without references, else 1", (1, 1), (1, 1)),
    ("0", (0, 0), (0, 0)),
    ("1, then 0; at most 2 over ProtoBuf:1", (1, 0), (2, 0)),
    ("1, then 0 until it may have changed; over ProtoBuf:1 at most 5", (1, 0), (3, 0)),
    ("1, then 0", (1, 0), (1, 0)),
    ("1 each time", (1, 1), (1, 1)),
    ("1", (1, 1), None),
    ("MsgPack:1 1; ProtoBuf:1 pipelined", (1, 1), (0, 0)),
    ("MsgPack:1 1; over ProtoBuf:1 that of `kong.request.get_raw_query`", (1, 1), (1, 1)),
    ("that of `kong.request.get_header`, if no mimetype is given; then over MsgPack:1 1", (1, 1), (0, 0)),
    ("those of `kong.request.get_header`, if no mimetype is given", (1, 0), (1, 0)),
    ("those of `kong.service.response.get_header`, if no mimetype is given", (1, 0), (1, 0)),
]
# Names of pdk_calls.py's calls aren't those of the state's headers.
ARGS = {"kong.request.get_header": "'x-a'", "kong.response.get_header": "'x-r'",
        "kong.service.response.get_header": "'x-up'"}


class Msgpack:
    """One event at a time, and the waits in it."""

    lacks = "nothing"

    def __init__(self, path):
        self.gateway = lib.Gateway(path)

    def waits(self, instance, request, phase):
        calls = self.gateway.play(instance, lambda *c: stateful_gateway.answer_msgpack(request, *c), phase)
        return len(calls) - (calls[-1] == "ret" or calls[-1][0].startswith("kong.response.e"))


class Protobuf:
    lacks = "over ProtoBuf:1"

    def __init__(self, path):
        self.gateway = CountingGateway(path)

    def waits(self, instance, request, phase):
        self.gateway.received = 0
        self.gateway.play(instance, lambda *c: stateful_gateway.answer_protobuf(request, *c), phase)
        return self.gateway.received - 1


class CountingGateway(pb_gateway.PbGateway):
    received = 0

    def receive(self):
        super().receive()
        self.received += 1


class Request(stateful_gateway.Request):
    """Gives the plugin its calls, and keeps what came of them."""

    def __init__(self, name=None, args="", times=0):
        super().__init__()
        self.ctx["case"] = {"calls": [{"call": name, "args": args}] * times}

    def outcome(self):
        return self.ctx.get("outcome", "")


class Costs(lib.WireTest):
    @classmethod
    def setUpClass(cls):
        with open(DOCS, encoding="utf-8") as file:
            functions = [text.partition("\n") for text in file.read().split("\n### ")[1:]]
        cls.page = {name: COST.search(text).groups() for name, _, text in functions if COST.search(text)}

    def start(self, kind):
        server = self.serve("pdk-gate", log_level="debug", kong_version="3.8")
        self.speaker = kind(server.path())
        self.addCleanup(self.speaker.gateway.close)
        self.instance = self.speaker.gateway.start_instance("pdk-gate")

    def count(self, phase, *case):
        self.request = Request(*case)
        return self.speaker.waits(self.instance, self.request, phase)

    def measured(self, row):
        """(waits of a first call, of a second one), or None where it can't be called."""
        call, args = row.call(), ARGS.get(row.name, row.call().args)
        none = self.count(call.phase)
        one = self.count(call.phase, row.name, args, 1)
        if self.speaker.lacks in self.request.outcome():
            return None
        self.assertNotIn('"error"', self.request.outcome())
        two = self.count(call.phase, row.name, args, 2)
        if self.page[row.name][1] == CONSTANT:
            return one - none, two - none
        return one - none, two - one

    def meaning(self, name, text, at):
        if name == "kong.ctx.shared.get":  # in Lua it is a table's field
            return 1, 0
        return next(row[at] for row in MEANING if text.startswith(row[0]))

    def check_all(self, kind, at):
        self.start(kind)
        for row in pdk_calls.rows():
            if row.flags & {"REFUSED", "TERMINAL"} or row.name in pdk_calls.UNREACHABLE:
                continue
            with self.subTest(row.name):
                measured = self.measured(row)
                protocols, text = self.page[row.name]
                if measured is None:
                    # Not at all, or not with these arguments, which the page says.
                    self.assertRegex(protocols, r"ProtoBuf:1 (not|\w+: .)")
                else:
                    self.assertEqual(measured, self.meaning(row.name, text, at), text)

    def test_over_msgpack_they_are_as_told(self):
        self.check_all(Msgpack, 1)

    def test_over_protobuf_they_are_as_told(self):
        self.check_all(Protobuf, 2)


class Handlers(lib.WireTest):
    """Lua in the phases of one request, over both protocols."""

    def waits(self, *events, **settings):
        """Waits in each event, (phase, Lua), over MsgPack:1 and over ProtoBuf:1."""
        server = self.serve("e2e-all", start=False, **settings)
        server.start()
        lib.wait_until(lambda: os.path.exists(server.path()), "a socket")
        all_waits = []
        for kind in (Msgpack, Protobuf):
            speaker = kind(server.path())
            self.addCleanup(speaker.gateway.close)
            self.request = Request()
            waits = []
            for phase, lua in events:
                instance = speaker.gateway.start_instance("e2e-all", json.dumps({phase: lua}))
                waits.append(speaker.waits(instance, self.request, phase))
            all_waits.append(waits)
        return all_waits

    def test_log_calls_below_the_level_cost_nothing(self):
        lua = "kong.log.debug('x') kong.log.info('x') kong.log.inspect({}) kong.log.notice('x')"
        self.assertEqual(self.waits(("access", lua), log_level="warn"), [[0], [0]])
        self.assertEqual(self.waits(("access", lua), log_level="notice"), [[2], [0]])
        self.assertEqual(self.waits(("access", lua), log_level="debug"), [[4], [0]])

    def test_the_table_of_the_request_costs_a_write_where_it_changed_and_a_read_in_a_later_phase(self):
        nothing, use = "kong.request.get_method()", "kong.ctx.plugin.n = (kong.ctx.plugin.n or 0) + 1 "
        events = [("access", use * 3), ("response", use * 3), ("log", use * 3)]
        self.assertEqual(self.waits(*events), [[1 + 1, 1 + 1, 1], [1, 1, 1]])
        events[1] = ("response", "assert(kong.ctx.plugin.n == 3)")
        self.assertEqual(self.waits(*events), [[1 + 1, 1, 1], [1, 1, 1]])
        self.assertEqual(self.waits(("access", nothing), ("log", "local x")), [[1, 0], [1, 0]])

    def test_writing_to_that_table_leaves_what_is_known(self):
        lua = "kong.request.get_method() kong.ctx.plugin.a = 1 kong.request.get_method()"
        self.assertEqual(self.waits(("access", lua)), [[3], [2]])

    def test_headers_that_are_known_answer_for_their_names(self):
        lua = """kong.request.get_headers()
            assert(kong.request.get_header("X-A") == "1")
            assert(kong.request.get_header("host") == "example.com")
            assert(kong.request.get_header("none") == nil)
            assert(kong.request.get_header("x-two") == "1")"""
        self.assertEqual(self.waits(("access", lua)), [[2], [2]])
        self.assertEqual(self.waits(("access", lua), read_cache="off"), [[5], [6]])

    def test_headers_of_the_response_and_of_the_service_too(self):
        lua = """kong.response.get_headers()
            assert(kong.response.get_header("X_R") == "1")
            assert(kong.response.get_header("none") == nil)
            kong.service.response.get_headers()
            assert(kong.service.response.get_header("x-up") == "1")
            assert(kong.service.response.get_header("none") == nil)"""
        self.assertEqual(self.waits(("response", lua)), [[2], [2]])

    def test_a_query_answers_for_its_arguments(self):
        lua = """kong.request.get_query()
            assert(kong.request.get_query_arg("b") == "2")
            assert(kong.request.get_query_arg("flag") == true)
            assert(kong.request.get_query_arg("B") == nil)"""
        self.assertEqual(self.waits(("access", lua)), [[1], [1]])

    def test_in_the_log_phase_headers_are_asked_one_by_one(self):
        lua = "kong.request.get_headers() kong.request.get_header('x-a') kong.request.get_header('none')"
        self.assertEqual(self.waits(("log", lua))[0], [3])

    def test_what_the_log_phase_knows_of_the_request_is_one_call(self):
        lua = "kong.request.get_method() kong.request.get_path() kong.request.get_query() kong.client.get_ip()"
        self.assertEqual(self.waits(("log", "pcall(function() %s end)" % lua)), [[1], [1]])


if __name__ == "__main__":
    lib.main()
