"""The ways of the Go plugin server: one name is all that kong.conf needs.

Kong looks for /usr/local/bin/NAME, where a test must not write. For a link that is elsewhere
`outrigger link` prints start_cmd and query_cmd too, as Kong would make them by default.
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
import code_plugins  # noqa: E402
from code_plugins import code  # noqa: E402

# Kong passes such a command no argument; the folder would be in /etc/outrigger/outrigger.conf.
ENVIRONMENT = {"OUTRIGGER_PLUGINS_DIR": code_plugins.PLUGINS_DIR}


class GoPdkWay(unittest.TestCase):
    def setUp(self):
        self.stage = harness.Stage()
        self.addCleanup(self.stage.close)
        self.bin = self.stage.prefix("bin")

    def link(self, name):
        """What `outrigger link NAME` prints."""
        return code_plugins.run_outrigger("link", name, "--bin-dir", self.bin, env=ENVIRONMENT)

    def start(self, conf, names, plugins):
        env_line = harness.ENV_LINE + "; env OUTRIGGER_PLUGINS_DIR\n"
        gateway = self.stage.gateway(conf + env_line, code_plugins.declarative(plugins),
                                     env=ENVIRONMENT)
        code_plugins.wait_sockets(gateway, names)
        return gateway

    def servers(self):
        return harness.processes_with("outrigger: supervisor " + self.stage.directory)

    def test_link_makes_the_command_and_prints_the_lines(self):
        printed = self.link("e2e-code")
        self.assertEqual(os.path.realpath(os.path.join(self.bin, "e2e-code")),
                         os.path.realpath(harness.OUTRIGGER))
        lines = [line for line in printed.splitlines() if line and line[0] != "#"]
        self.assertEqual(lines, [
            "plugins = bundled,e2e-code", "pluginserver_names = e2e-code",
            "pluginserver_e2e_code_start_cmd = %s/e2e-code" % self.bin,
            "pluginserver_e2e_code_query_cmd = %s/e2e-code -dump" % self.bin])

    def test_a_gateway_with_these_lines_finds_the_plugin(self):
        gateway = self.start(self.link("e2e-code"), ["e2e-code"],
                             [code(access='kong.response.exit(200, "linked")')])
        self.assertEqual(gateway.http().text, "linked")
        # The prefix was read from the nginx master's -p; the socket's place shows it too.
        log = os.path.join(gateway.prefix, "logs", "outrigger.log")
        self.assertTrue(os.path.exists(log), os.listdir(os.path.dirname(log)))
        self.assertTrue(os.path.exists(os.path.join(gateway.prefix, "e2e-code.json")))

    def test_each_name_is_a_process_of_its_own_and_all_end_with_the_gateway(self):
        names = ["e2e-code", "e2e-low"]
        conf = "".join(self.link(name) for name in names)
        # Of a key that comes twice the last one counts.
        conf += "plugins = bundled,{0}\npluginserver_names = {0}\n".format(",".join(names))
        gateway = self.start(conf, names, [
            code(access='kong.ctx.shared.from = "one"'),
            code("e2e-low", access='kong.response.exit(200, kong.ctx.shared.from .. " two")')])
        self.assertEqual(gateway.http().text, "one two")
        self.assertEqual(len(self.servers()), 2)
        gateway.stop()
        harness.wait_for(lambda: not self.servers(), "the end of the servers")

    def test_the_prefix_may_be_given_as_the_go_server_wants_it(self):
        conf = self.link("e2e-code").replace(
            "/bin/e2e-code\n", "/bin/e2e-code -kong-prefix %s\n" % self.stage.path("kong"))
        conf = conf.replace(" -dump", " -kong-prefix /nowhere -dump")
        gateway = self.start(conf, ["e2e-code"],
                             [code(access='kong.response.exit(200, "linked")')])
        self.assertEqual(gateway.http().text, "linked")

    def test_a_server_that_dies_is_started_again_by_the_gateway(self):
        conf = self.link("e2e-code")
        gateway = self.start(conf, ["e2e-code"],
                             [code(access='kong.response.exit(401, "refused")')])
        self.assertEqual(gateway.http().status, 401)
        pid, = self.servers()
        os.kill(pid, 9)
        harness.wait_for(lambda: self.servers() not in ([], [pid]) and
                         gateway.http().status == 401, "the next server")


if __name__ == "__main__":
    unittest.main()
