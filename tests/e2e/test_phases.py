"""What a Lua handler does in each phase, as an HTTP client, the upstream and the log see it."""

import concurrent.futures
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
from code_plugins import CodePlugins, code, over_protobuf  # noqa: E402

# Larger and smaller than the gateway's client_body_buffer_size, above which a body goes to disk.
BUFFER = 8 * 1024
ALL_BYTES = bytes(range(256))


class Protocol(CodePlugins):
    def test_it_is_the_one_that_was_asked_for(self):
        self.ask(code(access='kong.log.err("WHO")'))
        # The gateway's file that makes the call.
        self.assertIn({"msgpack": "mp_rpc.lua", "protobuf": "pb_values.lua"}[self.PROTOCOL],
                      self.wait_log("WHO"))


class Rewrite(CodePlugins):
    def test_a_global_plugin_changes_the_request_before_there_is_a_route(self):
        response = self.ask(everywhere=[code("e2e-all", rewrite="""
            kong.service.request.set_header("x-rewrite", "yes")
            kong.service.request.set_header("x-route", tostring((pcall(kong.router.get_route))))
            """)])
        headers = response.json()["headers"]
        self.assertEqual((headers["x-rewrite"], headers["x-route"]), ("yes", "false"))

    def test_an_exit_answers_at_once(self):
        response = self.ask(code(access='kong.response.exit(200, "access")'), everywhere=[
            code("e2e-all", rewrite='kong.response.exit(418, "tea", { ["x-from"] = "rewrite" })')])
        self.assertEqual((response.status, response.text), (418, "tea"))
        self.assertEqual(response.header("x-from"), "rewrite")


