"""The examples in C, behind the gateway: what they let through, refuse and change, and what a client sees
when they, or their configuration, fail."""

import hashlib
import hmac
import os
import shutil
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "lib")]

import harness  # noqa: E402
import c_examples  # noqa: E402
import code_plugins  # noqa: E402

SECRET = "0123456789abcdef"
SPOOLED = 64 << 10  # bytes of a body that nginx keeps in a file

PLUGINS = ""


def setUpModule():
    if not harness.OUTRIGGER:
        raise unittest.SkipTest("OUTRIGGER_BIN is not set")
    folder = tempfile.mkdtemp(prefix="outrigger-e2e-examples-")
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    global PLUGINS
    _, PLUGINS = c_examples.build(folder)


def plugin(name, /, **config):
    return {"name": name, "config": config}


class CExamples(code_plugins.CodePlugins):
    NAMES = c_examples.NAMES

    @classmethod
    def setUpClass(cls):
        cls.OPTIONS = ("--c-plugin-path=" + PLUGINS,)
        super().setUpClass()

    def refused(self, response, status, message):
        self.assertEqual((response.status, response.json()["message"]), (status, message))
        self.assertEqual(response.header("Content-Type"), "application/json; charset=utf-8")


class HeaderTag(CExamples):
    def test_requests_and_responses_are_tagged(self):
        response = self.ask(plugin("header-tag", name="X-Mine", tag="caf\u00e9 \\ 1"))
        self.assertEqual(response.json()["headers"]["x-mine"], "caf\u00e9 \\ 1")
        self.assertEqual(response.header("X-Mine").encode("latin-1").decode(), "caf\u00e9 \\ 1")

    def test_the_gateway_fills_in_defaults(self):
        self.assertEqual(self.ask(plugin("header-tag", tag="a")).header("X-Tag"), "a")

    def test_what_the_client_sends_is_replaced_and_what_the_service_sends_is_kept(self):
        self.use(plugin("header-tag", tag="mine"))
        response = self.http(path="/headers?X-Tag=theirs", headers={"X-Tag": "forged"})
        self.assertEqual(response.json()["headers"]["x-tag"], "mine")
        self.assertEqual(response.header("X-Tag"), "theirs")

    def test_a_changed_configuration_holds_at_once(self):
        for tag in ("one", "two", "three"):
            self.assertEqual(self.ask(plugin("header-tag", tag=tag)).header("X-Tag"), tag)

    def test_a_configuration_without_a_tag_is_none(self):
        answer = self.gateway.post_config(code_plugins.declarative([plugin("header-tag")]))
        self.assertEqual((answer.status, "tag" in answer.text), (400, True), answer.text)


class IpList(CExamples):
    def test_the_clients_address_decides(self):
        for config, lets_in in (
                ({"allow": ["127.0.0.0/8"]}, True), ({"allow": ["127.0.0.1"]}, True),
                ({"allow": ["::ffff:127.0.0.0/104"]}, True), ({"allow": ["10.0.0.0/8", "::1"]}, False),
                ({"deny": ["127.0.0.1"]}, False), ({"deny": ["127.0.0.2"]}, True),
                ({"allow": ["127.0.0.0/8"], "deny": ["127.0.0.0/31"]}, False)):
            with self.subTest(config):
                response = self.ask(plugin("ip-list", **config))
                if lets_in:
                    self.assertEqual(response.status, 200, response.text)
                else:
                    self.refused(response, 403, "Your address is not allowed")

    def test_what_is_no_network_lets_nobody_in_and_says_why(self):
        self.refused(self.ask(plugin("ip-list", allow=["127.0.0.0/8", "127.0.0.0/33"])), 500,
                     "An unexpected error occurred")
        self.wait_outrigger_log("allow: '127.0.0.0/33' is no address or CIDR network")
        self.assertEqual(self.ask(plugin("ip-list", allow=["127.0.0.0/8"])).status, 200)


class RequestSignature(CExamples):
    def sign(self, method, path, body=b"", seconds=None, secret=SECRET):
        seconds = int(time.time()) if seconds is None else seconds
        text = ("%d\n%s\n%s\n" % (seconds, method, path)).encode() + body
        return {"X-Signature": "t=%d,v1=%s" % (
            seconds, hmac.new(secret.encode(), text, hashlib.sha256).hexdigest())}

    def setUp(self):
        super().setUp()
        self.use(plugin("request-signature", secret=SECRET, tolerance=60))

    def passes(self, method, path, body=b""):
        response = self.http(method, path, self.sign(method, path, body), body or None)
        self.assertEqual(response.status, 200, response.text)
        return response

    def assert_refuses(self, headers, method="GET", path="/a", body=None):
        self.refused(self.http(method, path, headers, body), 401, "The signature is missing or wrong")

    def test_what_is_signed_reaches_the_service_as_it_is(self):
        self.assertEqual(self.passes("GET", "/a/b?x=1&y=%20").json()["uri"], "/a/b?x=1&y=%20")
        self.assertEqual(self.passes("POST", "/o", b"plain").json()["body"], "plain")
        self.passes("PUT", "/o", bytes(range(256)) * 16)

    def test_everything_else_is_refused(self):
        now, good = int(time.time()), self.sign("GET", "/a")["X-Signature"]
        for headers in ({}, {"X-Signature": ""}, {"X-Signature": good[:-1]}, {"X-Signature": good.upper()},
                        self.sign("POST", "/a"), self.sign("GET", "/b"), self.sign("GET", "/a", b"x"),
                        self.sign("GET", "/a", secret="another secret!!"),
                        self.sign("GET", "/a", seconds=now - 3600), self.sign("GET", "/a", seconds=now + 3600)):
            with self.subTest(headers):
                self.assert_refuses(headers)
        self.assert_refuses(self.sign("POST", "/a", b"one"), "POST", body=b"two")

    def test_a_body_that_the_gateway_keeps_in_a_file_is_signed_too(self):
        body = b"x" * SPOOLED
        self.assertEqual(self.passes("POST", "/o", body).json()["body"], body.decode())
        self.assert_refuses(self.sign("POST", "/o", body), "POST", "/o", body[:-1] + b"y")


class Together(CExamples):
    def test_the_first_that_refuses_ends_the_request(self):
        self.use(plugin("header-tag", tag="t"), plugin("ip-list", deny=["127.0.0.1"]),
                 plugin("request-signature", secret=SECRET))
        self.assertEqual(self.http().status, 401)  # request-signature has the higher priority
        self.use(plugin("header-tag", tag="t"), plugin("ip-list", deny=["127.0.0.1"]))
        response = self.http()
        self.assertEqual(response.status, 403)
        self.assertIsNone(response.header("X-Tag"))


del CExamples
code_plugins.over_protobuf(globals())
code_plugins.in_split_installation(globals())

if __name__ == "__main__":
    unittest.main()
