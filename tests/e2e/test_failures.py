"""The failure contract, as an HTTP client and a reader of the logs see it.

Where a plugin fails closed (the default), the client gets the error that a plugin of the
gateway's own would have caused; where it fails open, the request goes on without it.
"""

import json
import os
import re
import signal
import socket
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
import code_plugins  # noqa: E402
from code_plugins import CodePlugins, code, over_protobuf  # noqa: E402

UNEXPECTED = {"message": "An unexpected error occurred"}
FAILURES = {
    "before the first call": 'error("boom")',
    "after a call": 'kong.request.get_method() error("boom")',
    "in a call": 'kong.log.notice(setmetatable({}, { __tostring = function() error("boom") end }))',
    "a table": "error({ code = 7 })",
    "nil": "error(nil)",
    "a bug": "local t = nil; t.field = 1",
    "no end of calls": "local function f() return 1 + f() end f()",
}
# LuaJIT makes no machine code of a loop that makes functions, so a deadline can end it.
SPIN = "local n = 0 while true do n = (function() return n + 1 end)() end"
DEADLINE_OPTIONS = ("--plugin-e2e-low-event-timeout=300ms",)


class Failing(CodePlugins):
    def failing(self, phase, lua, name="e2e-all", **request):
        """The response where `lua` is what a global plugin does in a phase."""
        return self.ask(everywhere=[code(name, **{phase: lua})], **request)

    def assert_refused(self, response, status=500):
        self.assertEqual((response.status, response.json()), (status, UNEXPECTED))
        self.assertEqual(response.header("content-type"), "application/json; charset=utf-8")

    def assert_passed(self, response):
        self.assertEqual(response.status, 200, response.text)
        self.assertEqual(response.json()["path"], "/")

    def assert_still_serves(self):
        response = self.ask(code(access='kong.response.exit(200, "alive")'))
        self.assertEqual(response.text, "alive")

    def error_lines(self):
        return [line for line in self.error_log().splitlines() if "[error]" in line]