class Access(CodePlugins):
    def test_what_the_client_sent_is_what_the_plugin_reads(self):
        response = self.ask(code(access="""
            local request = kong.request
            kong.response.exit(200, {
                method = request.get_method(), path = request.get_path(),
                raw_path = request.get_raw_path(), query = request.get_raw_query(),
                host = request.get_host(), port = request.get_port(),
                scheme = request.get_scheme(), version = request.get_http_version(),
                path_with_query = request.get_path_with_query(),
                agent = request.get_header("user-agent"),
                absent = request.get_header("x-absent") == nil,
                ip = kong.client.get_ip(), route = kong.router.get_route().name,
                service = kong.router.get_service().name })"""),
            method="PATCH", path="/a/./b%20c/../%41?x=%31&y", headers={
                "Host": "example.test:81", "User-Agent": "e2e"})
        self.assertEqual(response.json(), {
            "method": "PATCH", "path": "/a/A", "raw_path": "/a/./b%20c/../%41",
            "query": "x=%31&y", "host": "example.test", "port": self.gateway.port,
            "scheme": "http", "version": 1.1, "path_with_query": "/a/./b%20c/../%41?x=%31&y",
            "agent": "e2e", "absent": True, "ip": "127.0.0.1", "route": "all", "service": "echo"})

    def test_the_service_sees_the_request_that_the_plugin_made(self):
        echo = self.ask(code(access="""
            local request = kong.service.request
            request.set_method("PUT")
            request.set_path("/other")
            request.set_query({ a = { "1", true }, b = "x y" })
            request.set_header("x-one", "1")
            request.add_header("x-two", "1")
            request.add_header("x-two", "2")
            request.clear_header("x-gone")"""),
            path="/?q=1", headers={"X-Gone": "yes"}).json()
        self.assertEqual((echo["method"], echo["path"]), ("PUT", "/other"))
        self.assertEqual(echo["query"], {"a": ["1", True], "b": "x y"})
        self.assertEqual((echo["headers"]["x-one"], echo["headers"]["x-two"]), ("1", ["1", "2"]))
        self.assertNotIn("x-gone", echo["headers"])

    def test_where_the_request_came_from_is_as_a_trusted_proxy_says(self):
        self.use(code(access="""
            local request = kong.request
            kong.response.exit(200, { path = request.get_forwarded_path(),
                prefix = request.get_forwarded_prefix(), own = request.get_path() })"""))
        self.assertEqual(self.http(path="/a?b", headers={"X-Forwarded-Path": "/p",
                                                         "X-Forwarded-Prefix": "/q"}).json(),
                         {"path": "/a", "prefix": "", "own": "/a"})

    def test_one_argument_of_the_query_is_cleared(self):
        echo = self.ask(code(access='kong.service.request.clear_query_arg("a b")'),
                        path="/?a+b=1&c=%31&a%20b=2&d").json()
        self.assertEqual(echo["query"], {"c": "1", "d": True})

    def test_route_and_service_are_there_as_a_whole(self):
        self.use(code(access="""
            local route, service = kong.router.get_route(), kong.router.get_service()
            kong.response.exit(200, { strip = route.strip_path, preserve = route.preserve_host,
                handling = route.path_handling, buffering = route.request_buffering,
                enabled = service.enabled })"""))
        self.assertEqual(self.http().json(), {"strip": True, "preserve": False, "handling": "v0",
                                              "buffering": True, "enabled": True})

    def test_an_exit_with_a_table_is_json_and_with_text_is_text_and_with_nothing_is_empty(self):
        for lua, body, mime in (
                ("200, { list = { 1, 2 }, empty = {} }", b'{"list":[1,2],"empty":{}}',
                 "application/json; charset=utf-8"),
                ('200, "text", { ["Content-Type"] = "text/x-own" }', b"text", "text/x-own"),
                ("204", b"", None), ("200, nil, { x = 1 }", b"", None)):
            response = self.ask(code(access="kong.response.exit(%s)" % lua))
            self.assertEqual(response.status, int(lua[:3]))
            if body[:1] == b"{":
                self.assertEqual(response.json(), json.loads(body))
            else:
                self.assertEqual(response.body, body)
            self.assertEqual(response.header("Content-Type"), mime, lua)

    def test_headers_of_an_exit_may_have_several_values(self):
        response = self.ask(code(access="""
            kong.response.exit(200, "", { ["Set-Cookie"] = { "a=1", "b=2" }, ["X-N"] = 5 })"""))
        self.assertEqual([v for k, v in response.headers if k.lower() == "set-cookie"],
                         ["a=1", "b=2"])
        self.assertEqual(response.header("X-N"), "5")

    def test_an_error_is_written_in_the_form_that_the_client_accepts(self):
        self.use(code(access='kong.response.error(403, "not you")'))
        refused = self.http(headers={"Accept": "application/json"})
        self.assertEqual((refused.status, refused.json()["message"]), (403, "not you"))
        self.assertIn("<p>not you", self.http(headers={"Accept": "text/html"}).text)

    def test_calls_may_stand_anywhere_in_a_handler(self):
        response = self.ask(code(access="""
            local get = kong.request.get_header
            local out = {}
            out[1] = ("a b"):gsub("%a", function(name) return get("x-" .. name) end)
            local list = { "b", "a" }
            table.sort(list, function(x, y) return get("x-" .. x) < get("x-" .. y) end)
            out[2] = table.concat(list)
            out[3] = setmetatable({}, { __index = function(_, name) return get(name) end })["x-a"]
            out[4] = coroutine.wrap(function() coroutine.yield(get("x-b")) end)()
            out[5] = select(2, pcall(get, "x-a"))
            out[6] = tostring((pcall(get, {})))
            kong.response.exit(200, table.concat(out, " "))"""), headers={"X-A": "1", "X-B": "2"})
        self.assertEqual(response.text, "1 2 ab 1 2 1 false")

    def test_the_plugins_own_pcall_does_not_undo_an_exit(self):
        response = self.ask(code(access="""
            pcall(kong.response.exit, 403, "no")
            kong.response.set_header("x-after", "yes")"""))
        self.assertEqual((response.status, response.text), (403, "no"))
        self.assertIsNone(response.header("x-after"))


