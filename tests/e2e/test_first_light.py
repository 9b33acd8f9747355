"""The example plugins, put beside the gateway as the README tells a Kong user, and their work."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
import code_plugins  # noqa: E402

PLUGINS = ("hello-header", "all-phases", "token-auth")
TOKEN = {"X-Token": "open-sesame"}
CREDENTIAL = "x-credential-identifier"


class FirstLight(unittest.TestCase):
    maxDiff = None
    PROTOCOL = "msgpack"

    @classmethod
    def setUpClass(cls):
        if not harness.OUTRIGGER:
            raise unittest.SkipTest("OUTRIGGER_BIN is not set")
        cls.stage = harness.Stage()
        cls.addClassCleanup(cls.stage.close)
        conf = re.sub(" (serve|dump) ", r" \1 --protocol=%s " % cls.PROTOCOL,
                      harness.example("kong.conf"))
        cls.gateway = cls.stage.gateway(conf, harness.example("kong.yml"))
        code_plugins.wait_sockets(cls.gateway, PLUGINS)

    def upstream_headers(self, **request):
        """The headers that the echo upstream saw."""
        response = self.gateway.http(**request)
        self.assertEqual(response.status, 200, response.text)
        return response.json()["headers"]


class HelloHeader(FirstLight):
    def hello(self, headers=()):
        return self.gateway.http(path="/hello", headers=headers).header("X-Hello")

    def test_the_caller_is_greeted_by_name(self):
        self.assertEqual(self.hello({"X-Name": "Ada"}), "hello Ada")

    def test_a_caller_without_a_name_is_a_stranger(self):
        self.assertEqual(self.hello(), "hello stranger")
        self.assertEqual(self.hello({"X-Name": ""}), "hello ")

    def test_a_name_need_not_be_plain_text(self):
        self.assertEqual(self.hello({"X-Name": "Zo\u00eb \\ \"q\""}), "hello Zo\u00eb \\ \"q\"")

    def test_other_routes_have_no_such_header(self):
        self.assertIsNone(self.gateway.http(path="/phases").header("X-Hello"))


class TokenAuth(FirstLight):
    def refused(self, message, headers=()):
        response = self.gateway.http(path="/private", headers=headers)
        self.assertEqual((response.status, response.json()), (401, {"message": message}))
        self.assertEqual(response.header("WWW-Authenticate"), "Token")
        self.assertEqual(response.header("Content-Type"), "application/json; charset=utf-8")

    def test_a_request_without_a_token_is_refused(self):
        self.refused("No token found in request")

    def test_a_wrong_token_is_refused(self):
        for token in ("open", "open-sesame2", "Open-Sesame", ""):
            self.refused("Unauthorized", {"X-Token": token})

    def test_the_upstream_learns_who_calls_and_never_the_token(self):
        headers = self.upstream_headers(path="/private", headers=TOKEN)
        self.assertEqual(headers["x-consumer-username"], "ali")
        self.assertEqual(headers["x-consumer-custom-id"], "40")
        self.assertRegex(headers["x-consumer-id"], r"^[0-9a-f]{8}-[0-9a-f-]{27}$")
        self.assertEqual(headers[CREDENTIAL], "token-1")
        self.assertNotIn("x-token", headers)

    def test_a_client_cannot_name_a_consumer_itself(self):
        headers = self.upstream_headers(path="/private", headers={
            **TOKEN, "X-Consumer-Username": "root", "X-Consumer-ID": "0"})
        self.assertEqual(headers["x-consumer-username"], "ali")
        self.assertNotEqual(headers["x-consumer-id"], "0")


class AllPhases(FirstLight):
    """Test names are sorted: the second one changes the gateway's configuration."""

    def test_1_each_phase_of_a_route_leaves_its_mark(self):
        response = self.gateway.http(path="/phases/sub?q=1")
        self.assertEqual(response.header("X-All-Phases-Response"), "example")
        headers = response.json()["headers"]
        self.assertEqual(headers["x-all-phases-access"], "example")
        # There is no route yet in rewrite.
        self.assertNotIn("x-all-phases-rewrite", headers)
        self.gateway.wait_log("all-phases example: GET /phases/sub -> 200")

    def test_2_a_global_plugin_has_a_rewrite_phase_too(self):
        text = re.sub(r"(?s)    plugins:\n    - name: all-phases.*?(?=  - name: private)", "",
                      harness.example("kong.yml"))
        text += "\nplugins:\n- name: all-phases\n  config:\n    tag: global\n"
        self.assertEqual(self.gateway.post_config(text).status, 201)
        headers = self.upstream_headers(path="/phases")
        self.assertEqual(headers["x-all-phases-rewrite"], "global")
        self.assertEqual(headers["x-all-phases-access"], "global")
        # A request that token-auth ends is logged too, and access has never run.
        self.assertEqual(self.gateway.http(path="/private").status, 401)
        self.gateway.wait_log("all-phases global: no access -> 401")


del FirstLight
code_plugins.over_protobuf(globals())

if __name__ == "__main__":
    unittest.main()
