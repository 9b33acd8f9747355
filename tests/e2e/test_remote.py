"""Plugins in Python, each a process of its own, behind the gateway: every phase, every way to end, and what a
client sees when the program fails, hangs, lies or dies."""

import os
import signal
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
import code_plugins  # noqa: E402
from code_plugins import CodePlugins, over_protobuf  # noqa: E402

UNEXPECTED = {"message": "An unexpected error occurred"}
FIXTURES = os.path.join(harness.SOURCE, "tests", "fixtures", "remote")
EXAMPLES = os.path.join(harness.SOURCE, "examples", "python")


def program(name, path=None, key=None):
    """The options by which Outrigger starts a plugin in Python, which may read the package that it imports."""
    path = path or os.path.join(FIXTURES, name + ".py")
    return ("--read-paths=default,%s" % EXAMPLES, "--plugin-%s-exec=/usr/bin/env 'PYTHONPATH=%s' %s '%s'" % (
        key or name, EXAMPLES, sys.executable, path))


def python(name="e2e-python", **texts):
    return {"name": name, "config": texts}


class Remote(CodePlugins):
    NAMES = ("e2e-python",)
    OPTIONS = program("e2e-python")

    def assert_refused(self, response, status=500):
        self.assertEqual((response.status, response.json()), (status, UNEXPECTED))

    def assert_still_serves(self):
        self.assertEqual(self.ask(python(access="kong.response.exit(200, 'alive')")).text, "alive")


class Phases(Remote):
    def test_each_phase_reads_and_sets_what_it_may(self):
        response = self.ask(everywhere=[python(
            rewrite="kong.service.request.set_header('x-rewrite', kong.request.get_method())",
            access="kong.service.request.set_header('x-access', kong.request.get_header('x-mine'))",
            response="kong.response.set_header('x-response', str(kong.response.get_status()))",
            log="kong.log.notice('LOGGED ', kong.response.get_status(), ' ', config['log'] is not None)")],
            headers={"X-Mine": "caf\u00e9".encode().decode("latin-1")}, path="/a?b=1")
        self.assertEqual(response.status, 200, response.text)
        sent = response.json()["headers"]
        self.assertEqual((sent["x-rewrite"], sent["x-access"]), ("GET", "caf\u00e9"))
        self.assertEqual(response.header("x-response"), "200")
        self.wait_log("LOGGED 200 true")

    def test_arguments_may_have_names_and_results_are_values_of_python(self):
        response = self.ask(python(access="""
            headers = kong.request.get_headers(max_headers=100)
            assert headers["x-two"] == ["1", "2"], headers
            assert kong.request.get_query_arg("none") is None
            assert kong.client.get_port() > 0
            kong.response.exit(201, {"body": kong.request.get_raw_body()}, {"X-Exit": "yes"})""".replace(
                "\n            ", "\n")), method="POST", body=b"caf\xc3\xa9",
            headers=[("X-Two", "1"), ("X-Two", "2")])
        self.assertEqual((response.status, response.json(), response.header("x-exit")),
                         (201, {"body": "caf\u00e9"}, "yes"), self.error_log())

    def test_what_a_handler_shares_it_finds_again_in_a_later_phase(self):
        response = self.ask(everywhere=[python(
            access="kong.ctx.shared.set('mine', {'a': [1, 2]})",
            response="kong.response.set_header('x-shared', str(kong.ctx.shared.get('mine')))")])
        self.assertEqual(response.header("x-shared"), "{'a': [1, 2]}", self.error_log())

    def test_a_body_of_a_megabyte_crosses_both_ways(self):
        self.use(python(access="kong.response.exit(200, kong.request.get_raw_body() * 2)"))
        response = self.http(method="POST", body=b"x" * (1 << 20))
        self.assertEqual((response.status, len(response.text)), (200, 2 << 20))