class Headers(CodePlugins):
    def test_a_name_may_come_more_than_once(self):
        response = self.ask(code(access="""
            local one, all = kong.request.get_header("x-many"), kong.request.get_headers()
            kong.response.exit(200, { one = one, all = all["x-many"], single = all["X-Single"],
                under = all.x_single })"""), headers=[
                    ("X-Many", "a"), ("X-Many", "b"), ("X-Single", "c")])
        self.assertEqual(response.json(), {"one": "a", "all": ["a", "b"], "single": "c",
                                           "under": "c"})

    def test_more_lines_than_asked_for_are_cut(self):
        self.use(code(access="""
            local headers, err = kong.request.get_headers(conf.word and tonumber(conf.word))
            local count = 0
            for _ in pairs(headers) do count = count + 1 end
            kong.response.exit(200, { count = count, err = err })""", word="2"))
        answer = self.http(headers=[("X-%d" % i, "v") for i in range(10)]).json()
        self.assertEqual(answer, {"count": 2, "err": "truncated"})
        self.use(code(access="kong.response.exit(200, select(2, kong.request.get_headers()) or '')"))
        self.assertEqual(self.http(headers=[("X-%d" % i, "v") for i in range(90)]).text, "")
        self.assertEqual(self.http(headers=[("X-%d" % i, "v") for i in range(110)]).text,
                         "truncated")

    def test_response_headers_are_set_added_and_cleared(self):
        response = self.ask(code(access="""
            kong.response.set_header("x-set", "1")
            kong.response.set_header("x-set", "2")
            kong.response.add_header("x-add", "1")
            kong.response.add_header("x-add", "2")
            kong.response.set_headers({ ["x-several"] = { "a", "b" }, ["x-gone"] = "1" })
            kong.response.clear_header("x-gone")"""))
        values = {}
        for name, value in response.headers:
            values.setdefault(name.lower(), []).append(value)
        self.assertEqual((values["x-set"], values["x-add"], values["x-several"]),
                         (["2"], ["1", "2"], ["a", "b"]))
        self.assertNotIn("x-gone", values)

    def test_a_query_keeps_flags_and_several_values(self):
        answer = self.ask(code(access="""
            local query = kong.request.get_query()
            kong.response.exit(200, { query = query, arg = kong.request.get_query_arg("m"),
                flag = kong.request.get_query_arg("flag"),
                none = kong.request.get_query_arg("none") == nil })"""),
            path="/?m=1&m=2&flag&empty=&s=%20").json()
        self.assertEqual(answer, {"query": {"m": ["1", "2"], "flag": True, "empty": "", "s": " "},
                                  "arg": "1", "flag": True, "none": True})


