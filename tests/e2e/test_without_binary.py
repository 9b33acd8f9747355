"""A gateway that has no outrigger of its own: the plugins run in another container.

The program is a copy that is deleted once the server runs, so nothing could call it.
"""

import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
import code_plugins  # noqa: E402
from code_plugins import code  # noqa: E402

NAMES = ("e2e-code", "e2e-all")


class WithoutBinary(unittest.TestCase):
    def setUp(self):
        if not harness.OUTRIGGER:
            self.skipTest("OUTRIGGER_BIN is not set")
        self.stage = harness.Stage()
        self.addCleanup(self.stage.close)
        self.sidecar = self.stage.prefix("sidecar")
        self.program = shutil.copy(harness.OUTRIGGER, self.stage.prefix("bin") + "/outrigger")
        self.plugins = shutil.copytree(code_plugins.PLUGINS_DIR, self.stage.path("plugins"))
        self.arguments = ["--prefix=" + self.sidecar, "--plugins-dir=" + self.plugins] + [
            "--plugin=" + name for name in NAMES]

    def run_program(self, command, *more):
        process = harness.Process([self.program, command, *self.arguments, *more],
                                  self.stage.directory, command)
        self.stage.processes.append(process)
        return process

    def finished(self, command, *more):
        """What a command prints that ends by itself."""
        process = self.run_program(command, *more)
        self.assertEqual(process.child.wait(harness.DEADLINE), 0, process.stderr())
        return process.stdout()

    def serve(self):
        server = self.run_program("serve")
        for name in NAMES:
            path = os.path.join(self.sidecar, name + ".socket")
            server.wait_until(lambda path=path: harness.connects(path), "the socket " + path)

    def start_gateway(self, conf, *plugins):
        """A gateway that can call neither the program nor see the plugins."""
        os.unlink(self.program)
        shutil.rmtree(self.plugins)
        self.assertNotIn(self.program, conf)
        self.assertNotIn("start_cmd", conf)
        return self.stage.gateway(conf, code_plugins.declarative(plugins))

    def test_the_servers_own_files_are_all_that_the_gateway_needs(self):
        conf = self.finished("kong-conf", "--sidecar")
        self.serve()
        gateway = self.start_gateway(
            conf, code(access='kong.service.request.set_header("x-access", "1")'),
            code("e2e-all", response='kong.response.set_header("x-response", "1")'))
        response = gateway.http()
        self.assertEqual(response.header("x-response"), "1")
        self.assertEqual(response.json()["headers"]["x-access"], "1")

    def test_the_files_may_be_dumped_somewhere_else(self):
        dumps = self.stage.prefix("dumps")
        conf = self.finished("kong-conf", "--sidecar", "--output=" + dumps)
        self.assertIn("cat " + dumps, conf)
        self.assertEqual(self.finished("dump", "--output=" + dumps), "")
        self.assertEqual(sorted(os.listdir(dumps)), ["e2e-all.json", "e2e-code.json"])
        self.serve()
        gateway = self.start_gateway(conf, code(access='kong.response.exit(200, "ran")'))
        self.assertEqual(gateway.http().text, "ran")

    def test_a_control_plane_knows_the_schemas_with_no_server_at_all(self):
        conf = self.finished("kong-conf", "--sidecar")
        self.finished("dump", "--output=" + self.sidecar)
        gateway = self.start_gateway("role = control_plane\n" + conf, code(word="fits"))
        for config, status in (({"word": "fits"}, 201), ({"word": 5}, 400), ({"wort": ""}, 400)):
            answer = gateway.post_config(
                code_plugins.declarative([{"name": "e2e-code", "config": config}]))
            self.assertEqual(answer.status, status, answer.text)

    def test_the_dump_says_all_that_a_query_command_has_to(self):
        self.finished("dump", "--output=" + self.sidecar)
        for name, priority, phases in (("e2e-code", 1000, {"access", "log"}),
                                       ("e2e-all", 500,
                                        {"rewrite", "access", "response", "log"})):
            dump = json.loads(harness.read_text(os.path.join(self.sidecar, name + ".json")))
            self.assertEqual(dump["Protocol"], "MsgPack:1")
            plugin, = dump["Plugins"]
            self.assertEqual((plugin["Name"], plugin["Priority"], plugin["Version"]),
                             (name, priority, "1.0.0"))
            self.assertEqual(set(plugin["Phases"]), phases)
            self.assertEqual(plugin["Schema"]["name"], name)


if __name__ == "__main__":
    unittest.main()
