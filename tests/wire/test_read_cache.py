"""Every function that reads with every function that sets, over both protocols, with the read cache and
without: the handler sees the same.

Each pair is an event: the readings, then the settings one by one with the readings after each. The gateway
is one that keeps what it is told (stateful_gateway.py). Neither a row that sets nor a group that it clears
may be without effect here, so that an invalidation that is missing is seen.
To add a function: usually nothing is to be done; what takes arguments needs some in READINGS or SETTINGS.
"""
import json
import os

import lib
import pb_gateway
import pdk_calls
import stateful_gateway
from strict import strict

PHASES = ("access", "response", "log", "preread", "certificate")
GOLDEN = os.path.join(lib.SOURCE, "tests", "golden", "pdk-errors.json")

KEYS = ["'k'", "'authenticated_consumer'", "'balancer_data'", "'serialize_values'", "'CLIENT_VERIFY_OVERRIDE'",
        "'buffered_proxying'"]
# Lua arguments of each reading; as in pdk_calls.py where there are none.
READINGS = {
    "kong.client.load_consumer": ["'bob', true"],
    "kong.nginx.get_ctx": KEYS,
    "kong.request.get_body": ["'application/x-www-form-urlencoded'"],
    "kong.request.get_header": ["'x-a'", "'X-Two'", "'host'", "'content-length'", "'none'"],
    "kong.request.get_headers": ["", "2", "1000"],
    "kong.request.get_query": ["", "1"],
    "kong.request.get_query_arg": ["'a'", "'b'", "'flag'", "'none'"],
    "kong.response.get_header": ["'x-r'", "'x_two'", "'connection'"],
    "kong.response.get_headers": ["", "2"],
    "kong.service.response.get_header": ["'x-up'", "'X-Two'", "'none'"],
    "ngx.ctx.get": KEYS,
}

# Lua arguments of each setting, one after the other.
HEADERS = ["'x-a', {'5', '6'}", "'Host', 'other'", "'X-Forwarded-Proto', 'https'", "'X-Forwarded-Port', 99",
           "'X-Forwarded-Host', 'far:82'", "'X-Forwarded-Path', '/y'", "'X-Forwarded-Prefix', '/z'"]
NAMES = ["'x-a'", "'host'", "'x-forwarded-host'", "'x-forwarded-path'", "'x-forwarded-prefix'"]
TABLES = ["{['x-a'] = '8', ['x-forwarded-proto'] = 'https'}"]
CONTEXT = [
    "'k', {a = 1}", "'authenticated_consumer', {id = 'c9'}", "'authenticated_credential', {id = 'k9'}",
    "'route', {id = 'r9', protocols = {'grpc'}}", "'service', {id = 's9'}", "'plugin_id', 'p9'",
    "'router_matches', {uri_captures = {unnamed = {'y'}, named = {n = 'w'}}}", "'host_port', 7",
    "'KONG_PROCESSING_START', 9000", "'buffered_headers', {['X-Up'] = '9'}", "'buffered_status', 299",
    "'buffered_body', '{\"b\":2}'", "'KONG_EXITED', true", "'KONG_UNEXPECTED', true",
]
SETTINGS = {
    "kong.client.authenticate": ["{id = 'c1'}, {id = 'k1', consumer_id = 'c1'}", "nil, {id = 'k2'}"],
    "kong.client.tls.set_client_verify": ["'NONE'"],
    "kong.log.set_serialize_value": ["'a', 1"],
    "kong.nginx.set_ctx": CONTEXT,
    "kong.response.add_header": ["'x-r', '5'", "'x-two', '3'"],
    "kong.response.clear_header": ["'x-r'", "'x-two'"],
    "kong.response.set_header": ["'x-r', {'5', '6'}", "'X-Two', true"],
    "kong.response.set_headers": ["{['x-r'] = '7', ['x-two'] = 'a'}"],
    "kong.response.set_status": ["299", "101"],
    "kong.service.request.add_header": ["'x-a', '3'", "'x-new', '1'"],
    "kong.service.request.clear_header": NAMES,
    "kong.service.request.clear_query_arg": ["'a'", "'b'"],
    "kong.service.request.set_body": ["{b = 1}, 'application/json'"],
    "kong.service.request.set_header": HEADERS,
    "kong.service.request.set_headers": TABLES,
    "kong.service.request.set_query": ["{a = '7', b = {'8', '9'}, flag = 'x'}"],
    "kong.service.request.set_raw_body": ["'c=d'"],
    "kong.service.request.set_raw_query": ["'a=5&b&flag=&none=1'"],
    "ngx.ctx.set": CONTEXT[:3],
}

# Rows that set nothing that a function gives back; all other ones that are asked anew each time set.
HARMLESS = {
    "kong.client.load_consumer", "kong.client.tls.disable_session_reuse", "kong.ctx.shared.get",
    "kong.client.tls.request_client_certificate", "kong.nginx.get_statistics", "kong.nginx.get_var",
    "kong.node.get_memory_stats", "kong.request.get_body", "kong.service.response.get_body",
    "kong.telemetry.log", "kong.vault.flush", "kong.vault.get", "kong.vault.update", "kong.vault.warmup",
}
# What ngx.ctx has no word in, and what is cleared with the rest all the same.
SET_CTX_LEAVES = {"G_BODY", "G_RESPONSE_HEADERS", "G_RESPONSE_STATUS"}


class Field:
    """A row for the fields of Lua's ngx.ctx."""

    def __init__(self, name, groups):
        self.name = name
        self.flags = {"LOG_OK"}
        self.groups = groups