class Bodies(CodePlugins):
    RAW = "kong.response.exit(200, kong.request.get_raw_body())"
    PARSED = """
        local body, err, mime = kong.request.get_body()
        kong.response.exit(200, { body = body, err = err, mime = mime })"""

    def test_a_raw_body_arrives_byte_for_byte(self):
        self.use(code(access=self.RAW))
        for body in (b"", b"text", ALL_BYTES, ALL_BYTES * 31, b"\xc0" * (BUFFER - 1)):
            self.assertEqual(self.http("POST", body=body).body, body)

    def test_one_that_the_gateway_spooled_to_disk_does_so_too(self):
        self.use(code(access=self.RAW))
        for body in (ALL_BYTES * 33, os.urandom(300000)):
            self.assertEqual(self.http("POST", body=body).body, body)
        self.assertIn("buffered to a temporary file", self.error_log())

    def test_one_above_the_plugins_own_limit_is_nil_and_an_error(self):
        response = self.ask(code(access="""
            local body, err = kong.request.get_raw_body(10000)
            kong.response.exit(200, tostring(body) .. ": " .. tostring(err))"""),
            method="POST", body=b"x" * 20000)
        self.assertRegex(response.text, "^nil: .+")

    def test_json_is_a_table(self):
        self.use(code(access=self.PARSED))
        answer = self.http("POST", headers={"Content-Type": "application/json"},
                           body=b'{"a":[1,2.5],"b":{"c":true},"d":"\\u00e9"}').json()
        self.assertEqual(answer, {"body": {"a": [1, 2.5], "b": {"c": True}, "d": "\u00e9"},
                                  "mime": "application/json"})
        broken = self.http("POST", headers={"Content-Type": "application/json"}, body=b"{").json()
        self.assertEqual(broken, {"err": "invalid json body", "mime": "application/json"})

    def test_a_form_is_a_table(self):
        self.use(code(access=self.PARSED))
        answer = self.http("POST", body=b"a=1&a=2&b=%C3%A9+x&flag",
                           headers={"Content-Type": "application/x-www-form-urlencoded"}).json()
        self.assertEqual(answer, {"body": {"a": ["1", "2"], "b": "\u00e9 x", "flag": True},
                                  "mime": "application/x-www-form-urlencoded"})

    def test_a_multipart_form_is_a_table(self):
        self.use(code(access=self.PARSED))
        body = (b'--line\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n'
                b'--line\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n'
                b'Content-Type: text/plain\r\n\r\ntwo\r\nlines\r\n--line--\r\n')
        answer = self.http("POST", body=body,
                           headers={"Content-Type": "multipart/form-data; boundary=line"}).json()
        self.assertEqual(answer, {"body": {"a": "one", "file": "two\r\nlines"},
                                  "mime": "multipart/form-data"})

    def test_other_bodies_are_an_error_that_names_the_type(self):
        self.use(code(access=self.PARSED))
        answer = self.http("POST", headers={"Content-Type": "text/plain"}, body=b"x").json()
        self.assertEqual(answer, {"err": "unsupported content type 'text/plain'",
                                  "mime": "text/plain"})
        self.assertEqual(self.http("POST", body=b"x").json(), {"err": "missing content type"})

    def test_a_plugin_replaces_the_body_that_the_service_gets(self):
        self.use(code(access="""
            kong.service.request.set_raw_body(kong.request.get_raw_body():upper() .. conf.word)
            kong.response.set_header("x-last", kong.request.get_raw_body():sub(-2))""", word="!"))
        response = self.http("POST", body=b"quiet")
        self.assertEqual(response.json()["body"], "QUIET!")
        self.assertEqual(response.header("x-last"), "T!")
        large = self.http("POST", body=b"x" * 100000).json()["body"]
        self.assertEqual(large, "X" * 100000 + "!")

    def test_a_plugin_writes_a_table_as_a_body_with_parts(self):
        echo = self.ask(code(access="""
            kong.service.request.set_body({ b = "two\\r\\nlines", a = 1.5 }, "multipart/form-data")"""),
            method="POST", body=b"old").json()
        mark = echo["headers"]["content-type"].partition("multipart/form-data; boundary=")[2]
        part = '--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        self.assertEqual(echo["body"], part % (mark, "a", "1.5") + part % (mark, "b", "two\r\nlines")
                         + "--%s--\r\n" % mark)

    def test_a_plugin_writes_a_table_as_the_body(self):
        echo = self.ask(code(access="""
            kong.service.request.set_body({ a = { 1, 2 } }, "application/json")"""),
            method="POST", body=b"old").json()
        self.assertEqual(json.loads(echo["body"]), {"a": [1, 2]})
        self.assertEqual(echo["headers"]["content-type"], "application/json")


