"""Plugins in Python and in JavaScript, each a process of its own, behind the gateway: every phase, every way to end,
and what a client sees when the program fails, hangs, lies or dies."""

import os
import signal
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
import code_plugins  # noqa: E402
from code_plugins import CodePlugins, over_protobuf  # noqa: E402
from remote_plugins import (EXAMPLES, JAVASCRIPT, PYTHON, UNEXPECTED, Remote, in_javascript,  # noqa: E402
                            program)


class Phases(Remote):
    def test_each_phase_reads_and_sets_what_it_may(self):
        response = self.ask(everywhere=[self.code(
            rewrite=("kong.service.request.set_header('x-rewrite', kong.request.get_method())",
                     "await kong.service.request.setHeader('x-rewrite', await kong.request.getMethod())"),
            access=("kong.service.request.set_header('x-access', kong.request.get_header('x-mine'))",
                    "await kong.service.request.set_header('x-access', await kong.request.get_header('x-mine'))"),
            response=("kong.response.set_header('x-response', str(kong.response.get_status()))",
                      "await kong.response.setHeader('x-response', String(await kong.response.getStatus()))"),
            log=("kong.log.notice('LOGGED ', kong.response.get_status(), ' ', config['log'] is not None)",
                 "await kong.log.notice('LOGGED ', await kong.response.getStatus(), ' ', config.log !== null)"))],
            headers={"X-Mine": "caf\u00e9".encode().decode("latin-1")}, path="/a?b=1")
        self.assertEqual(response.status, 200, response.text)
        sent = response.json()["headers"]
        self.assertEqual((sent["x-rewrite"], sent["x-access"]), ("GET", "caf\u00e9"))
        self.assertEqual(response.header("x-response"), "200")
        self.wait_log("LOGGED 200 true")

    def test_arguments_and_results_are_values_of_the_language(self):
        response = self.ask(self.code(access=("""
headers = kong.request.get_headers(max_headers=100)
assert headers["x-two"] == ["1", "2"], headers
assert kong.request.get_query_arg("none") is None
assert kong.client.get_port() > 0
kong.response.exit(201, {"body": kong.request.get_raw_body()}, {"X-Exit": "yes"})""", """
const headers = await kong.request.getHeaders(100)
if (headers["x-two"].join() !== "1,2" || await kong.request.getQueryArg("none") !== null ||
    !(await kong.client.getPort() > 0))
    throw new Error(JSON.stringify(headers))
await kong.response.exit(201, {body: await kong.request.getRawBody()}, {"X-Exit": "yes"})""")),
            method="POST", body=b"caf\xc3\xa9", headers=[("X-Two", "1"), ("X-Two", "2")])
        self.assertEqual((response.status, response.json(), response.header("x-exit")),
                         (201, {"body": "caf\u00e9"}, "yes"), self.error_log())

    def test_what_a_handler_shares_it_finds_again_in_a_later_phase(self):
        response = self.ask(everywhere=[self.code(
            access="kong.ctx.shared.set('mine', {'a': [1, 2]})",
            response=("import json\nkong.response.set_header('x-shared', json.dumps(kong.ctx.shared.get('mine')))",
                      "await kong.response.setHeader('x-shared', JSON.stringify(await kong.ctx.shared.get('mine')))"))])
        self.assertEqual(response.header("x-shared").replace(" ", ""), '{"a":[1,2]}', self.error_log())

    def test_bodies_of_any_bytes_cross_both_ways(self):
        self.use(self.code(access=("kong.response.exit(200, kong.request.get_raw_body() * 2)", """
const body = await kong.request.getRawBody()
await kong.response.exit(200, Buffer.concat([Buffer.from(body), Buffer.from(body)]))""")))
        for body in (b"x" * (1 << 20), bytes(range(256)), b"\xed\xa0\xbd", b"\xff"):
            response = self.http(method="POST", body=body)
            self.assertEqual((response.status, response.body == body * 2), (200, True), self.error_log())

    def test_names_that_mean_something_to_the_language_are_names(self):
        response = self.ask(self.code(access=("kong.response.exit(200, sorted(kong.request.get_query()))",
                                              "await kong.response.exit(200, Object.keys(await kong.request.getQuery()).sort())")),
                            path="/?__proto__=1&constructor=2&__class__=3")
        self.assertEqual(response.status, 200, self.error_log())
        self.assertIn("constructor", response.json())
        self.assert_still_serves()