def is_remote(row):
    return not row.flags & {"LOCAL", "REFUSED", "TERMINAL", "LEVEL"} and row.name not in pdk_calls.UNREACHABLE


def arguments(row, table):
    return table.get(row.name) or [row.call().args]


class Pairs(lib.WireTest):
    """A subclass says how the gateway speaks."""

    @classmethod
    def setUpClass(cls):
        rows = [row for row in pdk_calls.rows() if is_remote(row)]
        cls.readers = [r for r in rows if r.flags & {"CACHE", "CONSTANT"} or
                       r.name in HARMLESS and r.returns != "VOID"]
        cls.setters = [r for r in rows if r not in cls.readers and r.name not in HARMLESS and
                       not r.name.startswith(("kong.log.d", "kong.log.i"))]
        cls.readers.append(Field("ngx.ctx.get", {"G_CTX"}))
        cls.setters.append(Field("ngx.ctx.set", {"G_CTX"}))
        with open(GOLDEN, encoding="utf-8") as file:
            golden = json.load(file)["phases"]
        cls.phases_of = {row.name: cls.allowed_phases(row, golden) for row in cls.readers + cls.setters}

    @staticmethod
    def allowed_phases(row, golden):
        if row.name.startswith("ngx."):
            return PHASES
        if row.name not in golden:
            return [row.call().phase]
        return (golden[row.name]["only"] or ", ".join(PHASES)).split(", ")

    def setUp(self):
        server = self.serve("pdk-gate", "gate-off", kong_version="3.8", plugin_gate_off_module="pdk-gate",
                            plugin_gate_off_read_cache="off")
        self.gateways = {name: self.connection(server.path(name)) for name in server.plugins}
        for gateway in self.gateways.values():
            self.addCleanup(gateway.close)
        self.instances = {name: g.start_instance(name) for name, g in self.gateways.items()}
        self.rounds = dict.fromkeys(server.plugins, 0)
        self.lacking = set()  # what can't be called
        self.changed = set()  # (reader, setter) where what was read is another after the setting

    def phases(self, reader, setter):
        """The first one in which both may be called, and log, which is another world."""
        common = [p for p in PHASES if p in self.phases_of[reader.name] and p in self.phases_of[setter.name]]
        in_log = "log" in common and "LOG_OK" in reader.flags & setter.flags
        return sorted({*common[:1], *(["log"] if in_log else [])})

    def outcomes(self, plugin, calls, phase):
        """What the handler sees of the calls."""
        request, told = stateful_gateway.Request(), []
        case = {"calls": [{"call": name, "args": args} for name, args in calls]}

        def answer(name, args):
            self.rounds[plugin] += 1
            if name == "kong.nginx.get_ctx" and args == ["case"]:
                return case
            if name == "kong.nginx.set_ctx" and args[0] == "outcome":
                told.extend(json.loads(args[1]))
                return None
            return self.answer(request, name, args)

        ended = self.gateways[plugin].play(self.instances[plugin], answer, phase)
        self.assertEqual((ended[-1], len(told)), ("ret", len(calls)))
        return told

    def check_pair(self, reader, setter, phase):
        readings = [(reader.name, args) for args in arguments(reader, READINGS)]
        calls = readings * 2
        for args in arguments(setter, SETTINGS):
            calls += [(setter.name, args), *readings]
        with_cache, without = (self.outcomes(name, calls, phase) for name in ("pdk-gate", "gate-off"))
        for call, one, two in zip(calls, with_cache, without):
            self.assertEqual(strict(one), strict(two), "%s after %s in %s:\n%r" %
                             (call, setter.name, phase, calls))
            if self.lacks in two.get("error", ""):
                self.lacking.add(call[0])
            elif "cannot be called in log phase" not in two.get("error", ""):
                self.assertIn("values", two, call)
        seen = [o for c, o in zip(calls, without) if c[0] == reader.name]
        if seen[:len(readings)] * (len(seen) // len(readings)) != seen:
            self.changed.add((reader.name, setter.name))

    def test_a_handler_sees_the_same_with_the_cache_and_without(self):
        for setter in self.setters:
            for reader in self.readers:
                for phase in self.phases(reader, setter):
                    with self.subTest(reader=reader.name, setter=setter.name, phase=phase):
                        self.check_pair(reader, setter, phase)
        self.assertLess(self.rounds["pdk-gate"], 0.8 * self.rounds["gate-off"])
        self.check_effects()

    def check_effects(self):
        """Each group that a setter clears has a reader that sees it, and each reader a setter."""
        for setter in self.setters:
            if setter.name in self.lacking:
                continue
            seen = {group for r in self.readers if (r.name, setter.name) in self.changed for group in r.groups}
            groups = setter.groups
            if setter.name == "kong.nginx.set_ctx":
                groups = {g for r in self.readers for g in r.groups} - SET_CTX_LEAVES
            self.assertEqual(groups - seen, set(), setter.name)
        for reader in self.readers:
            if reader.groups - {"G_FIXED"} and reader.name not in self.lacking:
                self.assertIn(reader.name, {r for r, _ in self.changed})


class Msgpack(Pairs):
    connection = lib.Gateway
    answer = staticmethod(stateful_gateway.answer_msgpack)
    lacks = "nothing"


class Protobuf(Pairs):
    connection = pb_gateway.PbGateway
    answer = staticmethod(stateful_gateway.answer_protobuf)
    lacks = "over ProtoBuf:1"


del Pairs  # has no wire

if __name__ == "__main__":
    lib.main()