class Ends(Remote):
    def test_nothing_runs_behind_an_exit_and_no_except_catches_it(self):
        response = self.ask(python(access="""
try:
    kong.response.exit(403, "stopped")
except Exception:
    pass
kong.response.exit(200, "went on")"""))
        self.assertEqual((response.status, response.text), (403, "stopped"))
        self.assert_still_serves()

    def test_an_error_is_a_500_with_its_traceback_in_both_logs(self):
        for code, text in (("raise ValueError('boom')", "ValueError: boom"), ("sys.exit(3)", "SystemExit: 3"),
                           ("kong.request.get_method()\n1 / 0", "ZeroDivisionError: division by zero"),
                           ("kong.request.get_mood()", "AttributeError: the PDK has no kong.request.get_mood"),
                           ("kong.request.get_header(5)", "header name must be a string"),
                           ("kong.response.get_header('x')", "function cannot be called in access phase")):
            with self.subTest(code):
                self.assert_refused(self.ask(python(access=code)))
                self.wait_log(text)
                self.assertIn("Traceback (most recent call last)", self.wait_outrigger_log(text))
        self.assert_still_serves()

    def test_a_refused_call_can_be_caught(self):
        response = self.ask(python(access="""
try:
    kong.request.get_header(5)
except outrigger.PDKException as error:
    kong.response.exit(200, "caught: %s" % error)"""))
        self.assertRegex(response.text, "^caught: .*header name must be a string")

    def test_an_instance_that_cannot_be_made_fails_each_of_its_events(self):
        for _ in range(2):
            self.assert_refused(self.ask(python(make="raise KeyError('no such key')")))
        self.wait_log("KeyError: 'no such key'")
        self.assert_still_serves()

    def test_a_changed_configuration_holds_at_once(self):
        for word in ("one", "two", "three"):
            self.assertEqual(self.ask(python(access="kong.response.exit(200, '%s')" % word)).text, word)


class Many(Remote):
    def test_events_run_beside_each_other_and_never_mix(self):
        self.use(python(access="""
barrier = sys.modules.setdefault("barrier", threading.Barrier(8))
number = kong.request.get_query_arg("n")
barrier.wait(60)
kong.response.exit(200, number + kong.request.get_query_arg("n"))"""))
        answers = [None] * 16

        def ask(i):
            answers[i] = self.http(path="/?n=%d" % i).text
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(harness.DEADLINE * 2)
        self.assertEqual(answers, ["%d%d" % (i, i) for i in range(16)])


class Coroutines(Remote):
    NAMES = ("e2e-asyncio",)
    OPTIONS = program("e2e-asyncio")

    def coroutine(self, text, **request):
        return self.ask(python("e2e-asyncio", access=text), **request)

    def test_calls_are_awaited_also_several_at_once(self):
        response = self.coroutine("""
a, b, c = await asyncio.gather(kong.request.get_method(), kong.request.get_path(), kong.client.get_ip())
await kong.response.exit(200, " ".join((a, b, c)))""", path="/x")
        self.assertEqual(response.text, "GET /x 127.0.0.1")

    def test_an_error_and_an_exit_end_the_event(self):
        self.assert_refused(self.coroutine("await asyncio.sleep(0)\nraise ValueError('boom')"))
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


class Deadlines(Remote):
    OPTIONS = Remote.OPTIONS + ("--event-timeout=300ms",)

    def test_a_handler_that_never_ends_is_a_503_and_the_program_goes_on(self):
        self.assert_refused(self.ask(python(access="threading.Event().wait()")), 503)
        self.wait_log("deadline exceeded")
        # One that has lost its event learns so at its next call.
        self.use(python(access="""
if kong.request.get_query_arg("slow"):
    time.sleep(1)
    try:
        kong.request.get_path()
    except outrigger.Cancelled:
        print("LEARNT", file=sys.stderr, flush=True)
        raise"""))
        self.assert_refused(self.http(path="/?slow=1"), 503)
        self.assertEqual(self.http().status, 200)


class Deaths(Remote):
    """Whatever becomes of the program, no request passes without it."""

    OPTIONS = Remote.OPTIONS + ("--quarantine-after=1000",)
    GUARD = "kong.response.exit(403, '%d %d' % (os.getpid(), os.getppid()))"

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
        self.use(python(access=self.GUARD))
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
        self.use(python(access=self.GUARD))
        first = self.pids()[0]
        self.deaths_under_load(1)
        harness.wait_for(lambda: not os.path.exists("/proc/%d" % first), "the end of the first program")

    def test_a_program_that_ends_by_itself_fails_closed(self):
        self.use(python(access="os._exit(0)"))
        self.assertIn(self.http().status, (500, 503))
        self.wait_outrigger_log("its program ended with exit code 0")
        self.use(python(access=self.GUARD))
        self.pids()


class Hello(CodePlugins):
    NAMES = ("py-hello",)
    OPTIONS = program("py-hello", os.path.join(EXAMPLES, "plugins", "py-hello.py"))

    def test_the_example_says_hello(self):
        response = self.ask({"name": "py-hello", "config": {"message": "hi"}}, headers={"Host": "example.com"})
        self.assertEqual(response.header("x-hello-from-python"), "hi to example.com", self.error_log())
        self.assertEqual(self.ask({"name": "py-hello"}, headers={"Host": "a.b"}).header(
            "x-hello-from-python"), "hello to a.b")


over_protobuf(globals())

if __name__ == "__main__":
    unittest.main()
