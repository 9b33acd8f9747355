"""The files of examples/kong, as a Kong user copies them: who runs, and who prints them.

What the plugins do is in test_first_light.py.
"""

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
