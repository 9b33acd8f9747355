"""Every function of the PDK, called from Lua over ProtoBuf:1: what goes out, what the plugin gets, and an
error that names the protocol where it can't be."""
import json
import re

import lib
import pb
import pb_gateway
import pdk_calls
from strict import strict

# By message: what the gateway's function returned, and what the plugin gets.
RESULTS = {
    "AuthenticatedCredential": ({"id": b"k"}, {"id": "k"}),
    "Bool": (True, True),
    "ByteString": (b"\x00\xff", {"hex": "00ff"}),
    "Consumer": ({"id": b"c", "created_at": 5, "tags": [b"x"]}, {"id": "c", "created_at": 5, "tags": ["x"]}),
    "Int": (200, 200),
    "MemoryStats": ({"workers_lua_vms": [{"pid": 7, "http_allocated_gc": 9}]},
                    {"workers_lua_vms": [{"pid": 7, "http_allocated_gc": 9}]}),
    "Number": (1.5, 1.5),
    "RawBodyResult": (b"\x00\xff", {"hex": "00ff"}),
    "Route": ({"id": b"r", "strip_path": True, "service": {"id": b"s"}},
              {"id": "r", "strip_path": True, "preserve_host": False, "service": {"id": "s"}, "created_at": 0,
               "updated_at": 0, "https_redirect_status_code": 0, "regex_priority": 0}),
    "Service": ({"id": b"s", "port": 80},
                {"id": "s", "port": 80, "created_at": 0, "updated_at": 0, "retries": 0, "connect_timeout": 0,
                 "write_timeout": 0, "read_timeout": 0}),
    "String": ("text", "text"),
    "Struct": (pdk_calls.MAP, pdk_calls.MAP),
    "UriCapturesResult": ({"unnamed": [b"a", b""], "named": [{"key": b"k", "value": b"v"}]},
                          {"unnamed": ["a", ""], "named": {"k": "v"}}),
    "Value": ("any", "any"),
}
ANSWERS = {"kong.nginx.get_ctx": pdk_calls.BUFFERED, "kong.log.serialize": json.dumps(pdk_calls.SERIALIZED),
           "kong.request.get_query": {"a": "any", **pdk_calls.MAP}}
# Rows whose calls or results are others here: (calls, results); None = as over MsgPack:1.
JSON_TYPE = {"Content-Type": "application/json; charset=utf-8"}
BODY = "service.request."


def CTX(key):  # pylint: disable=invalid-name
    return [("nginx.get_ctx", [key])], [pdk_calls.BUFFERED]


TRUSTED = [("client.get_ip", []), ("ip.is_trusted", ["text"]), ("request.get_header", None)]
OTHER = {
    "kong.client.authenticate": ([("client.authenticate", [{"id": b"c"}, {"id": b"k"}]),
                                  ("nginx.set_ctx", ["authenticated_consumer", {"id": "c"}]),
                                  ("nginx.set_ctx", ["authenticated_credential", {"id": "k"}])], None),
    "kong.client.get_consumer": CTX("authenticated_consumer"),
    "kong.client.get_credential": CTX("authenticated_credential"),
    "kong.client.tls.set_client_verify": ([("nginx.set_ctx", ["CLIENT_VERIFY_OVERRIDE", "FAILED:x"])], None),
    "kong.client.load_consumer": None,
    "kong.ctx.shared.set": ([("ctx.shared.set", ["k", [1, [], {"a": 1.5}]])], None),
    "kong.nginx.get_ctx": (None, [pdk_calls.BUFFERED]),
    "kong.request.get_query": (None, [{"a": "any", **pdk_calls.MAP}]),
    "kong.log.emerg": ([("log.alert", None)], None),
    "kong.log.set_serialize_value": "can only have the mode 'set'",
    "kong.node.get_hostname": ([("nginx.get_var", ["hostname"])], None),
    "kong.node.get_memory_stats": ([("node.get_memory_stats", [])], [
        {"workers_lua_vms": [{"pid": 7, "http_allocated_gc": "0.01 KiB"}]}]),
    "kong.plugin.get_id": ([("nginx.get_ctx", ["plugin_id"])], ["an id"]),
    "kong.request.get_body": ([("request.get_raw_body", [])], None),
    "kong.request.get_forwarded_path": (TRUSTED, None),
    "kong.request.get_forwarded_prefix": (TRUSTED, None),
    "kong.request.get_query_arg": ([("request.get_query", [100])], None),
    "kong.request.get_raw_body": ([("request.get_raw_body", [])], None),
    "kong.request.get_raw_path": ([("request.get_path_with_query", [])], None),
    "kong.request.get_start_time": ([("nginx.get_ctx", ["KONG_PROCESSING_START"]),
                                     ("nginx.req_start_time", [])], [1500]),
    "kong.response.error": ([("request.get_headers", [100]), ("nginx.get_var", ["kong_request_id"]),
                             ("response.exit", [429, '{\n  "message":"slow",\n  "request_id":"text"\n}',
                                                {"x": "y", **JSON_TYPE}])], None),
    "kong.response.exit": ([("response.exit", [403, '{"a":{}}', {"x": "y", **JSON_TYPE}])], None),
    "kong.response.set_headers": None,
    "kong.router.get_route": CTX("route"),
    "kong.router.get_service": CTX("service"),
    "kong.service.request.clear_query_arg": ([("request.get_raw_query", []),
                                              (BODY + "set_raw_query", ["text"])], None),
    "kong.service.request.enable_buffering": ([("nginx.set_ctx", ["buffered_proxying", True])], None),
    "kong.service.request.set_body": ([(BODY + "set_raw_body", ['{"a":1}']),
                                       (BODY + "set_header", ["Content-Type", "application/json"])], None),
    "kong.service.response.get_header": ([("nginx.get_ctx", ["buffered_headers"])], []),
}
# What a function says that can't be called, and which these are.
LACKING = "can't be called over ProtoBuf:1; set plugin_NAME_protocol = msgpack for this plugin"
LACKED = {
    "kong.client.tls.disable_session_reuse", "kong.client.tls.get_full_client_certificate_chain",
    "kong.client.tls.request_client_certificate", "kong.cluster.get_id", "kong.configuration.remove_sensitive",
    "kong.nginx.get_statistics", "kong.service.request.disable_tls", "kong.service.set_retries",
    "kong.service.set_timeouts", "kong.service.set_tls_verify", "kong.service.set_tls_verify_depth",
    "kong.telemetry.log", "kong.vault.flush", "kong.vault.get", "kong.vault.update", "kong.vault.warmup",
}