class Response(CodePlugins):
    def test_it_sees_and_changes_what_the_service_answered(self):
        response = self.ask(code("e2e-all", response="""
            local service = kong.service.response
            kong.response.set_header("x-status", service.get_status())
            kong.response.set_header("x-kind", service.get_header("content-type"))
            kong.response.set_header("x-all", tostring(service.get_headers()["x-up"]))
            kong.response.set_header("x-length", #service.get_raw_body())
            kong.response.set_header("x-method", kong.request.get_method())
            kong.response.clear_header("x-up")"""), path="/headers?x-up=1")
        self.assertEqual(response.status, 200)
        self.assertEqual([response.header(name) for name in
                          ("x-status", "x-kind", "x-all", "x-method", "x-up")],
                         ["200", "application/json", "1", "GET", None])
        self.assertEqual(response.header("x-length"), str(len(response.body)))

    def test_the_body_is_parsed_by_its_type(self):
        response = self.ask(code("e2e-all", response="""
            kong.response.set_header("x-path", kong.service.response.get_body().path)"""),
            path="/some/path")
        self.assertEqual(response.header("x-path"), "/some/path")

    def test_an_exit_replaces_status_and_body(self):
        response = self.ask(code("e2e-all", response="""
            local body = kong.service.response.get_raw_body()
            kong.response.exit(201, body:upper(), { ["x-new"] = "1" })"""), path="/text")
        self.assertEqual((response.status, response.body), (201, b"UPSTREAM OK\n"))
        self.assertEqual(response.header("x-new"), "1")
        self.assertEqual(response.header("content-length"), "12")

    def test_a_large_body_passes_through_whole(self):
        response = self.ask(code("e2e-all", response="""
            kong.response.set_header("x-length", #kong.service.response.get_raw_body())"""),
            path="/bytes/1000000")
        self.assertEqual(response.body, b"x" * 1000000)
        self.assertEqual(response.header("x-length"), "1000000")

    def test_it_does_not_run_after_an_exit_in_access(self):
        response = self.ask(code("e2e-all", access='kong.response.exit(200, "mine")', response="""
            kong.response.set_header("x-response", "1")"""))
        self.assertEqual((response.text, response.header("x-response")), ("mine", None))


class Log(CodePlugins):
    # Each value by itself, so that one that cannot be had does not hide the others.
    READ = """
        local names = { "get_method", "get_path", "get_raw_path", "get_scheme", "get_host" }
        local out = {}
        for _, name in ipairs(names) do
            local ok, value = pcall(kong.request[name])
            out[#out + 1] = name .. "=" .. tostring(value)
        end
        out[#out + 1] = "arg=" .. tostring(kong.request.get_query_arg("q"))
        out[#out + 1] = "header=" .. tostring(kong.request.get_header("x-h"))
        out[#out + 1] = "status=" .. kong.response.get_status()
        out[#out + 1] = "ip=" .. kong.client.get_forwarded_ip()
        kong.log.notice("LOGGED ", table.concat(out, " "), " END")"""

    def test_the_request_can_still_be_read(self):
        self.ask(code(log=self.READ), path="/a%20b?q=7", headers={"X-H": "yes"})
        line = self.wait_log("LOGGED ")
        self.assertIn("LOGGED get_method=GET get_path=/a b get_raw_path=/a%20b get_scheme=http "
                      "get_host=127.0.0.1 arg=7 header=yes status=200 ip=127.0.0.1 END", line)

    def test_the_whole_record_is_a_table(self):
        self.ask(code(log="""
            local record = kong.log.serialize({ ngx = ngx, kong = kong })
            kong.log.notice("RECORD ", record.request.method, " ", record.response.status, " ",
                record.service.name, " ", record.route.name, " ", type(record.latencies.kong))"""))
        self.assertIn("RECORD GET 200 echo all number", self.wait_log("RECORD "))

    def test_values_that_are_set_while_logging_are_in_the_record(self):
        self.ask(code(access='kong.log.set_serialize_value("early", 1)', log="""
            local set = kong.log.set_serialize_value
            set("mine", { a = 1 })
            set("deep.down.here", "x")
            set("request.method", "ADDED", { mode = "add" })
            set("response.status", 299, { mode = "replace" })
            set("not.there", "REPLACED", { mode = "replace" })
            set("service", nil)
            local record = kong.log.serialize()
            kong.log.notice("RECORD ", record.early, " ", record.mine.a, " ", record.deep.down.here, " ",
                record.request.method, " ", record.response.status, " ", type(record["not"]), " ",
                type(record.service), " ", record.route.name)
            set("mine.a.b", 1)
            local ok, err = pcall(kong.log.serialize)
            kong.log.notice("REFUSED ", ok, " ", err)
            kong.log.notice("WRONG ", select(2, pcall(set, 1)), "; ", select(2, pcall(set, "a", 1, { mode = "x" })))"""))
        self.assertIn("RECORD 1 1 x GET 299 nil nil all", self.wait_log("RECORD "))
        self.assertIn("REFUSED false The key 'mine.a.b' could not be used as a serialize value. Subkey 'a' is not a "
                      "table. It's 1", self.wait_log("REFUSED "))
        self.assertRegex(self.wait_log("WRONG "), "key must be a string; .*mode must be 'set', 'add' or 'replace'")

    def test_what_is_gone_is_an_error_that_says_what_to_do(self):
        self.ask(code(log="kong.request.get_raw_body()"))
        self.wait_outrigger_log("get_raw_body")
        log = self.wait_outrigger_log("stack traceback")
        self.assertIn("[e2e-code] log failed", log)
        self.assertIn("function cannot be called in log phase", log)

        self.ask(code(log="kong.nginx.get_var('uri')"))
        log = self.wait_outrigger_log("kong.nginx.get_var cannot be called in log phase")
        self.assertIn("read it in access and keep it in kong.ctx.plugin", log)

    def test_it_runs_for_refused_requests_too(self):
        self.ask(code(access='kong.response.exit(403, "no")', log="""
            kong.log.notice("STATUS ", kong.response.get_status(), " ", kong.response.get_source())
            """))
        self.wait_log("STATUS 403 exit")

    def test_log_lines_have_their_level_and_say_where_they_come_from(self):
        self.ask(code(access="kong.log.err('one ', 2, ' ', nil, true) kong.log.debug('unseen')"
                             "print('printed')"))
        self.assertRegex(self.wait_log("one 2"), r"\[error\] .*one 2 niltrue")
        self.assertIn("[notice]", self.wait_log("printed"))
        self.assertNotIn("unseen", self.error_log())


