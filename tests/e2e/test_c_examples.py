"""The examples in C beside the gateway: built, found, configured and asked as their READMEs say."""

import hashlib
import hmac
import json
import os
import shutil
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "lib")]

import c_examples  # noqa: E402
import harness  # noqa: E402
import code_plugins  # noqa: E402

SECRET = "0123456789abcdef"
ROUTES = {
    "/tagged": {"name": "header-tag", "config": {"name": "X-A", "tag": "b"}},
    "/inside": {"name": "ip-list", "config": {"allow": ["127.0.0.0/8"]}},
    "/outside": {"name": "ip-list", "config": {"deny": ["127.0.0.1", "::1"]}},
    "/signed": {"name": "request-signature", "config": {"secret": SECRET}},
}
PLUGINS = ""


def setUpModule():
    if not harness.OUTRIGGER:
        raise unittest.SkipTest("OUTRIGGER_BIN is not set")
    folder = tempfile.mkdtemp(prefix="outrigger-e2e-")
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    global PLUGINS
    _, PLUGINS = c_examples.build(folder)


class CExamples(unittest.TestCase):
    PROTOCOL = "msgpack"

    @classmethod
    def setUpClass(cls):
        cls.stage = harness.Stage()
        cls.addClassCleanup(cls.stage.close)
        conf = code_plugins.kong_conf(cls.stage, c_examples.NAMES, "--c-plugin-path=" + PLUGINS,
                                      "--protocol=" + cls.PROTOCOL)
        routes = [{"name": path[1:], "paths": [path], "strip_path": False, "plugins": [plugin]}
                  for path, plugin in ROUTES.items()]
        cls.gateway = cls.stage.gateway(conf, json.dumps({
            "_format_version": "3.0",
            "services": [{"name": "echo", "url": "http://127.0.0.1:@ECHO_PORT@", "routes": routes}]}))
        code_plugins.wait_sockets(cls.gateway, c_examples.NAMES)

    def test_header_tag_marks_request_and_response(self):
        response = self.gateway.http(path="/tagged")
        self.assertEqual((response.json()["headers"]["x-a"], response.header("X-A")), ("b", "b"))

    def test_header_tag_leaves_a_header_of_the_service_alone(self):
        response = self.gateway.http(path="/tagged/headers?x-a=own")
        self.assertEqual(response.header("X-A"), "own")

    def test_ip_list_lets_in_whom_it_allows(self):
        self.assertEqual(self.gateway.http(path="/inside").status, 200)

    def test_ip_list_keeps_out_whom_it_denies(self):
        self.assertEqual(self.gateway.http(path="/outside").status, 403)

    def sign(self, path, body):
        now = int(time.time())
        text = "\n".join([str(now), "POST", path, ""]).encode() + body
        return "t=%d,v1=%s" % (now, hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest())

    def post(self, path, body, **headers):
        return self.gateway.http("POST", path, headers, body)

    def test_request_signature_lets_in_what_is_signed(self):
        # Larger than the buffer of the gateway, whence it goes to disk; and smaller.
        for body in (b"", b"a=1", bytes(range(256)) * 100):
            path = "/signed?x=%20"
            response = self.post(path, body, **{"X-Signature": self.sign(path, body)})
            self.assertEqual(response.status, 200, response.text)

    def test_request_signature_refuses_all_else(self):
        good = self.sign("/signed", b"body")
        for path, body, headers in (("/signed", b"body", {}),
                                    ("/signed", b"other", {"X-Signature": good}),
                                    ("/signed?x", b"body", {"X-Signature": good}),
                                    ("/signed", b"body", {"X-Signature": good[:-1] + "x"})):
            self.assertEqual(self.post(path, body, **headers).status, 401)


code_plugins.over_protobuf(globals())

if __name__ == "__main__":
    unittest.main()
