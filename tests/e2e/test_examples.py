"""The files of examples/kong, as a Kong user copies them, with the example plugins."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402

PLUGINS = ("hello-header", "all-phases", "token-auth")


def settings(text):
    """The lines of a kong.conf that set something."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


class Examples(harness.E2E):
    @classmethod
    def setUpClass(cls):
        if not harness.OUTRIGGER:
            raise unittest.SkipTest("OUTRIGGER_BIN is not set")

    def start(self):
        gateway = self.start_gateway(harness.example("kong.conf"), harness.example("kong.yml"))
        for plugin in PLUGINS:
            path = os.path.join(gateway.prefix, plugin + ".socket")
            gateway.wait_until(lambda path=path: harness.connects(path), "the socket " + path)
        return gateway

    def test_each_plugin_does_its_work(self):
        gateway = self.start()
        hello = gateway.http(path="/hello", headers={"X-Name": "Ada"})
        self.assertEqual((hello.status, hello.header("X-Hello")), (200, "hello Ada"))

        phases = gateway.http(path="/phases")
        self.assertEqual(phases.header("X-All-Phases-Response"), "example")
        self.assertEqual(phases.json()["headers"]["x-all-phases-access"], "example")
        gateway.wait_log("all-phases example: GET /phases -> 200")

        refused = gateway.http(path="/private")
        self.assertEqual((refused.status, refused.header("WWW-Authenticate")), (401, "Token"))
        allowed = gateway.http(path="/private", headers={"X-Token": "open-sesame"})
        self.assertEqual(allowed.status, 200)
        self.assertEqual(allowed.json()["headers"]["x-consumer-username"], "ali")
        self.assertNotIn("x-token", allowed.json()["headers"])

    def test_all_plugins_share_one_process_that_ends_with_the_gateway(self):
        gateway = self.start()
        self.assertEqual(len(harness.processes_with("serve\0--exit-with-parent\0--prefix="
                                                    + gateway.prefix)), 1)
        gateway.stop()
        harness.wait_for(lambda: not self.stage.leftovers(), "the end of outrigger")

    def test_kong_conf_prints_these_lines(self):
        printed = subprocess.run(
            [harness.OUTRIGGER, "kong-conf", "--prefix=/usr/local/kong",
             "--plugins-dir=" + os.path.join(harness.SOURCE, "examples", "lua")]
            + ["--plugin=" + plugin for plugin in PLUGINS],
            capture_output=True, text=True, check=True).stdout
        expected = harness.read_text(os.path.join(harness.SOURCE, "examples/kong/kong.conf"))
        for path, here in (("/usr/local/bin/outrigger", harness.OUTRIGGER),
                           ("/usr/local/share/outrigger/plugins",
                            os.path.join(harness.SOURCE, "examples", "lua"))):
            expected = expected.replace(path, here)
        self.assertEqual(settings(printed), settings(expected))


if __name__ == "__main__":
    unittest.main()
