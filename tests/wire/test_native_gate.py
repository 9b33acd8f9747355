"""Every function of the PDK, called from C: by name, and by the typed function that outrigger.h makes of its
row. What goes over the wire is what a Lua plugin would send."""
import os
import re

import lib
import lua_literal
import pdk_calls
from strict import strict

NATIVE = os.path.join(os.environ.get("OUTRIGGER_BUILD_DIR") or os.path.dirname(lib.BINARY), "tests",
                      "native")
OK, BAD_ARGUMENT, BAD_PHASE, UNSUPPORTED, NO_FUNCTION = 0, -2, -3, -4, -8

JOINED = ("a1true", "'a', 1, true")
# Where C has other arguments or sends something else than Lua, whose log lines name their source.
IN_C = {
    **{"kong.log." + level: (JOINED[1], [("kong.log." + level, [JOINED[0]])])
       for level in ("alert", "crit", "debug", "emerg", "err", "info", "notice", "warn")},
    "kong.log": (JOINED[1], [("kong.log", [JOINED[0]])]),
    "kong.log.deprecation": ("'old', {after = '1.0', removal = '2.0'}", [("kong.log.warn", [
        "old (deprecated after 1.0, scheduled for removal in 2.0)"])]),
    "kong.log.inspect": ("'a', {1, 2}", [("kong.log.notice", ['"a" { 1, 2 }'])]),
}
# What describe.lua makes of values that Lua can't tell as they are.
HEX = {"hex": "00ff"}


def as_c(value):
    """A value of describe.lua as C has it."""
    if value == HEX:
        return "\x00\udcff"
    if isinstance(value, dict):
        if value in ({"empty": True}, {"null": True}):
            return value
        return {k: as_c(v) for k, v in value.items()}
    return [as_c(v) for v in value] if isinstance(value, list) else value


def same(want, got):
    """Whether C got what Lua gets, whose empty tables are neither arrays nor maps."""
    if want == {"empty": True}:
        return got in ([], {})
    if want == {"null": True}:
        return got is None
    if isinstance(want, dict):
        return isinstance(got, dict) and want.keys() == got.keys() and all(
            same(want[k], got[k]) for k in want)
    return strict(want) == strict(got.decode("utf-8", "surrogateescape")
                                  if isinstance(got, bytes) else got)


class NativeGate(lib.WireTest):
    @classmethod
    def setUpClass(cls):
        cls.rows = pdk_calls.rows()
        cls.row_of = {row.name: row for row in cls.rows}

    def setUp(self):
        self.gateway = self.connect(self.serve("native_gate", plugins_dir=NATIVE, log_level="debug",
                                               kong_version="3.8"))
        self.instance = self.gateway.start_instance("native_gate")

    def outcome(self, case, phase="access", call=None):
        """[rc, error, result] or None, (calls on the wire)."""
        call = call or pdk_calls.Call()
        told = []

        def answer(method, given):
            if method == "kong.nginx.get_ctx" and given == ["case"]:
                return case
            if method == "kong.nginx.set_ctx" and given[0] == "outcome":
                told.extend(given[1].get(key) for key in ("rc", "error", "result"))
                return None
            return pdk_calls.answer(self.row_of, call, method)

        calls = self.gateway.play(self.instance, answer, phase)
        self.assertEqual(calls[0], ("kong.nginx.get_ctx", ["case"]))
        return told or None, [c for c in calls[1:] if c != "ret" and c[1][:1] != ["outcome"]]

    def check(self, row, typed):
        call = row.call()
        text, sent = IN_C.get(row.name, (call.args, call.sent or []))
        case = {"call": row.name, "args": lua_literal.read(text), "typed": typed}
        if typed and any("\0" in arg for arg in case["args"] if isinstance(arg, str)):
            return set()  # typed functions take texts that end with a NUL
        outcome, got = self.outcome(case, call.phase, call)
        self.assertEqual(strict(got), strict(sent))
        if call.ends:
            self.assertIsNone(outcome)
        else:
            self.check_result(row, call, outcome)
        return {method for method, _ in got}

    def check_result(self, row, call, outcome):
        self.assertEqual(outcome[:2], [OK, ""])
        if row.name.startswith(pdk_calls.SPANS) or not call.values:
            return
        self.assertTrue(same(as_c(call.values[0]), outcome[2]), (call.values[0], outcome[2]))

    def check_refused(self, row, typed):
        outcome, got = self.outcome({"call": row.name, "args": ["a", "b"], "typed": typed})
        self.assertEqual((outcome[0], got), (UNSUPPORTED, []))
        self.assertIn(row.name + " can't be called from an external plugin.", outcome[1])

    def check_all(self, typed):
        sent = set()
        for row in self.rows:
            if row.name in pdk_calls.UNREACHABLE:
                continue
            with self.subTest(row.name):
                if "REFUSED" in row.flags:
                    self.check_refused(row, typed)
                else:
                    sent |= self.check(row, typed)
        return sent

    def remote(self):
        return ({row.name for row in self.rows if not row.flags & {"LOCAL", "REFUSED"}}
                - pdk_calls.UNREACHABLE - pdk_calls.BY_OTHERS)

    def test_every_row_is_called_by_name(self):
        self.assertEqual(self.remote() - self.check_all(False), set())

    def test_every_row_is_called_by_its_typed_function(self):
        self.assertEqual(self.remote() - self.check_all(True), {"kong.service.request.set_raw_body"})

    def test_wrong_phases_and_arguments_are_refused_with_the_gateways_text(self):
        case = {"call": "kong.service.request.set_method", "args": ["GET"], "typed": True}
        outcome, got = self.outcome(case, "response")
        self.assertEqual((outcome[0], got), (BAD_PHASE, []))
        self.assertRegex(outcome[1], r"^function cannot be called in response phase \(only in: ")
        outcome, got = self.outcome({**case, "args": ["NO SUCH"]})
        self.assertEqual((outcome[0], got), (BAD_ARGUMENT, []))
        self.assertRegex(outcome[1], "^invalid method: NO SUCH")

    def test_functions_that_this_outrigger_lacks_are_errors(self):
        outcome, got = self.outcome({"call": "kong.new.function", "args": [], "typed": False})
        self.assertEqual((outcome[:2], got), (
            [NO_FUNCTION, "this Outrigger has no PDK function 'kong.new.function'"], []))

    def test_nil_with_an_error_is_ok_and_told(self):
        call = pdk_calls.Call(answers={"kong.service.set_upstream": None})
        outcome, _ = self.outcome({"call": "kong.service.set_upstream", "args": ["up"], "typed": False},
                                  call=call)
        self.assertEqual((outcome[0], outcome[2:]), (OK, [None]))
        self.assertRegex(outcome[1], "could not find an Upstream named 'up'")