class Closed(Failing):
    def test_in_access_rewrite_and_response_a_failure_is_a_500(self):
        for phase in ("access", "rewrite", "response"):
            for what, lua in FAILURES.items():
                with self.subTest(phase=phase, what=what):
                    self.assert_refused(self.failing(phase, lua))
        self.assert_still_serves()

    def test_in_log_the_request_is_over_and_the_error_is_in_our_log(self):
        self.assert_passed(self.failing("log", 'error("boom")'))
        self.assertIn("[e2e-all] log failed: conf.log:1: boom",
                      self.wait_outrigger_log("stack traceback"))
        self.assertEqual(self.error_lines(), [])

    def test_the_error_and_where_it_was_raised_are_in_both_logs(self):
        self.ask(code(access='\nlocal function check() error("boom") end\ncheck()'))
        self.wait_log("boom")
        self.wait_outrigger_log("boom")
        for log, then in ((self.error_log(), r"\n"),
                          (self.outrigger_log(), r", phase: access, instance: \d+.*\n\t")):
            self.assertRegex(log, r"\[e2e-code\] access failed: conf.access:2: boom" + then +
                                  r"stack traceback:\n(.*\n)*.*conf.access:3: in main chunk\n"
                                  r"(.*\n)*.*make.lua:\d+: in function")
        self.assertEqual(len(self.error_lines()), 1)

    def test_an_error_that_is_no_text_can_be_read_too(self):
        self.ask(code(access='error({ code = 7 })'))
        self.assertIn("code", self.wait_log("access failed"))

    def test_neither_the_service_nor_a_later_plugin_sees_the_request(self):
        response = self.ask(
            code(access='kong.response.set_header("x-first", "1") error("boom")'),
            code("e2e-low", access="""
                kong.response.set_header("x-low", "1")
                kong.log.notice("LATER")"""))
        self.assert_refused(response)
        self.assertIsNone(response.header("x-low"))
        self.wait_log("boom")
        self.assertNotIn("LATER", self.error_log())

    def test_the_failed_request_is_logged_by_all_that_have_seen_it(self):
        self.ask(code(access='error("boom")', log="""
            kong.log.notice("STATUS ", kong.response.get_status())"""))
        self.wait_log("STATUS 500")

    def test_a_wrong_argument_is_refused_in_the_gateways_words(self):
        for lua, text in (
                ("kong.request.get_header(5)", "header name must be a string"),
                ("kong.service.request.set_method(1)", "method must be a string"),
                ("kong.response.set_status(99)", "code must be a number between 100 and 599"),
                ("kong.response.exit('x')", "code must be a number"),
                ("kong.request.get_query(0)", "max_args must be >= 1")):
            with self.subTest(lua=lua):
                self.assert_refused(self.ask(code(access=lua)))
                self.wait_log(text)
        self.assert_still_serves()

    def test_a_call_in_the_wrong_phase_is_refused_in_the_gateways_words(self):
        for phase, lua, text in (
                ("access", "kong.response.get_header('x')", "in access phase (only in: response"),
                ("rewrite", "kong.router.get_route()", "in rewrite phase (only in: access"),
                ("response", "kong.service.request.set_header('x', 'y')",
                 "in response phase (only in: rewrite, access")):
            with self.subTest(phase=phase):
                self.assert_refused(self.failing(phase, lua))
                self.wait_log("function cannot be called " + text)
        self.assert_still_serves()

    def test_what_the_gateway_would_raise_on_leaves_no_trace_in_it(self):
        """It is refused here, so that the gateway's own coroutine never breaks."""
        self.assert_refused(self.ask(code(access="kong.request.get_header(5)")))
        self.wait_log("access failed")
        self.assertNotIn("coroutine", self.error_log())
        self.assertEqual(len(self.error_lines()), 1)

    def test_an_unknown_function_is_an_error_of_lua(self):
        self.assert_refused(self.ask(code(access="kong.request.get_mood()")))
        self.wait_log("get_mood")

    def test_a_handler_that_leaves_a_coroutine_behind_is_none(self):
        response = self.ask(code(access="""
            coroutine.wrap(function() kong.request.get_method() coroutine.yield() end)()"""))
        self.assert_passed(response)


class ClosedDeadlines(Failing):
    OPTIONS = DEADLINE_OPTIONS

    def test_a_handler_that_never_ends_is_a_503(self):
        for lua in (SPIN, "while true do pcall(function() %s end) end" % SPIN,
                    "kong.request.get_method() " + SPIN):
            response = self.ask(code("e2e-low", access=lua))
            self.assert_refused(response, 503)
        self.assertIn("event_timeout", self.wait_log("[e2e-low] access failed: deadline exceeded"))
        self.assertIn("conf.access:1: in", self.error_log())
        self.assert_still_serves()

    def test_in_log_it_is_ended_too(self):
        self.assert_passed(self.ask(code("e2e-low", log=SPIN)))
        self.wait_outrigger_log("[e2e-low] log failed: deadline exceeded")
        self.assert_still_serves()


class OthersTime(Failing):
    OPTIONS = ("--event-timeout=1s",)

    def test_a_client_that_is_slow_is_no_failure_of_the_plugin(self):
        self.use(code(access="kong.response.exit(200, kong.request.get_raw_body())"))
        with socket.create_connection(("127.0.0.1", self.gateway.port)) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                           b"Connection: close\r\n\r\nab")
            # Longer than event_timeout.
            client.settimeout(1.1)
            with self.assertRaises(TimeoutError):
                client.recv(1)
            self.assertEqual(self.http(method="POST", body=b"other").text, "other")
            client.settimeout(harness.DEADLINE)
            client.sendall(b"cd")
            answer = client.makefile("rb").read()
        self.assertRegex(answer, rb"^HTTP/1.1 200 [^\0]*\r\n\r\nabcd$")