# They are never sent by the calls of the table: other functions do the same, or the arguments can't go.
UNSENT = {"kong.client.get_consumer", "kong.client.get_credential", "kong.log.set_serialize_value",
          "kong.request.get_query_arg", "kong.router.get_route", "kong.router.get_service",
          "kong.service.response.get_header", "kong.service.response.get_headers"}


class Gate(lib.WireTest):
    unsent = UNSENT

    @classmethod
    def setUpClass(cls):
        cls.rows = [row for row in pdk_calls.rows()
                    if not row.flags & {"LOCAL", "REFUSED"} and row.name not in pdk_calls.UNREACHABLE]
        cls.rpcs = pb.rpcs()

    def setUp(self):
        self.server = self.serve("pdk-gate", log_level="debug", kong_version="3.8")
        self.sent_in_all = set()

    def answer(self, name, call):
        if name in call.answers:
            return call.answers[name]
        if name in ANSWERS:
            return ANSWERS[name]
        return RESULTS.get(self.rpcs[name][1], (None, None))[0]

    def outcome(self, row, call):
        """What came of it, and the calls: the plugin's own first and last ones left out."""
        gateway = pb_gateway.PbGateway(self.server.path())
        self.addCleanup(gateway.close)
        told = {}

        def answer(name, args):
            if args == ["case"]:
                return self.case(row, call)
            if args[:1] == ["outcome"]:
                told.update(self.told(args[1]))
                return None
            return "an id" if args == ["plugin_id"] else self.answer(name, call)

        calls = gateway.play(gateway.start_instance(self.server.plugins[0]), answer, call.phase)
        self.assertEqual(calls[0], ("kong.nginx.get_ctx", ["case"]))
        return told, [c for c in calls[1:] if c != "ret" and c[1][:1] != ["outcome"]]

    def case(self, row, call):
        """What the plugin is to call."""
        return {"call": row.name, "args": call.args}

    def told(self, outcome):
        """What it tells, as {error} or {values}."""
        return json.loads(outcome)

    def check_told(self, told, values):
        self.assertEqual(strict(told), strict({"values": values}))

    def expected(self, row, call):
        """(calls, results)"""
        other = OTHER.get(row.name) or (None, None)
        calls = call.sent if other[0] is None else [("kong." + name, args) for name, args in other[0]]
        values = other[1]
        if values is None and row.name not in pdk_calls.BY_OTHERS and row.name in self.rpcs \
                and row.name not in ANSWERS and row.name != "kong.request.get_query_arg":
            out = RESULTS.get(self.rpcs[row.name][1])
            values = [out[1]] if out and row.returns != "VOID" else None
        return calls, call.values if values is None else values

    def check_sent(self, expected, sent):
        self.assertEqual([name for name, _ in sent], [name for name, _ in expected])
        for (_, want), (name, got) in zip(expected, sent):
            if want and isinstance(want[-1], re.Pattern):
                self.assertRegex(got[-1], want[-1])
            elif want is not None:
                self.assertEqual(strict(got), strict(want), name)

    def check(self, row):
        call = row.call()
        told, sent = self.outcome(row, call)
        reason = LACKING if row.name in LACKED else OTHER.get(row.name)
        if isinstance(reason, str):
            self.assertIn(reason, told["error"])
            self.assertIn("over ProtoBuf:1", told["error"])
            self.assertEqual(sent, [])
            return
        calls, values = self.expected(row, call)
        self.check_sent(calls, sent)
        self.sent_in_all |= {name for name, _ in sent}
        if not call.ends:
            self.check_told(told, values)

    def test_every_row_is_called(self):
        for row in self.rows:
            with self.subTest(row.name):
                self.check(row)
        self.assertEqual(set(self.rpcs) - self.sent_in_all, self.unsent)


if __name__ == "__main__":
    lib.main()
