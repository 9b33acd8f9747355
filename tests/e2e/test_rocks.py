"""A plugin that `luarocks make` installed, served from its tree and asked over HTTP."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
import code_plugins  # noqa: E402

ROCK = os.path.join(harness.SOURCE, "tests", "rocks", "rock-sample")
ROCKSPEC = "kong-plugin-rock-sample-1.0.0-1.rockspec"


class Rocks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not harness.OUTRIGGER:
            raise unittest.SkipTest("OUTRIGGER_BIN is not set")
        cls.stage = harness.Stage()
        cls.addClassCleanup(cls.stage.close)
        cls.home = cls.stage.prefix("home")
        # A user's own tree is there.
        cls.tree = os.path.join(cls.home, ".luarocks")
        subprocess.run(
            ["luarocks", "--lua-version", "5.1", "make", "--tree", cls.tree, "--deps-mode", "none",
             os.path.join(ROCK, ROCKSPEC)],
            cwd=ROCK, check=True, capture_output=True, env={**os.environ, "HOME": cls.home})

    def served(self, options, env=None, env_line="", **config):
        """A gateway that starts Outrigger with these options; its response to one request."""
        stage = harness.Stage()
        self.addCleanup(stage.close)
        conf = code_plugins.run_outrigger("kong-conf", "--prefix=" + stage.path("kong"),
                                          "--plugin=rock-sample", *options, env=env)
        gateway = stage.gateway(conf + env_line, code_plugins.declarative(
            [{"name": "rock-sample", "config": config}]), env=env)
        code_plugins.wait_sockets(gateway, ["rock-sample"])
        return gateway.http()

    def test_it_is_found_on_the_path_for_lua_modules(self):
        path = "%s/share/lua/5.1/?.lua;;" % self.tree
        response = self.served(["--lua-package-path=" + path])
        self.assertEqual(response.header("X-Rock-Sample"), "rock: installed")

    def test_it_is_found_in_the_users_own_tree(self):
        response = self.served([], {"HOME": self.home}, harness.ENV_LINE + "; env HOME\n",
                               value="mine")
        self.assertEqual(response.header("X-Rock-Sample"), "rock: mine")

    def test_it_is_not_found_elsewhere(self):
        done = subprocess.run([harness.OUTRIGGER, "dump", "--plugin=rock-sample"], text=True,
                              capture_output=True, env={**os.environ, "HOME": "/nonexistent"})
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("kong.plugins.rock-sample.handler", done.stderr)


if __name__ == "__main__":
    unittest.main()
