"""Every function of the PDK, called from Lua: it is called at least once, with the gateway's values, and
it raises the gateway's errors, in wrong phases and for wrong arguments.

The errors are those of Kong's own files (tests/golden/README.md). What is different on purpose stands
below with its reason.
"""
import json
import os
import re

import lib
import pdk_calls
from strict import strict

PHASES = ("certificate", "rewrite", "access", "preread", "response", "log")
GOLDEN = os.path.join(lib.SOURCE, "tests", "golden", "pdk-errors.json")
POSITION = re.compile(r"^\S+:\d+: ")
ADDRESS = re.compile(r"table: 0x[0-9a-f]+")


class Gate(lib.WireTest):
    """A server with the plugin pdk-gate, which makes one call in each event."""

    @classmethod
    def setUpClass(cls):
        cls.rows = pdk_calls.rows()
        cls.row_of = {row.name: row for row in cls.rows}
        with open(GOLDEN, encoding="utf-8") as file:
            cls.golden = json.load(file)

    def setUp(self):
        self.gateway = self.connect(self.serve("pdk-gate", log_level="debug", kong_version="3.8"))
        self.instance = self.gateway.start_instance("pdk-gate")

    def outcome(self, name, args, phase, call=None):
        """What came of it, (calls on the wire): the plugin's own first and last calls left out."""
        call = call or pdk_calls.Call()
        told = {}

        def answer(method, given):
            if method == "kong.nginx.get_ctx" and given == ["case"]:
                return {"call": name, "args": args}
            if method == "kong.nginx.set_ctx" and given[0] == "outcome":
                told.update(json.loads(given[1]))
                return None
            return pdk_calls.answer(self.row_of, call, method)

        calls = self.gateway.play(self.instance, answer, phase)
        self.assertEqual(calls[0], ("kong.nginx.get_ctx", ["case"]))
        return told, [c for c in calls[1:] if c != "ret" and c[1][:1] != ["outcome"]]


class Calls(Gate):
    def check_sent(self, expected, sent):
        self.assertEqual([m for m, _ in sent], [m for m, _ in expected])
        for (_, want), (_, got) in zip(expected, sent):
            if want and isinstance(want[-1], re.Pattern):
                self.assertRegex(got[-1], want[-1])
                want, got = want[:-1], got[:-1]
            self.assertEqual(strict(got), strict(want))

    def check_call(self, row):
        call = row.call()
        outcome, sent = self.outcome(row.name, call.args, call.phase, call)
        self.check_sent(call.sent or [], sent)
        if call.ends:
            self.assertEqual(outcome, {})
        elif row.name.startswith(pdk_calls.SPANS):
            self.assertNotIn("error", outcome)
        else:
            self.assertEqual(strict(outcome), strict({"values": call.values}))
        return {method for method, _ in sent}

    def check_refused(self, row):
        if row.name in pdk_calls.OWN_IN_LUA:
            args, _ = pdk_calls.OWN_IN_LUA[row.name]
            outcome, sent = self.outcome(row.name, args, "access")
            self.assertIn("values", outcome)
        else:
            outcome, sent = self.outcome(row.name, "", "access")
            self.assertIn(row.name + " can't be called from an external plugin.", outcome["error"])
        self.assertEqual(sent, [])

    def test_every_row_is_called(self):
        self.assertGreaterEqual(len(self.rows), 130)
        sent = set()
        for row in self.rows:
            with self.subTest(row.name):
                if row.name in pdk_calls.UNREACHABLE:
                    continue
                if "REFUSED" in row.flags:
                    self.check_refused(row)
                else:
                    sent |= self.check_call(row)
        remote = {row.name for row in self.rows if not row.flags & {"LOCAL", "REFUSED"}}
        self.assertEqual(remote - sent, pdk_calls.UNREACHABLE | pdk_calls.BY_OTHERS)

    def test_the_tables_of_this_test_name_only_rows(self):
        named = {*pdk_calls.CALLS, *pdk_calls.BY_OTHERS, *pdk_calls.UNREACHABLE, *pdk_calls.OWN_IN_LUA,
                 *DIFFERENT}
        self.assertEqual(named - set(self.row_of), set())


class Phases(Gate):
    def expected(self, row, phase):
        """The error text, or None where the function may be called."""
        only = self.golden["phases"].get(row.name, {}).get("only")
        if only is None or phase in only.split(", "):
            return None
        if row.name == "kong.response.exit" and phase == "preread":
            return None  # the gateway has another function for streams, which checks nothing
        return "function cannot be called in %s phase (only in: %s)" % (phase, only)

    def check(self, row, phase):
        call = row.call()
        outcome, sent = self.outcome(row.name, call.args, phase, call)
        expected = self.expected(row, phase)
        error = POSITION.sub("", outcome.get("error", ""))
        if expected:
            self.assertEqual((error, sent), (expected, []))
        else:
            self.assertNotIn("function cannot be called", error)

    def test_wrong_phases_are_refused_as_the_gateway_does(self):
        for row in self.rows:
            if "REFUSED" in row.flags or row.name in OTHER_PHASES:
                continue
            for phase in PHASES:
                with self.subTest(row.name, phase=phase):
                    self.check(row, phase)

    def test_streams_only_functions_are_refused_elsewhere(self):
        outcome, sent = self.outcome("kong.service.request.disable_tls", "", "access")
        self.assertEqual(POSITION.sub("", outcome["error"]),
                         "function cannot be called in access phase (only in: balancer, preread)")
        self.assertEqual(sent, [])


# Kong's http subsystem has no such function, so that the golden file has no phases of it.
OTHER_PHASES = {"kong.service.request.disable_tls"}