class Unstoppable(Failing):
    """The only process of this stage of Outrigger has to end; the gateway starts another."""

    OPTIONS = DEADLINE_OPTIONS

    def test_machine_code_that_never_ends_ends_the_process_and_not_in_a_bypass(self):
        response = self.ask(code("e2e-low", access="local n = 0 while true do n = n + 1 end"))
        # Where there is no compiler, the deadline ends it.
        self.assertIn(response.status, (500, 503))
        self.use(code(access='kong.response.exit(200, "alive")'))
        harness.wait_for(lambda: self.http().text == "alive", "the plugin after its restart")


class Open(Failing):
    OPTIONS = ("--on-error=open",) + DEADLINE_OPTIONS

    def test_a_failure_lets_the_request_go_on(self):
        for phase in ("access", "rewrite", "response"):
            for what, lua in FAILURES.items():
                with self.subTest(phase=phase, what=what):
                    self.assert_passed(self.failing(phase, lua))
        self.assert_still_serves()

    def test_later_plugins_see_the_request(self):
        response = self.ask(
            code(access='kong.service.request.set_header("x-kept", "1") error("boom")'),
            code("e2e-low", access='kong.response.set_header("x-low", "1")'))
        self.assert_passed(response)
        self.assertEqual(response.header("x-low"), "1")
        self.assertEqual(response.json()["headers"]["x-kept"], "1")

    def test_the_reason_is_in_both_logs(self):
        self.ask(code(access='error("boom")'))
        self.assertRegex(self.wait_log("boom"), "e2e-code.*: conf.access:1: boom")
        self.assertRegex(self.wait_outrigger_log("boom"),
                         r"\[e2e-code\] access failed: conf.access:1: boom, phase: access, .*\n\tstack traceback")

    def test_a_deadline_lets_the_request_go_on_too(self):
        self.assert_passed(self.ask(code("e2e-low", access=SPIN)))
        self.wait_log("deadline exceeded")

    def test_words_that_the_gateway_looks_for_do_not_make_it_start_over(self):
        self.assert_passed(self.ask(code(access='error("no plugin instance 7, closed")')))
        line = self.wait_log(": conf.access:1")
        # Over MsgPack:1 the text is the call's answer, over ProtoBuf:1 a line for the log.
        if self.PROTOCOL == "msgpack":
            self.assertNotIn("no plugin instance", line)
        self.assertEqual(len(self.error_lines()), 1)
        self.assertNotIn("[warn]", self.error_log())

    def test_an_exit_is_no_failure(self):
        response = self.ask(code(access='kong.response.exit(401, "no")'))
        self.assertEqual(response.status, 401)


class OneOpen(Failing):
    OPTIONS = ("--plugin-e2e-low-on-error=open",)

    def test_each_plugin_has_its_own_policy(self):
        self.assert_passed(self.ask(code("e2e-low", access='error("boom")')))
        self.assert_refused(self.ask(code(access='error("boom")')))


class Instances(Failing):
    """Instances that cannot start: an error there is a 500, open or closed."""

    NAMES = ("e2e-code", "e2e-low")
    OPTIONS = ("--max-instances=1", "--on-error=open", "--plugin-e2e-code-process=one",
               "--plugin-e2e-low-process=one")

    def test_one_too_many_is_refused_and_says_why(self):
        response = self.ask(code(), code("e2e-low"))
        self.assertEqual(response.status, 500)
        # ProtoBuf:1 has no way to say it to the gateway.
        self.wait_outrigger_log("raise max_instances")
        if self.PROTOCOL == "msgpack":
            self.wait_log("raise max_instances")


class TooManyEvents(Failing):
    """One test alone: the log events of another would be events too."""

    OPTIONS = ("--max-events=1",)

    def test_one_more_than_max_events_is_a_503(self):
        self.use(code(access="kong.response.exit(200, kong.request.get_raw_body())"))
        with socket.create_connection(("127.0.0.1", self.gateway.port)) as client:
            client.settimeout(harness.DEADLINE)
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                           b"Connection: close\r\nExpect: 100-continue\r\n\r\n")
            # The gateway reads the body since the plugin has asked for it.
            self.assertIn(b"100 Continue", client.recv(4096))
            self.assert_refused(self.http(), 503)
            client.sendall(b"body")
            self.assertRegex(client.makefile("rb").read(),
                             rb"^HTTP/1.1 200 [^\0]*\r\n\r\nbody$")
        self.wait_outrigger_log("max_events")


