"""Programs in Python and in JavaScript whose handlers do what programmers do: calls from many places at once, calls
that come too late, bytes that are no text, loops without an end. Each hurts its own event, or its own plugin."""
import contextlib
import json
import os
import signal
import sys
import threading

import lib
import pb_gateway
import supervised
from remote_programs import JAVASCRIPT, PYTHON, Program

sys.path.insert(0, os.path.join(lib.SOURCE, "tests", "e2e", "lib"))

from code_plugins import twins  # noqa: E402

def answer(method, _):
    return {"kong.request.get_method": "GET", "kong.request.get_path": "/p"}.get(method)


class Language(lib.WireTest):
    LANGUAGE = PYTHON
    PROTOCOL = "msgpack"
    MORE = {"event_timeout": "50s"}
    NEIGHBOURS = ()
    FIXTURE = {PYTHON: "e2e-python", JAVASCRIPT: "e2e-javascript"}
    PID = ("kong.response.exit(200, str(os.getpid()))", "await kong.response.exit(200, String(process.pid))")

    def setUp(self):
        self.plugin = self.FIXTURE[self.LANGUAGE]
        it = Program(self.LANGUAGE, self.plugin)
        self.server = self.serve(self.plugin, *self.NEIGHBOURS, protocol=self.PROTOCOL, quarantine_after=1000,
                                 read_paths="default," + it.folder,
                                 **{"plugin_%s_exec" % self.plugin.replace("-", "_"): it.exec()}, **self.MORE)

    def gateway(self):
        if self.PROTOCOL == "msgpack":
            return self.connect(self.server, self.plugin)
        gateway = pb_gateway.PbGateway(self.server.path(self.plugin))
        self.addCleanup(gateway.close)
        return gateway

    def play(self, in_python, in_javascript, phase="access", answers=answer):
        """The calls that one event made."""
        gateway = self.gateway()
        text = in_python if self.LANGUAGE == PYTHON else in_javascript
        return gateway.play(gateway.start_instance(self.plugin, json.dumps({phase: text})), answers, phase)

    def exit_of(self, calls):
        """(status, body)"""
        self.assertEqual(calls[-1][0], "kong.response.exit", self.server.log())
        return tuple(calls[-1][1][:2])

    def pid(self):
        """The program's, where it serves."""
        try:
            status, body = self.exit_of(self.play(*self.PID))
            return int(body) if status == 200 else None
        except (lib.RpcError, OSError, EOFError):
            return None


class StreamPhases(Language):
    """Those that the example gateway does not have."""

    def names(self, calls):
        return [call if call == "ret" else call[0] for call in calls]

    def test_preread_and_certificate_are_handled(self):
        for phase, python, name, value in (
                ("preread", "kong.service.set_target('a.test', 80)", "kong.service.set_target", None),
                ("certificate", "kong.client.get_ip()", "kong.client.get_ip", "1.2.3.4")):
            calls = self.play(python, "await " + python, phase, lambda *_, value=value: value)
            self.assertEqual(self.names(calls), [name, "ret"], self.server.log())

    def test_what_fails_there_fails_there(self):
        for phase in ("preread", "certificate"):
            calls = self.play("raise ValueError('boom')", "throw new Error('boom')", phase)
            self.assertIn("kong.log.err", self.names(calls))
            self.server.wait_log("boom")
        self.assertIsNotNone(self.pid())