class Order(CodePlugins):
    MARK = """
        kong.ctx.shared.order = (kong.ctx.shared.order or "") .. conf.word
        kong.response.set_header("x-order", kong.ctx.shared.order)"""

    def test_plugins_run_by_priority(self):
        response = self.ask(*[code(name, access=self.MARK, word=word) for name, word in (
            ("e2e-low", "l"), ("e2e-code", "c"), ("e2e-all", "a"))])
        self.assertEqual(response.header("x-order"), "cal")

    def test_an_exit_keeps_later_plugins_from_running(self):
        response = self.ask(
            code("e2e-low", access=self.MARK, word="l"),
            code("e2e-all", access='kong.response.exit(200, "")'),
            code("e2e-code", access=self.MARK, word="c"))
        self.assertEqual(response.header("x-order"), "c")

    def test_what_one_plugin_sets_another_reads(self):
        response = self.ask(
            code(access="""
                kong.service.request.set_header("x-a", "1")
                kong.service.request.set_raw_body("2")"""),
            code("e2e-low", access="""
                kong.response.exit(200, kong.request.get_header("x-a") ..
                    kong.request.get_raw_body())"""), method="POST", body=b"old")
        self.assertEqual(response.text, "12")

    def test_all_phases_of_a_request_come_in_their_order(self):
        mark = """kong.ctx.plugin.seen = (kong.ctx.plugin.seen or "") .. conf.word"""
        response = self.ask(everywhere=[code(
            "e2e-all", rewrite=mark, access=mark, response="""
                kong.response.set_header("x-seen", kong.ctx.plugin.seen)
                kong.ctx.plugin.seen = kong.ctx.plugin.seen .. "+"
                """, log='kong.log.notice("SEEN ", kong.ctx.plugin.seen)', word="p")])
        self.assertEqual(response.header("x-seen"), "pp")
        self.wait_log("SEEN pp+")


