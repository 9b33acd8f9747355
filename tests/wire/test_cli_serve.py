"""The ways in which a gateway starts the server."""
import os
import signal
import subprocess
import time
import unittest

from cli_case import OUTRIGGER, CliCase, settings
from nobody import needs_nobody

DEADLINE = 30


class Started(CliCase):
    def setUp(self):
        super().setUp()
        self.prefix = self.path("prefix")
        os.mkdir(self.prefix)
        self.plugin("one")
        self.plugin("my-auth")

    def start(self, argv, **options):
        """Starts a server and ends it with the test, as the gateway ends one."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("OUTRIGGER_", "KONG_"))}
        env["OUTRIGGER_PLUGINS_DIR"] = self.plugins
        process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, cwd="/", **options)
        self.addCleanup(self.stop, process)
        return process

    @staticmethod
    def stop(process):
        if process.poll() is None:
            process.kill()
        process.wait(DEADLINE)
        process.stderr.close()

    def serves(self, process, *names):
        """Waits until each plugin has its socket and its dump."""
        files = [os.path.join(self.prefix, name + end) for name in names
                 for end in (".socket", ".json")]
        end = time.monotonic() + DEADLINE
        while not all(os.path.exists(file) for file in files):
            if process.poll() is not None or time.monotonic() > end:
                self.fail("no %s; %s" % (files, process.stderr.read()
                                         if process.poll() is not None else os.listdir(self.prefix)))
            time.sleep(0.01)

    def ends(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(DEADLINE), 0)
        self.assertEqual([f for f in os.listdir(self.prefix) if f.endswith(".socket")], [])

    def test_a_link_serves_the_plugin_of_its_name(self):
        process = self.start([self.link("my-auth"), "-kong-prefix", self.prefix])
        self.serves(process, "my-auth")
        self.assertFalse(os.path.exists(os.path.join(self.prefix, "one.socket")))
        self.ends(process)

    def test_a_link_without_arguments_serves_below_the_prefix_of_nginx(self):
        title = "nginx: master process nginx -p %s -c nginx.conf" % self.prefix
        script = '"$1" & child=$!; trap "kill $child" TERM; wait $child; wait $child'
        process = self.start([title, "-c", script, "sh", self.link("my-auth")],
                             executable="/bin/sh")
        self.serves(process, "my-auth")
        self.ends(process)

    def test_the_start_command_of_kong_conf_serves_all_plugins(self):
        lines = settings(self.succeeds(self.with_plugins(
            "kong-conf", "--prefix", self.prefix, "--bin-dir", self.dir)))
        (start,) = [value for key, value in lines.items() if key.endswith("_start_cmd")]
        process = self.start(["/bin/sh", "-c", "exec " + start])
        self.serves(process, "one", "my-auth")
        for name in ("one", "my_auth"):
            self.assertTrue(os.path.exists(lines["pluginserver_%s_socket" % name]))
        self.ends(process)

    @needs_nobody(OUTRIGGER)
    def test_logs_that_only_root_may_write_are_not_used(self):
        os.chmod(self.dir, 0o755)
        os.chmod(self.prefix, 0o777)
        os.mkdir(os.path.join(self.prefix, "logs"))
        process = self.start([OUTRIGGER, "-kong-prefix", self.prefix], user="nobody",
                             extra_groups=[])
        self.serves(process, "one", "my-auth")
        self.assertEqual(os.listdir(os.path.join(self.prefix, "logs")), [])
        self.assertIn("is served on", self.read("prefix/outrigger.log"))
        self.ends(process)
        os.chmod(os.path.join(self.prefix, "logs"), 0o777)
        process = self.start([OUTRIGGER, "-kong-prefix", self.prefix], user="nobody",
                             extra_groups=[])
        self.serves(process, "one", "my-auth")
        self.assertEqual(os.listdir(os.path.join(self.prefix, "logs")), ["outrigger.log"])

    def test_closed_standard_streams_do_not_become_files_of_the_server(self):
        process = self.start(["/bin/sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', OUTRIGGER, "serve",
                              "--prefix", self.prefix, "--plugin", "one"])
        self.serves(process, "one")
        for fd in range(3):
            self.assertEqual(os.readlink("/proc/%d/fd/%d" % (process.pid, fd)), "/dev/null")
        self.ends(process)

    def test_outrigger_takes_go_pdks_prefix(self):
        process = self.start([OUTRIGGER, "-kong-prefix", self.prefix])
        self.serves(process, "one", "my-auth")
        self.ends(process)


if __name__ == "__main__":
    unittest.main()