# (arguments, our error), by function: where Outrigger refuses what Kong doesn't, or says it in other
# words. The arguments are a regular expression.
MIME = [(r"^(true|5|1\.5|-1|\{.*\})(, |$)", "mimetype must be a string")]
# What is returned there and can't be known here, or isn't what the fake gateway has.
OTHER_RESULTS = {("kong.service.request.set_header", "':authority', 'h'")}
DIFFERENT = {
    # Without trusted_ips the gateway answers false whatever it is; with them it raises.
    "kong.ip.is_trusted": [(r"^(nil|true|false|5)$", "missing valid ip argument")],
    # What would be an error of Lua's own, or of string.format, has words of its own.
    "kong.log.set_serialize_value": [(r"'value', (true|5|1\.5|-1)$", "options must be a table")],
    "kong.node.get_memory_stats": [
        (r"^(true|5|1\.5|-1|0/0|1/0|\{.*\}), 2$", "unit must be a string"),
        (r"'k', 0/0", "scale must be equal or greater than 0"),
        (r"'k',( 1/0|100)", "invalid option in 'format'"),
        (r"'b', 'x'", "scale must be a number")],
    "kong.request.get_body": MIME + [(r"json', 'x'", "max_args must be a number")],
    "kong.service.response.get_body": MIME,
    "kong.service.request.set_body": [
        (r'boundary="x\'$', 'boundary without closing quote in content type multipart/form-data; '
                            'boundary="x')],
    # No comparison with it is true, so that the gateway's pass; a status of that kind has no meaning.
    "kong.request.get_headers": [(r"^0/0$", "max_headers must be >= 1")],
    "kong.response.get_headers": [(r"^0/0$", "max_headers must be >= 1")],
    "kong.service.response.get_headers": [(r"^0/0$", "max_headers must be >= 1")],
    "kong.request.get_query": [(r"^0/0$", "max_args must be >= 1")],
    "kong.response.set_status": [(r"^0/0$", "code must be a number between 100 and 599")],
    "kong.response.exit": [(r"^0/0,", "code must be a number between 100 and 599")],
    "kong.response.error": [(r"^0/0,", "code must be a number between 400 and 599")],
    # The gateway looks at it only where the body is in a file.
    "kong.request.get_raw_body": [(r"^(true|\"x\")$", "max_allowed_file_size must be a number")],
}


class Arguments(Gate):
    def expected(self, case):
        for arguments, error in DIFFERENT.get(case["call"], ()):
            if re.search(arguments, case["args"]):
                self.used.add((case["call"], arguments))
                return error
        return case.get("error")

    def check(self, case):
        call = pdk_calls.Call(answers={
            "kong.request.get_header": "application/x-www-form-urlencoded",
            "kong.request.get_raw_body": b"a=1",
            "kong.service.response.get_raw_body": b"a=1",
            "kong.service.response.get_header": None, "kong.service.set_upstream": None,
            "kong.telemetry.log": None})
        outcome, sent = self.outcome(case["call"], case["args"], case["phase"], call)
        expected = self.expected(case)
        error = outcome.get("error")
        if isinstance(error, dict):
            error = bytes.fromhex(error["hex"]).decode()
        if error is not None:
            error = POSITION.sub("", error)
        if "returns" in case and expected is None:
            self.assertEqual(outcome, {"values": case["returns"]})
        elif expected is None:
            self.assertIsNone(error)
            self.assertTrue(sent or "values" in outcome)
        else:
            self.assertEqual((error, sent), (ADDRESS.sub("table", expected), []))

    def test_arguments_are_refused_and_accepted_as_by_the_gateway(self):
        self.used = set()
        for case in self.golden["arguments"]:
            if ("REFUSED" in self.row_of[case["call"]].flags
                    or (case["call"], case["args"]) in OTHER_RESULTS):
                continue
            with self.subTest(case["call"], args=case["args"]):
                self.check(case)
        self.assertEqual(self.used, {(name, arguments) for name, cases in DIFFERENT.items()
                                     for arguments, _ in cases})

    def test_functions_are_refused_since_they_cannot_cross(self):
        outcome, sent = self.outcome("kong.nginx.set_ctx", "'k', {f = print}", "access")
        self.assertIn("bad argument #2 to 'kong.nginx.set_ctx' (a function can't be sent",
                      outcome["error"])
        self.assertEqual(sent, [])

    def test_every_function_with_checked_arguments_is_in_the_golden_file(self):
        tried = {case["call"] for case in self.golden["arguments"] if {"error", "returns"} & {*case}}
        with_arguments = {row.name for row in self.rows if row.argc and
                          not row.flags & {"LOCAL", "REFUSED"}}
        self.assertEqual(with_arguments - tried, UNCHECKED)


# Functions that take anything in the gateway, that only its plugin server has, or that are not reached.
UNCHECKED = {
    "kong.log", "kong.log.alert", "kong.log.crit", "kong.log.debug", "kong.log.deprecation",
    "kong.log.emerg", "kong.log.err", "kong.log.info", "kong.log.inspect", "kong.log.notice",
    "kong.log.serialize", "kong.log.warn", "kong.client.get_protocol", "kong.ip.is_trusted",
    "kong.client.tls.request_client_certificate", "kong.ctx.shared.get", "kong.ctx.shared.set",
    "kong.nginx.get_ctx", "kong.nginx.get_var", "kong.nginx.set_ctx", "kong.request.get_raw_body",
    "kong.response.set_raw_body",
    "kong.vault.get", "kong.vault.update", "kong.vault.warmup",
}

if __name__ == "__main__":
    lib.main()