class Ends(Remote):
    def test_behind_an_exit_a_handler_has_no_effect_any_more(self):
        response = self.ask(self.code(access=("""
try:
    kong.response.exit(403, "stopped")
except Exception:
    pass
kong.response.exit(200, "went on")""", """
try {
    await kong.response.exit(403, "stopped")
} catch (error) {
    await kong.response.exit(201, "caught").catch(() => {})
}
await kong.response.exit(200, "went on")""")))
        self.assertEqual((response.status, response.text), (403, "stopped"))
        self.assertNotIn("[error]", self.error_log())
        self.assert_still_serves()

    def test_an_error_is_a_500_with_its_traceback_in_both_logs(self):
        for code, text in self.pick((
                ("raise ValueError('boom')", "ValueError: boom"), ("sys.exit(3)", "SystemExit: 3"),
                ("kong.request.get_method()\n1 / 0", "ZeroDivisionError: division by zero"),
                ("kong.request.get_mood()", "AttributeError: the PDK has no kong.request.get_mood"),
                ("kong.request.get_header(5)", "header name must be a string"),
                ("kong.response.get_header('x')", "function cannot be called in access phase")), (
                ("throw new RangeError('boom')", "RangeError: boom"), ("throw 'a text'", "thrown: a text"),
                ("await kong.request.getMethod()\nnull.x", "TypeError: Cannot read properties of null"),
                ("await Promise.reject(new Error('rejected'))", "Error: rejected"),
                ("await kong.request.getMood()", "TypeError: kong.request.getMood is not a function"),
                ("await kong.request.getHeader(5)", "header name must be a string"),
                ("kong.request.getHeader(5)", "header name must be a string"),
                ("await kong.response.getHeader('x')", "function cannot be called in access phase"))):
            with self.subTest(code):
                self.assert_refused(self.ask(self.code(access=code)))
                self.wait_log(text)
                self.assertRegex(self.wait_outrigger_log(text),
                                 r"Traceback \(most recent call last\)|\n    at |thrown: a text")
        self.assert_still_serves()

    def test_a_refused_call_can_be_caught(self):
        response = self.ask(self.code(access=("""
try:
    kong.request.get_header(5)
except outrigger.PDKException as error:
    kong.response.exit(200, "caught: %s" % error)""", """
await kong.request.getHeader(5).catch((error) => kong.response.exit(200, "caught: " + error))""")))
        self.assertRegex(response.text, "^caught: .*header name must be a string")

    def test_an_instance_that_cannot_be_made_fails_each_of_its_events(self):
        for _ in range(2):
            self.assert_refused(self.ask(self.code(make=("raise KeyError('no such key')",
                                                         "throw new Error('no such key')"))))
        self.wait_log("no such key")
        self.assert_still_serves()

    def test_a_changed_configuration_holds_at_once(self):
        for word in ("one", "two", "three"):
            self.assertEqual(self.ask(self.code(access="kong.response.exit(200, '%s')" % word)).text, word)


class Many(Remote):
    def test_events_run_beside_each_other_and_never_mix(self):
        self.use(self.code(access=("""
barrier = sys.modules.setdefault("barrier", threading.Barrier(8))
number = kong.request.get_query_arg("n")
barrier.wait(60)
kong.response.exit(200, number + kong.request.get_query_arg("n"))""", """
const number = await kong.request.getQueryArg("n")
await new Promise((resolve) => {
    shared.waiting = [...(shared.waiting ?? []), resolve]
    if (shared.waiting.length === 8)
        shared.waiting.splice(0).forEach((go) => go())
})
await kong.response.exit(200, number + await kong.request.getQueryArg("n"))""")))
        answers = [None] * 16

        def ask(i):
            answers[i] = self.http(path="/?n=%d" % i).text
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(harness.DEADLINE * 2)
        self.assertEqual(answers, ["%d%d" % (i, i) for i in range(16)])


class Coroutines(CodePlugins):
    NAMES = ("e2e-asyncio",)
    OPTIONS = program(PYTHON, "e2e-asyncio")

    def coroutine(self, text, **request):
        return self.ask(code_plugins.code("e2e-asyncio", access=text), **request)

    def test_calls_are_awaited_also_several_at_once(self):
        response = self.coroutine("""
a, b, c = await asyncio.gather(kong.request.get_method(), kong.request.get_path(), kong.client.get_ip())
await kong.response.exit(200, " ".join((a, b, c)))""", path="/x")
        self.assertEqual(response.text, "GET /x 127.0.0.1")

    def test_an_error_and_an_exit_end_the_event(self):
        response = self.coroutine("await asyncio.sleep(0)\nraise ValueError('boom')")
        self.assertEqual((response.status, response.json()), (500, UNEXPECTED))
        self.wait_log("ValueError: boom")
        self.assertEqual(self.coroutine("""
try:
    await kong.response.exit(202, "first")
except Exception:
    pass
await kong.response.exit(200, "second")""").text, "first")

    def test_a_call_that_nobody_waits_for_does_no_harm(self):
        response = self.coroutine("asyncio.ensure_future(kong.request.get_method())\nawait asyncio.sleep(0)")
        self.assertEqual(response.status, 200, self.error_log())
        response = self.coroutine("""
for i in range(5):
    asyncio.ensure_future(kong.log.notice("SAID ", i))
await asyncio.sleep(0)""")
        self.assertEqual(response.status, 200, self.error_log())
        self.wait_log("SAID 4")


