"""What ProtoBuf:1 lacks: functions that are done by others, and what is an error that names the protocol."""
import json

import lib
import pb_gateway
from pb_gateway import ProtobufTest


class Lacks(ProtobufTest):
    def test_what_would_be_lost_is_an_error_that_names_the_protocol(self):
        for call in (["kong.ctx.shared.set", ["k", False]], ["kong.ctx.shared.set", ["k", {"a": [1, False]}]],
                     ["kong.ctx.shared.set", ["k", [1, None, 2]]],
                     ["kong.service.set_retries", [3]], ["kong.vault.get", ["{vault://env/x}"]],
                     ["kong.log.set_serialize_value", ["k", 1, {"mode": "add"}]]):
            with self.subTest(call):
                self.assert_fails(self.play(call), "over ProtoBuf:1", "protocol = msgpack")

    def test_booleans_that_become_texts_anyway_can_be_false(self):
        calls = self.play(["kong.response.set_header", ["a", False]],
                          ["kong.response.set_headers", [{"b": False}]],
                          ["kong.service.request.set_query", [{"c": False, "d": True}]])
        self.assertEqual([args for _, args in calls[:-1]],
                         [["a", "false"], [{"b": "false"}], [{"d": True}]])

    def error(self, *arguments, **answers):
        """How kong.response.error with these arguments ends: (calls before it, status, body, headers)."""
        given = {"kong.nginx.get_var": "id", "kong.request.get_headers": {}, **answers}
        calls = self.play(["kong.response.error", list(arguments)], answers=lambda name, _: given.get(name))
        self.assertEqual(calls[-1][0], "kong.response.exit")
        return [name for name, _ in calls[:-1]], *calls[-1][1]

    def test_an_error_is_an_exit_in_the_form_that_the_client_accepts(self):
        forms = {"": ("application/json; charset=utf-8", '{\n  "message":"slow",\n  "request_id":"id"\n}'),
                 "text/html;q=0.5, text/plain": ("text/plain; charset=utf-8", "slow\nrequest_id: id\n"),
                 "nonsense, text/html": ("text/html; charset=utf-8", "<p>slow.</p>")}
        for accept, (kind, body) in forms.items():
            with self.subTest(accept):
                calls, status, text, headers = self.error(
                    429, "slow", {"x": "y"}, **{"kong.request.get_headers": {"accept": accept}})
                self.assertEqual((calls, status), (["kong.request.get_headers", "kong.nginx.get_var"], 429))
                self.assertIn(body, text)
                self.assertEqual(headers, {"x": "y", "Content-Type": kind})

    def test_an_error_to_a_client_of_grpc_has_no_body(self):
        grpc = {"kong.request.get_headers": {"content-type": "application/grpc+proto", "accept": "text/html"}}
        self.assertEqual(self.error(503, "slow", **grpc, **{"kong.request.get_http_version": 2})[1:],
                         (503, "", {"Content-Type": "application/grpc"}))
        self.assertIn("<p>slow.</p>", self.error(503, "slow", **grpc, **{"kong.request.get_http_version": 1.1})[2])
        self.assertEqual(self.error(503, "slow", {"Content-Type": "application/grpc"})[1:],
                         (503, "", {"Content-Type": "application/grpc"}))

    def test_bodies_are_encoded_here(self):
        calls = self.play(["kong.service.request.set_body", [{"a": 1}, "application/json"]],
                          ["kong.service.request.set_body", [{"b": ["x y", True], "a": 1.5},
                                                             "application/x-www-form-urlencoded"]])
        self.assertEqual([args for name, args in calls[:-1] if name.endswith("body")],
                         [['{"a":1}'], ["a=1.5&b=x%20y&b"]])

    def multipart(self, table, mime):
        """What becomes of a body with parts: (content type, body)."""
        calls = self.play(["kong.service.request.set_body", [table, mime]])
        self.assertEqual([name for name, _ in calls[:-1]],
                         ["kong.service.request.set_raw_body", "kong.service.request.set_header"])
        return calls[1][1][1], calls[0][1][0]

    def test_a_body_with_parts_too(self):
        part = '--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        self.assertEqual(
            self.multipart({"b": "two\r\nlines", "a": 1.5}, 'multipart/form-data; boundary="x y"'),
            ("multipart/form-data; boundary=x y",
             part % ("x y", "a", "1.5") + part % ("x y", "b", "two\r\nlines") + "--x y--\r\n"))
        kind, body = self.multipart({"a": "\n--x", "b": "\n--outrigger-part-1"}, "multipart/form-data; boundary=x")
        self.assertEqual(kind, "multipart/form-data; boundary=outrigger-part-2")
        self.assertTrue(body.startswith("--outrigger-part-2\r\n"))
        self.assertTrue(body.endswith("\r\n--outrigger-part-2--\r\n"))
        self.assertEqual(self.multipart({}, "multipart/form-data")[1], "--outrigger-part-1--\r\n")

    def test_a_body_that_is_no_json_is_an_error(self):
        told, _ = self.outcome("kong.service.request.set_body", "{a = '\\255'}, 'application/json'", {})
        self.assertRegex(told["error"], "no UTF-8 over ProtoBuf:1")

    def query_without(self, name, query):
        calls = self.play(["kong.service.request.clear_query_arg", [name]],
                          answers=lambda method, _: query if method == "kong.request.get_raw_query" else None)
        return [args[0] for method, args in calls[:-1] if method == "kong.service.request.set_raw_query"]

    def test_an_argument_of_the_query_is_cleared_and_the_rest_stays_as_it_is(self):
        for name, query, left in (("a", "a=1&b=%20&a&&c=a&%61=2", ["b=%20&c=a"]), ("a b", "a+b=1&a%20b", [""]),
                                  ("x", "a=1&b", ["a=1&b"]), ("", "=1&a", ["a"]), ("a", "", [])):
            with self.subTest(query):
                self.assertEqual(self.query_without(name, query), left)

    def test_what_a_trusted_proxy_says_goes_first(self):
        for trusted, header, path, prefix in ((True, "/p", "/p", "/p"), (True, None, "/own", "/route"),
                                              (False, "/p", "/own", "/route")):
            answers = {"kong.client.get_ip": "10.0.0.1", "kong.ip.is_trusted": trusted,
                       "kong.request.get_header": header, "kong.request.get_headers": {},
                       "kong.request.get_path": "/own", "kong.nginx.get_var": "/route"}
            with self.subTest(trusted=trusted, header=header):
                calls = self.play(["kong.request.get_forwarded_path", []], ["kong.request.get_forwarded_prefix", []],
                                  answers=lambda name, _, given=answers: given.get(name))
                names = [name for name, _ in calls[:-1]]
                self.assertEqual(bool(names.count("kong.request.get_header")), trusted)
                self.assertEqual("kong.request.get_path" in names, path == "/own")
                self.assertEqual(("kong.nginx.get_var", ["upstream_x_forwarded_prefix"]) in calls,
                                 prefix == "/route")

    def test_who_it_is_goes_as_a_whole(self):
        consumer = {"id": "c", "username": "bob", "more": {"off": False, "list": [1, {"no": False}]}}
        credential = {"id": "k", "consumer": {"id": "c"}, "key": "s3", "hidden": False}
        calls = self.play(["kong.client.authenticate", [consumer, credential]],
                          ["kong.client.authenticate", [None, {"key": "k2"}]])
        self.assertEqual(calls, [
            ("kong.client.authenticate", [{"id": b"c"}, {"id": b"k"}]),
            ("kong.nginx.set_ctx", ["authenticated_consumer",
                                    {"id": "c", "username": "bob", "more": {"list": [1, {}]}}]),
            ("kong.nginx.set_ctx", ["authenticated_credential",
                                    {"id": "k", "consumer": {"id": "c"}, "key": "s3"}]),
            ("kong.client.authenticate", [None, {}]),
            ("kong.nginx.set_ctx", ["authenticated_credential", {"key": "k2"}]), "ret"])

    def test_a_list_with_false_can_be_no_part_of_it(self):
        self.assert_fails(self.play(["kong.client.authenticate", [{"id": "c", "list": [False]}]]),
                          "false", "over ProtoBuf:1")

    def test_amounts_of_memory_are_told_in_the_unit_that_was_asked_for(self):
        stats = {"workers_lua_vms": [{"pid": 7, "http_allocated_gc": 5497558}],
                 "lua_shared_dicts": {"kong": {"capacity": 5242880, "allocated_slabs": 0}}}
        for unit, texts in ((["m"], ("5.24 MiB", "5.00 MiB", "0.00 MiB")),
                            (["K", 1], ("5368.7 KiB", "5120.0 KiB", "0.0 KiB")),
                            (["", 5], ("5497558", "5242880", "0")), (["b"], (5497558, 5242880, 0))):
            with self.subTest(unit):
                told, _ = self.outcome("kong.node.get_memory_stats", json.dumps(unit)[1:-1],
                                          {"kong.node.get_memory_stats": stats})
                self.assertEqual(told["values"], [{"workers_lua_vms": [{"pid": 7, "http_allocated_gc": texts[0]}],
                                                   "lua_shared_dicts": {"kong": {"capacity": texts[1],
                                                                                 "allocated_slabs": texts[2]}}}])

    def test_a_gateway_that_would_fail_on_an_upstream_is_not_asked(self):
        self.server = self.serve("wire-mp", kong_version="3.6")
        gateway = pb_gateway.PbGateway(self.server.path("wire-mp"))
        self.addCleanup(gateway.close)
        conf = {"calls": json.dumps([["kong.service.set_upstream", ["up"]]])}
        calls = gateway.play(gateway.start_instance("wire-mp", json.dumps(conf)), lambda *_: None)
        self.assert_fails(calls, "before 3.7 over ProtoBuf:1")

    def test_other_rows_go_by_what_is_there(self):
        answers = {"kong.nginx.get_ctx": "ctx", "kong.nginx.get_var": "host",
                   "kong.request.get_path_with_query": "/a%20b?c"}
        calls = self.play(["kong.plugin.get_id", []], ["kong.node.get_hostname", []],
                          ["kong.request.get_raw_path", []], ["kong.service.request.enable_buffering", []],
                          answers=lambda name, _: answers.get(name))
        self.assertEqual(calls, [("kong.nginx.get_ctx", ["plugin_id"]), ("kong.nginx.get_var", ["hostname"]),
                                 ("kong.request.get_path_with_query", []),
                                 ("kong.nginx.set_ctx", ["buffered_proxying", True]), "ret"])


if __name__ == "__main__":
    lib.main()