class Failures(lib.WireTest):
    def event(self, way, **settings):
        server = self.serve("native_ways", plugins_dir=NATIVE, **settings)
        gateway = self.connect(server)
        instance = gateway.start_instance("native_ways", '{"do":"%s"}' % way)
        return server, gateway, gateway.event(instance)

    def test_failing_handlers_fail_closed(self):
        server, gateway, result = self.event("fail")
        self.assertEqual(result["Data"]["Method"], "kong.log.err")
        self.assertIn("failed in access", result["Data"]["Args"][0])
        self.assertEqual(gateway.step(result["EventId"], None)["Data"], lib.EXIT_500)
        server.wait_log("access failed: failed in access")

    def test_exit_is_the_last_call(self):
        _, _, result = self.event("exit")
        self.assertEqual(result["Data"], {"Method": "kong.response.exit", "Args": [403, "no"]})

    def test_handlers_that_never_end_end_the_process(self):
        server = self.serve("native_ways", plugins_dir=NATIVE, event_timeout="0.1s", single=True)
        gateway = self.connect(server)
        instance = gateway.start_instance("native_ways", '{"do":"spin"}')
        gateway.start_call("plugin.HandleEvent",
                           {"InstanceId": instance, "EventName": "access"})
        self.assertNotEqual(server.wait_end(), 0)
        self.assertIn("its code never ends and can't be stopped", server.log())
        self.assertEqual(gateway.read_to_end(), lib.UNFINISHED)

    def test_an_object_does_not_start_twice_in_one_process(self):
        folder = self.temp_dir()
        for name in ("one", "two"):
            os.symlink(os.path.join(NATIVE, "native_ways.so"), os.path.join(folder, name + ".so"))
        for shared in ({}, {"plugin_one_process": "x", "plugin_two_process": "x"}):
            server = self.serve("one", "two", plugins_dir=folder, **shared)
            one, two = self.connect(server, "one"), self.connect(server, "two")
            one.start_instance("one", '{"do":"nothing"}')
            if shared:
                with self.refuses("/two.so runs already, as plugin 'one'"):
                    two.start_instance("two", '{"do":"nothing"}')
            else:
                two.start_instance("two", '{"do":"nothing"}')

    def test_refused_configurations_are_errors_of_their_start(self):
        gateway = self.connect(self.serve("native_ways", plugins_dir=NATIVE))
        with self.refuses("do: 'refused' is refused"):
            gateway.start_instance("native_ways", '{"do":"refused"}')


if __name__ == "__main__":
    lib.main()
