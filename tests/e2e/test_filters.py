"""header_filter and body_filter of a plugin, as an HTTP client sees them behind the example gateway."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
from code_plugins import CodePlugins, code, in_split_installation  # noqa: E402

# Notes each call of body_filter in a header's place: the log.
NOTE_CHUNKS = """kong.log.warn("chunk ", #(ngx.arg[1] or ""), " ", tostring(ngx.arg[2]))"""


def filters(**texts):
    return code("e2e-filter", **texts)


class Filters(CodePlugins):
    NAMES = ("e2e-code", "e2e-low", "e2e-all", "e2e-filter")

    def chunks(self):
        """What NOTE_CHUNKS has noted in this test."""
        return re.findall(r"chunk (\d+ \w+)", self.error_log())


class HeaderFilter(Filters):
    def test_headers_and_status_are_those_of_the_upstream_and_can_be_changed(self):
        response = self.ask(filters(header_filter="""
            assert(kong.response.get_status() == 200 and kong.response.get_source() == "service")
            assert(kong.response.get_header("content-type"):find("json"))
            assert(ngx.header.content_type == kong.response.get_header("Content-Type"))
            kong.response.set_status(202)
            kong.response.set_header("x-set", "1")
            ngx.header.x_other = { "2", "3" }
            ngx.header["content-type"] = nil
            kong.response.add_header("x-set", "4")"""))
        self.assertEqual(response.status, 202)
        self.assertEqual([v for k, v in response.headers if k.lower() == "x-set"], ["1", "4"])
        self.assertEqual([v for k, v in response.headers if k.lower() == "x-other"], ["2", "3"])
        self.assertIn(b'"method"', response.body)
        self.assertIsNone(response.header("content-type"))

    def test_its_phase_is_header_filter(self):
        response = self.ask(filters(header_filter="""
            kong.response.set_header("x-phase", ngx.get_phase())
            kong.response.set_header("x-refused", tostring(
                pcall(kong.service.request.set_header, "a", "b")))"""))
        self.assertEqual((response.header("x-phase"), response.header("x-refused")),
                         ("header_filter", "false"))

    def test_the_state_of_access_is_there_and_goes_on_to_log(self):
        response = self.ask(filters(
            access="kong.ctx.plugin.a = { n = 1 } ngx.ctx.mine = 5 ngx.ctx.fn = print",
            header_filter="""
                kong.response.set_header("x-n", kong.ctx.plugin.a.n)
                kong.response.set_header("x-mine", ngx.ctx.mine)
                assert(ngx.ctx.fn == print)
                kong.ctx.plugin.a.n = 2""",
            log='kong.log.warn("n is ", kong.ctx.plugin.a.n, " ", ngx.ctx.mine)'))
        self.assertEqual((response.header("x-n"), response.header("x-mine")), ("1", "5"))
        self.wait_log("n is 2 5")

    def test_an_exit_replaces_the_response_and_ends_the_filter(self):
        response = self.ask(filters(
            header_filter='kong.response.exit(203, "other", { ["x-from"] = "filter" }) error("no")',
            body_filter=NOTE_CHUNKS + "ngx.arg[1] = ngx.arg[1] .. '!'"))
        self.assertEqual((response.status, response.text), (203, "other!"))
        self.assertEqual(response.header("x-from"), "filter")
        self.assertEqual(self.chunks(), ["5 true"])

    def test_an_error_in_it_is_an_error_of_the_request(self):
        response = self.ask(filters(header_filter='error("broken here")'))
        self.assertEqual(response.status, 500)
        self.wait_log("broken here")


class BodyFilter(Filters):
    def test_it_sees_the_body_and_then_its_end(self):
        response = self.ask(filters(body_filter=NOTE_CHUNKS))
        self.assertEqual(response.status, 200)
        self.assertEqual(self.chunks(), ["%d false" % len(response.body), "0 true"])

    def test_a_changed_body_is_sent_with_its_length(self):
        response = self.ask(filters(body_filter="""
            kong.ctx.plugin.text = (kong.ctx.plugin.text or "") .. (ngx.arg[1] or "")
            ngx.arg[1] = ngx.arg[2] and "<" .. #kong.ctx.plugin.text .. ">" or nil"""))
        self.assertRegex(response.text, r"^<\d+>$")
        self.assertEqual(response.header("content-length"), str(len(response.body)))

    def test_a_chunk_may_be_a_list_and_the_end_may_come_early(self):
        response = self.ask(filters(body_filter=NOTE_CHUNKS + """
            ngx.arg[1] = { "a", { "b", 3 } }
            ngx.arg[2] = true"""))
        self.assertEqual(response.text, "ab3")
        self.assertEqual(len(self.chunks()), 1)

    def test_the_pdk_gives_the_whole_body_at_its_end(self):
        response = self.ask(filters(body_filter="""
            local body = kong.response.get_raw_body()
            assert((body ~= nil) == ngx.arg[2])
            if body then kong.response.set_raw_body(body:upper()) end"""))
        self.assertIn('"METHOD"', response.text)

    def test_a_read_body_is_sent_as_it_was(self):
        response = self.ask(filters(body_filter="kong.response.get_raw_body()"),
                            code("e2e-all", response='kong.response.set_header("x-later", "1")'))
        self.assertIn('"method"', response.text)
        self.assertEqual(response.header("x-later"), "1")

    def test_only_a_changed_body_keeps_later_plugins_out(self):
        later = code("e2e-all", response='kong.response.set_header("x-later", "1")')
        response = self.ask(filters(body_filter="ngx.arg[1] = ngx.arg[2] and 'new' or nil"), later)
        self.assertEqual((response.text, response.header("x-later")), ("new", None))

    def test_there_is_no_body_filter_where_there_is_no_body(self):
        self.use(filters(body_filter=NOTE_CHUNKS))
        response = self.http("HEAD")
        self.assertEqual((response.status, response.body), (200, b""))
        self.assertEqual(self.chunks(), [])

    def test_all_bytes_pass(self):
        data = bytes(range(256)) * 4
        response = self.ask(filters(
            access='kong.ctx.plugin.n = 1', body_filter="""
                local body = kong.response.get_raw_body()
                if body then
                    local text = {}
                    for i = 255, 0, -1 do text[#text + 1] = string.char(i) end
                    kong.response.set_raw_body(table.concat(text):rep(4))
                end"""), method="POST", body=data)
        self.assertEqual(response.body, bytes(reversed(range(256))) * 4)


class OwnResponses(Filters):
    """A request that the plugin itself ends in access never reaches the phase `response`."""

    def test_filters_run_before_it_is_sent(self):
        response = self.ask(filters(
            access="""
                kong.response.set_header("x-before", "1")
                kong.ctx.plugin.word = "seen"
                kong.response.exit(403, { message = "no" }, { ["x-exit"] = "2" })""",
            header_filter="""
                local response = kong.response
                assert(response.get_status() == 403 and response.get_source() == "exit")
                assert(response.get_header("X-Before") == "1" and ngx.header.x_exit == "2")
                assert(response.get_headers()["content-type"]:find("^application/json"))
                assert(kong.service.response.get_status() == nil)
                response.clear_header("x-before")
                response.set_header("x-filter", kong.ctx.plugin.word)
                response.set_status(418)""",
            body_filter=NOTE_CHUNKS + """
                if ngx.arg[1] ~= "" then ngx.arg[1] = ngx.arg[1]:upper() end"""))
        self.assertEqual((response.status, response.text), (418, '{"MESSAGE":"NO"}'))
        self.assertEqual([response.header(n) for n in ("x-before", "x-exit", "x-filter")],
                         [None, "2", "seen"])
        self.assertEqual(response.header("content-length"), str(len(response.body)))
        self.assertEqual(self.chunks(), ["16 false", "0 true"])

    def test_an_error_of_the_gateways_form_can_be_changed_too(self):
        response = self.ask(filters(
            access='kong.response.error(429, "slowly", { ["x-a"] = "1" })',
            header_filter='kong.response.set_header("x-status", kong.response.get_status())',
            body_filter="""
                local body = kong.response.get_raw_body()
                if body then kong.response.set_raw_body((body:gsub("slowly", "quickly"))) end"""))
        self.assertEqual((response.status, response.json()["message"]), (429, "quickly"))
        self.assertEqual((response.header("x-status"), response.header("x-a")), ("429", "1"))

    def test_a_body_that_isnt_there_stays_so(self):
        response = self.ask(filters(access="kong.response.exit(204)",
                                    header_filter='kong.response.set_header("x-f", "1")'))
        self.assertEqual((response.status, response.body, response.header("x-f")), (204, b"", "1"))

    def test_ngx_exit_and_print_are_such_responses(self):
        response = self.ask(filters(access="""
            ngx.status = 402
            ngx.header["x-own"] = "1"
            ngx.say("pay ", 5, { " or ", "go" })
            ngx.exit(ngx.HTTP_OK)""", header_filter='kong.response.set_header("x-f", "1")'))
        self.assertEqual((response.status, response.text), (402, "pay 5 or go\n"))
        self.assertEqual((response.header("x-own"), response.header("x-f")), ("1", "1"))

    def test_another_plugins_response_is_not_filtered(self):
        response = self.ask(code(access='kong.response.exit(200, "first")'),
                            filters(header_filter='kong.response.set_header("x-f", "1")'))
        self.assertEqual((response.text, response.header("x-f")), ("first", None))


class FiltersOff(Filters):
    OPTIONS = ("--plugin-e2e-filter-filters=off",)
    CONF = ""

    def test_neither_runs_and_the_response_is_not_held_back(self):
        response = self.ask(filters(header_filter="error('no')", body_filter="error('no')",
                                    access='kong.service.request.set_header("x-access", "1")'))
        self.assertEqual(response.status, 200)
        self.assertEqual(response.json()["headers"]["x-access"], "1")


in_split_installation(globals())

if __name__ == "__main__":
    unittest.main()