class Calls(Language):
    def test_calls_that_come_too_late_or_from_elsewhere_cost_nobody_anything(self):
        first = self.pid()
        for python, javascript in ((  # a thread, or a timer, that goes on when the event is over
                "import threading\nevent = threading.Event()\nsys.late = event\n"
                "def late():\n    event.wait(60)\n    kong.request.get_path()\n"
                "threading.Thread(target=late, daemon=True).start()",
                "shared.late = () => kong.request.getPath().catch((error) => console.log('TOO', error.name))"), (
                "sys.late.set()", "shared.late()")):
            self.assertEqual(self.play(python, javascript), ["ret"])
        self.server.wait_log("Cancelled")
        self.assertEqual(self.pid(), first)

    def test_calls_of_many_at_once_wait_for_each_other(self):
        calls = self.play("""
import concurrent.futures
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    found = list(pool.map(lambda i: kong.request.get_header("x-%d" % i), range(40)))
kong.response.exit(200, " ".join(found))""", """
const found = await Promise.all(Array.from({length: 40}, (_, i) => kong.request.getHeader(`x-${i}`)))
await kong.response.exit(200, found.join(" "))""", answers=lambda _, args: args[0])
        self.assertEqual(self.exit_of(calls), (200, " ".join("x-%d" % i for i in range(40))))

    def test_as_many_events_as_there_may_be_make_as_many_calls_as_they_like(self):
        """The answers are there already: nothing slows the program down but itself."""
        texts = ("for i in range(300):\n    assert kong.request.get_method() == 'GET'\nkong.response.exit(200, 'all')",
                 "for (let i = 0; i < 300; i++)\n    if (await kong.request.getMethod() !== 'GET')\n"
                 "        throw new Error('no')\nawait kong.response.exit(200, 'all')")
        found = []
        threads = [threading.Thread(target=lambda: found.append(self.exit_of(self.play(*texts)))) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(lib.PATIENCE * 4)
        self.assertEqual(found, [(200, "all")] * 40, self.server.log())


class Messages(Language):
    """What is said at once is one message, as long as that may be."""

    MORE = {**Language.MORE, "max_message_size": "4k"}

    def test_no_message_gets_too_large(self):
        value, code = "x" * 3000, ("kong.response.set_header('x', 'x' * 3000)",
                                   "await kong.response.setHeader('x', 'x'.repeat(3000))")
        gateways = [self.gateway() for _ in range(20)]
        text = json.dumps({"access": code[self.LANGUAGE == JAVASCRIPT]})
        instances = [gateway.start_instance(self.plugin, text) for gateway in gateways]
        (worker,) = supervised.children(self.server.process.pid)
        os.kill(worker, signal.SIGSTOP)
        calls = [gateway.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
                 for gateway, instance in zip(gateways, instances)]
        os.kill(worker, signal.SIGCONT)
        for gateway, call in zip(gateways, calls):
            result = gateway.read_answer(call)
            self.assertEqual(result["Data"], {"Method": "kong.response.set_header", "Args": ["x", value]})
            self.assertEqual(gateway.step(result["EventId"])["Data"], "ret")


class Values(Language):
    def test_errors_of_any_text_are_told(self):
        for python, javascript in (("raise ValueError('\\ud800 boom \\0')", "throw new Error('\\ud800 boom \\0')"),
                                   ("raise ValueError('boom' * 10**7)", "throw new Error('boom'.repeat(10**7))")):
            self.assertEqual(self.exit_of(self.play(python, javascript))[0], 500)
            self.server.wait_log("boom")
        self.assertIsNotNone(self.pid())

    def test_an_argument_that_is_no_value_is_the_calls_error(self):
        calls = self.play("kong.response.set_header('x', object())",
                          "await kong.response.setHeader('x', () => {})")
        self.assertEqual(self.exit_of(calls)[0], 500)
        self.assertIsNotNone(self.pid())

    def test_bytes_that_are_no_text_come_back_as_they_were(self):
        weird = os.fsdecode(b"a\xff\xfe\x80z")
        calls = self.play("kong.response.set_header('x-back', kong.request.get_header('x-odd'))",
                          "await kong.response.setHeader('x-back', await kong.request.getHeader('x-odd'))",
                          answers=lambda name, _: weird if name.endswith("get_header") else None)
        name, (header, value) = calls[1]
        self.assertEqual((name, header, os.fsencode(value)),
                         ("kong.response.set_header", "x-back", os.fsencode(weird)))

    def test_a_body_of_values_is_json_and_headers_may_be_lists_and_numbers(self):
        calls = self.play(
            "kong.response.exit(200, {'a': [None, 1.5, True, 'caf\u00e9'], 'b': {}}, {'X-N': 5, 'Set-Cookie': ['a', 'b']})",
            "await kong.response.exit(200, {a: [null, 1.5, true, 'caf\u00e9'], b: {}}, "
            "{'X-N': 5, 'Set-Cookie': ['a', 'b']})")
        status, body, headers = calls[-1][1]
        self.assertEqual((status, json.loads(body)), (200, {"a": [None, 1.5, True, "caf\u00e9"], "b": {}}))
        self.assertEqual(headers, {"X-N": 5, "Set-Cookie": ["a", "b"], "Content-Type": "application/json; charset=utf-8"})

    def test_a_body_of_many_mebibytes_crosses(self):
        body = "x" * (8 << 20)
        calls = self.play("kong.response.exit(200, kong.request.get_raw_body())",
                          "await kong.response.exit(200, await kong.request.getRawBody())",
                          answers=lambda *_: body)
        self.assertEqual(self.exit_of(calls), (200, body))


class Loops(Language):
    """One that does not give back what all need: Python's loop, by a coroutine, and JavaScript's only thread."""

    NEIGHBOURS = ("wire-do",)
    FIXTURE = {PYTHON: "e2e-asyncio", JAVASCRIPT: "e2e-javascript"}
    PID = ("await " + Language.PID[0], Language.PID[1])

    def setUp(self):
        key = "plugin_%s_" % self.FIXTURE[self.LANGUAGE].replace("-", "_")
        self.MORE = {**Language.MORE, key + "event_timeout": "500ms", key + "heartbeat_timeout": "2s"}
        super().setUp()

    def worker(self, name):
        return next((pid for pid in supervised.children(self.server.process.pid)
                     if supervised.title(pid) == "outrigger: worker %s/0" % name), None)

    def test_it_is_replaced_and_its_neighbour_learns_nothing_of_it(self):
        first, neighbour = lib.wait_until(self.pid, "the program"), self.worker("wire-do")
        with contextlib.suppress(lib.RpcError, EOFError):
            self.assertIn(self.exit_of(self.play("while True:\n    pass", "for (;;);"))[0], (500, 503))
        with self.server.connect("wire-do") as other:
            instance = other.start_instance("wire-do", '{"mode":"nothing"}')

            def has_ended():
                self.assertEqual(other.play(instance, answer), ["ret"])
                return not supervised.lives(first)
            lib.wait_until(has_ended, "the program's end")
        self.server.wait_log("answers no heartbeat any more")
        lib.wait_until(lambda: self.pid() not in (None, first), "the next program")
        self.assertEqual(self.worker("wire-do"), neighbour)


class Threads(Language):
    """Plain methods in Python, of which one that loops keeps none from running."""

    def test_a_loop_costs_its_own_event_alone(self):
        first = self.pid()
        gateway = self.gateway()
        instance = gateway.start_instance(self.plugin, json.dumps({"access": "sys.loops = True\nwhile sys.loops:\n    pass"}))
        number = gateway.start_call("plugin.HandleEvent", {"InstanceId": instance, "EventName": "access"})
        self.assertEqual(self.pid(), first)
        self.assertEqual(self.play("sys.loops = False", ""), ["ret"])
        self.assertEqual(gateway.read_answer(number)["Data"], "ret")


class Memory(Language):
    MORE = {**Language.MORE, "worker_memory_max": "400m"}

    def test_one_that_grows_beyond_its_limit_is_replaced(self):
        first = self.pid()
        with contextlib.suppress(lib.RpcError, EOFError):
            calls = self.play("kept = []\nwhile True:\n    kept.append(b'x' * (1 << 20))\n    time.sleep(0.001)",
                              "const kept = []\nfor (;;) {\n    kept.push(Buffer.alloc(1 << 20, 1))\n"
                              "    await new Promise(setImmediate)\n}")
            self.assertIn(self.exit_of(calls)[0], (500, 503))
        self.server.wait_log("worker_memory_max")
        lib.wait_until(lambda: self.pid() not in (None, first), "the next program")


class StreamPhasesOverProtobuf(StreamPhases):
    PROTOCOL = "protobuf"


twins(globals(), "InJavaScript", LANGUAGE=JAVASCRIPT)
del ThreadsInJavaScript  # noqa: F821 it has one

if __name__ == "__main__":
    lib.main()