class TooManyConnections(Failing):
    """Over ProtoBuf:1, where an event keeps its connection."""

    OPTIONS = ("--max-connections=1",)
    PROTOCOL = "protobuf"
    NAMES = ("e2e-access",)
    HOLD = 'if kong.request.get_query_arg("hold") then kong.response.exit(200, kong.request.get_raw_body()) end'

    def test_one_more_than_max_connections_is_a_500_and_not_tried_again(self):
        self.use(code("e2e-access", access=self.HOLD))
        # The test's own first looks at the sockets may still count. One that passed leaves its connection idle.
        harness.wait_for(lambda: self.http().status == 200, "a free place")
        with socket.create_connection(("127.0.0.1", self.gateway.port)) as client:
            client.settimeout(harness.DEADLINE)
            client.sendall(b"POST /?hold HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                           b"Connection: close\r\nExpect: 100-continue\r\n\r\n")
            self.assertIn(b"100 Continue", client.recv(4096))
            self.assert_refused(self.http())
            self.assertNotIn("[warn]", self.error_log())
            client.sendall(b"body")
            self.assertRegex(client.makefile("rb").read(), rb"^HTTP/1.1 200 [^\0]*\r\n\r\nbody$")
        self.wait_outrigger_log("max_connections")


class TooLarge(Failing):
    OPTIONS = ("--max-message-size=64k",)
    # Or such a body is in a file, and no message.
    CONF = "client_body_buffer_size = 128k\n"

    def test_a_message_above_the_limit_fails_closed_and_is_named(self):
        self.use(code(access="""
            kong.response.exit(200, tostring(#kong.request.get_raw_body()))"""))
        self.assertEqual(self.http(method="POST", body=b"x" * 60000).text, "60000")
        response = self.http(method="POST", body=b"x" * 70000)
        self.assertEqual((response.status, response.json()["message"]),
                         (500, UNEXPECTED["message"]))
        self.wait_outrigger_log("max_message_size")
        self.assert_still_serves()


class UnknownPlugin(unittest.TestCase):
    """The gateway believes that a plugin is served where it is not."""

    def test_it_is_a_500_that_names_the_plugin(self):
        stage = harness.Stage()
        self.addCleanup(stage.close)
        conf = code_plugins.kong_conf(stage, ["e2e-code"])
        ghost = code_plugins.run_outrigger(
            "dump", "--plugins-dir=" + code_plugins.PLUGINS_DIR, "--plugin=ghost",
            "--plugin-ghost-module=e2e-code")
        with open(stage.path("ghost.json"), "w", encoding="utf-8") as file:
            file.write(ghost)
        conf = re.sub(r"(plugins|pluginserver_names) = (.*)", r"\1 = \2,ghost", conf, count=2)
        conf += ("pluginserver_ghost_socket = @PREFIX@/e2e-code.socket\n"
                 "pluginserver_ghost_query_cmd = cat %s\n" % stage.path("ghost.json"))
        gateway = stage.gateway(conf, code_plugins.declarative([code("ghost")]))
        code_plugins.wait_sockets(gateway, ["e2e-code"])
        response = gateway.http(headers={"Accept": "application/json"})
        self.assertEqual((response.status, response.json()["message"]),
                         (500, UNEXPECTED["message"]))
        self.assertIn("no plugin 'ghost' is served here", gateway.wait_log("starting instance"))


class Killed(unittest.TestCase):
    """SIGKILL of a whole Outrigger, with its workers, which nobody but the test starts. Its plugin has no log phase:
    that runs when the response is there already, and fails where it is killed, upon which the gateway may forget
    what it has started."""

    PROTOCOL = "msgpack"
    REFUSE = 'kong.response.exit(401, "refused by " .. conf.word)'
    PASS = 'kong.response.exit(200, "passed by " .. conf.word)'

    def setUp(self):
        self.stage = harness.Stage()
        self.addCleanup(self.stage.close)
        self.stage.prefix("kong")
        self.server = self.serve()
        self.gateway = self.stage.gateway(
            code_plugins.kong_conf(self.stage, ["e2e-access", "e2e-low"], "--sidecar",
                                   "--protocol=" + self.PROTOCOL),
            self.yml())

    def serve(self):
        server = self.stage.outrigger(
            ["serve", "--prefix=" + self.stage.path("kong"), "--plugin=e2e-access",
             "--protocol=" + self.PROTOCOL, "--plugin=e2e-low", "--plugins-dir=" + code_plugins.PLUGINS_DIR],
            self.stage.path("kong", "e2e-low.socket"))
        return server.wait_socket(self.stage.path("kong", "e2e-access.socket"))

    def yml(self):
        """Two routes, one of which must never let anybody through."""
        routes = [{"name": word, "paths": ["/" + word],
                   "plugins": [code("e2e-access", access=lua, word=word)]}
                  for word, lua in (("private", self.REFUSE), ("public", self.PASS))]
        return json.dumps({"_format_version": "3.0", "services": [
            {"name": "echo", "url": "http://127.0.0.1:@ECHO_PORT@", "routes": routes}]})

    def kill(self):
        with open("/proc/%d/task/%d/children" % (self.server.pid, self.server.pid), encoding="ascii") as f:
            workers = [int(pid) for pid in f.read().split()]
        self.server.stop(signal.SIGKILL)
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        harness.wait_for(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in workers),
                         "the end of the workers")

    def texts(self, *paths):
        return [self.gateway.http(path="/" + path).text for path in paths]

    def test_a_new_process_knows_no_old_instance_and_is_told_again(self):
        self.assertEqual(self.texts("private", "public"),
                         ["refused by private", "passed by public"])
        self.kill()
        self.server = self.serve()
        # The other way round: an id that meant something else before would let this pass.
        self.assertEqual(self.texts("public", "private"),
                         ["passed by public", "refused by private"])
        self.gateway.wait_log("no plugin instance")

    def test_an_instance_that_only_one_process_had_is_not_taken_for_anothers(self):
        self.assertEqual(self.texts("private"), ["refused by private"])
        self.kill()
        self.server = self.serve()
        self.assertEqual(self.texts("public", "private", "private"),
                         ["passed by public", "refused by private", "refused by private"])

    def test_an_instance_cannot_start_while_nobody_listens(self):
        self.kill()
        response = self.gateway.http(path="/private")
        self.assertEqual(response.status, 500)
        self.server = self.serve()
        self.assertEqual(self.texts("private"), ["refused by private"])

    def test_while_nobody_listens_the_gateway_does_as_its_protocol_says(self):
        """Over MsgPack:1 it passes a started instance by: only a process that listens can refuse."""
        self.assertEqual(self.texts("private"), ["refused by private"])
        self.kill()
        self.assertEqual(self.gateway.http(path="/private").status,
                         200 if self.PROTOCOL == "msgpack" else 500)
        self.gateway.wait_log("trying to connect: connection refused")
        self.server = self.serve()
        self.assertEqual(self.texts("private", "private"), ["refused by private"] * 2)


class KilledChild(Failing):
    def test_the_gateway_starts_another_and_no_instance_is_lost(self):
        self.use(code(access='kong.response.exit(401, "refused")'))
        self.assertEqual(self.http().status, 401)
        pid, = harness.processes_with("serve\0--exit-with-parent\0--prefix="
                                      + self.gateway.prefix)
        os.kill(pid, signal.SIGKILL)
        harness.wait_for(lambda: self.http().status == 401 and pid not in
                         harness.processes_with(self.gateway.prefix), "another process")
        self.assertEqual([self.http().status for _ in range(5)], [401] * 5)
        self.wait_log("external pluginserver 'e2e-code' terminated")


del CodePlugins, Failing
over_protobuf(globals())

if __name__ == "__main__":
    unittest.main()