class Context(CodePlugins):
    def test_shared_values_go_from_plugin_to_plugin_and_phase_to_phase(self):
        response = self.ask(
            code(access="""
                kong.ctx.shared.text = "a"
                kong.ctx.shared.list = { 1, { deep = true } }
                kong.ctx.shared.gone = "x"
                kong.ctx.shared.gone = nil""", log="""
                kong.log.notice("SHARED ", kong.ctx.shared.from_low)"""),
            code("e2e-low", access="""
                local shared = kong.ctx.shared
                shared.from_low = "low"
                kong.response.exit(200, { text = shared.text, list = shared.list,
                    gone = shared.gone == nil })"""))
        self.assertEqual(response.json(), {"text": "a", "list": [1, {"deep": True}],
                                           "gone": True})
        self.wait_log("SHARED low")

    def test_a_plugins_own_table_is_kept_over_the_phases_and_not_seen_by_others(self):
        read = 'kong.response.set_header("x-%s", tostring(kong.ctx.plugin.value))'
        response = self.ask(
            code(access='kong.ctx.plugin.value = { function() return "kept" end }', log="""
                kong.log.notice("OWN ", kong.ctx.plugin.value[1]())"""),
            code("e2e-low", access=read % "low"), code("e2e-all", response=read % "all"))
        self.assertEqual((response.header("x-low"), response.header("x-all")), ("nil", "nil"))
        self.wait_log("OWN kept")

    def test_the_next_request_does_not_see_it(self):
        self.use(code(access="""
            kong.response.set_header("x-before", tostring(kong.ctx.plugin.value or
                kong.ctx.shared.value))
            kong.ctx.plugin.value = 1
            kong.ctx.shared.value = 1"""))
        self.assertEqual([self.http().header("x-before") for _ in range(3)], ["nil"] * 3)

    def test_a_consumer_that_one_plugin_found_is_known_to_the_next(self):
        response = self.use(
            code(access="""
                local consumer = kong.client.load_consumer("bob", true)
                kong.client.authenticate(consumer, { id = "key-1", key = "s3", hidden = false })
                """),
            code("e2e-low", access="""
                kong.response.exit(200, { name = kong.client.get_consumer().username,
                    key = kong.client.get_credential().id, own = kong.client.get_credential().key })
                """),
            consumers=[{"username": "bob"}])
        response = self.http()
        self.assertEqual(response.json(), {"name": "bob", "key": "key-1", "own": "s3"})


class ContextOfWorkers(CodePlugins):
    """Two workers, each of which may get any phase of a request."""

    OPTIONS = ("--workers=2",)

    def found(self, n):
        """The answers to n requests at once, whose handlers wait for each other."""
        with concurrent.futures.ThreadPoolExecutor(n) as pool:
            return [job.result() for job in [pool.submit(self.http, headers=[("x-n", str(i))]) for i in range(n)]]

    def test_the_state_of_access_is_found_in_response_and_log_on_either(self):
        self.use(everywhere=[code("e2e-all", access="""
                local t = kong.ctx.plugin
                t.n, t.worker, t.list = kong.request.get_header("x-n"), ngx.worker.id(), { 1, { deep = true } }
                ngx.sleep(0.02)
                """, response="""
                local t = kong.ctx.plugin
                assert(t.list[2].deep)
                kong.response.set_header("x-found", t.n)
                kong.response.set_header("x-moved", tostring(t.worker ~= ngx.worker.id()))
                t.list[3] = "response"
                """, log="""
                local t = kong.ctx.plugin
                kong.log.notice("LEFT ", t.n, " ", t.list[3])""")])
        seen = set()

        def all_seen():
            for i, answer in enumerate(self.found(8)):
                self.assertEqual(answer.header("x-found"), str(i), answer.text)
                seen.add(answer.header("x-moved"))
            return len(seen) == 2

        harness.wait_for(all_seen, "requests whose phases ran on one worker, and on two")
        self.wait_log("LEFT 7 response")
        self.assertNotIn("LEFT nil", self.error_log())


del CodePlugins
over_protobuf(globals())

if __name__ == "__main__":
    unittest.main()