class Deadlines(Remote):
    MORE = ("--event-timeout=300ms",)

    def test_a_handler_that_never_ends_is_a_503_and_the_program_goes_on(self):
        self.assert_refused(self.ask(self.code(access=("threading.Event().wait()", "await new Promise(() => {})"))), 503)
        self.wait_log("deadline exceeded")
        # One that has lost its event learns so at its next call.
        self.use(self.code(access=("""
if kong.request.get_query_arg("slow"):
    time.sleep(1)
    try:
        kong.request.get_path()
    except outrigger.Cancelled:
        print("LEARNT", file=sys.stderr, flush=True)
        raise""", """
if (await kong.request.getQueryArg("slow")) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    await kong.request.getPath().catch((error) => console.log("LEARNT", error.name))
}""")))
        self.assert_refused(self.http(path="/?slow=1"), 503)
        self.assertEqual(self.http().status, 200)
        self.wait_outrigger_log("LEARNT")


class Deaths(Remote):
    """Whatever becomes of the program, no request passes without it."""

    MORE = ("--quarantine-after=1000",)
    GUARD = ("kong.response.exit(403, '%d %d' % (os.getpid(), os.getppid()))",
             "await kong.response.exit(403, `${process.pid} ${process.ppid}`)")

    def pids(self):
        """Those of the program and of its worker, once it serves."""
        found = []

        def serves():
            response = self.http()
            if response.status == 403:
                found[:] = [int(word) for word in response.text.split()]
            return response.status == 403
        harness.wait_for(serves, "the plugin")
        return found

    def flood(self, stop, statuses):
        while not stop.is_set():
            statuses.append(self.http().status)

    def deaths_under_load(self, which, times=3):
        self.use(self.code(access=self.GUARD))
        self.pids()
        stop, statuses = threading.Event(), []
        threads = [threading.Thread(target=self.flood, args=(stop, statuses)) for _ in range(8)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(times):
                killed = self.pids()
                os.kill(killed[which], signal.SIGKILL)
                harness.wait_for(lambda killed=killed: self.pids()[0] != killed[0], "another program")
        finally:
            stop.set()
            for thread in threads:
                thread.join(harness.DEADLINE)
        self.assertGreater(len(statuses), 0)
        self.assertLessEqual(set(statuses), {403, 500, 503}, "let through: %d" % statuses.count(200))
        self.assertIn(403, statuses)

    def test_a_program_that_is_killed_under_load_lets_nothing_through(self):
        self.deaths_under_load(0)
        self.wait_outrigger_log("its program was ended by signal 9")

    def test_so_does_its_worker_and_takes_the_program_with_it(self):
        self.use(self.code(access=self.GUARD))
        first = self.pids()[0]
        self.deaths_under_load(1)
        harness.wait_for(lambda: not os.path.exists("/proc/%d" % first), "the end of the first program")

    def test_a_program_that_ends_by_itself_fails_closed(self):
        self.use(self.code(access=("os._exit(0)", "process.exit(0)")))
        self.assertIn(self.http().status, (500, 503))
        self.wait_outrigger_log("its program ended with exit code 0")
        self.use(self.code(access=self.GUARD))
        self.pids()


class PythonHello(CodePlugins):
    NAMES = ("py-hello",)
    FILE = os.path.join(EXAMPLES, "python", "plugins", "py-hello.py")
    OPTIONS = program(PYTHON, "py-hello", FILE)
    HEADER = "x-hello-from-python"

    def test_the_example_says_hello(self):
        (name,) = self.NAMES
        response = self.ask({"name": name, "config": {"message": "hi"}}, headers={"Host": "example.com"})
        self.assertEqual(response.header(self.HEADER), "hi to example.com", self.error_log())
        self.assertEqual(self.ask({"name": name}, headers={"Host": "a.b"}).header(self.HEADER), "hello to a.b")


class PythonHelloByItsFile(PythonHello):
    """As kong-python-pluginserver takes it, with no line of its own that serves it."""

    OPTIONS = program(PYTHON, "py-hello", PythonHello.FILE, ("-m", "outrigger"))


class JavaScriptHello(PythonHello):
    NAMES = ("js-hello",)
    HEADER = "x-hello-from-javascript"

    @classmethod
    def setUpClass(cls):
        cls.OPTIONS = program(JAVASCRIPT, "js-hello",
                              os.path.join(EXAMPLES, "javascript", "plugins", "js-hello.js"))
        super().setUpClass()


over_protobuf(globals())
in_javascript(globals())

if __name__ == "__main__":
    unittest.main()
