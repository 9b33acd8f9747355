"""The lines for kong.conf."""
import json
import os
import shlex
import unittest

from cli_case import OUTRIGGER, CliCase, settings

OWN = os.path.realpath(OUTRIGGER)


class KongConf(CliCase):
    def lines(self, *args, **options):
        options.setdefault("env", {})
        return settings(self.succeeds(self.with_plugins(
            "kong-conf", "--bin-dir", self.dir, *args, **options)))

    def test_each_plugin_has_a_name_and_a_socket_and_one_starts_all(self):
        self.plugin("one")
        self.plugin("my-auth")
        lines = self.lines("--plugin", "one", "--plugin", "my-auth", "--prefix", "/k")
        self.assertEqual(sorted(lines), [
            "plugins", "pluginserver_my_auth_query_cmd", "pluginserver_my_auth_socket",
            "pluginserver_names", "pluginserver_one_query_cmd", "pluginserver_one_socket",
            "pluginserver_one_start_cmd"])
        self.assertEqual(lines["plugins"], "bundled,one,my-auth")
        self.assertEqual(lines["pluginserver_names"], "one,my-auth")
        self.assertEqual(lines["pluginserver_one_socket"], "/k/one.socket")
        self.assertEqual(lines["pluginserver_my_auth_socket"], "/k/my-auth.socket")
        self.assertEqual(shlex.split(lines["pluginserver_one_start_cmd"]), [
            OWN, "serve", "--exit-with-parent", "--prefix=/k", "--plugins-dir=" + self.plugins,
            "--plugin=one", "--plugin=my-auth"])
        self.assertEqual(shlex.split(lines["pluginserver_my_auth_query_cmd"]), [
            OWN, "dump", "--plugins-dir=" + self.plugins, "--plugin=my-auth"])

    def test_the_query_command_answers_for_its_plugin_alone(self):
        self.plugin("one")
        self.plugin("two")
        query = self.lines()["pluginserver_two_query_cmd"]
        result = self.run_program(["sh", "-c", query], cwd="/")
        self.assertEqual([p["Name"] for p in json.loads(self.succeeds(result))["Plugins"]],
                         ["two"])

    def test_settings_of_the_environment_become_part_of_the_commands(self):
        self.plugin("one")
        lines = self.lines(env={"OUTRIGGER_EVENT_TIMEOUT": "3s",
                                "OUTRIGGER_PLUGIN_ONE_ON_ERROR": "open",
                                "OUTRIGGER_LUA_PACKAGE_PATH": "/a b/?.lua;;"})
        start = shlex.split(lines["pluginserver_one_start_cmd"])
        for word in ("--event-timeout=3s", "--plugin-one-on-error=open",
                     "--lua-package-path=/a b/?.lua;;"):
            self.assertIn(word, start)
        query = shlex.split(lines["pluginserver_one_query_cmd"])
        self.assertIn("--lua-package-path=/a b/?.lua;;", query)
        self.assertNotIn("--event-timeout=3s", query)

    def test_the_file_is_named_and_holds_from_any_folder(self):
        self.plugin("one")
        self.plugin("two")
        self.write("my.conf", "plugins_dir = %s\nplugin_two_event_timeout = 2s\n" % self.plugins)
        lines = settings(self.succeeds(self.outrigger(
            "kong-conf", "--config", "my.conf", cwd=self.dir)))
        self.assertIn("--config=" + self.path("my.conf"),
                      shlex.split(lines["pluginserver_one_start_cmd"]))
        result = self.run_program(["sh", "-c", lines["pluginserver_one_query_cmd"]], cwd="/")
        self.succeeds(result)

    def test_what_kong_conf_would_misread_is_written_for_it(self):
        self.plugin("one")
        lines = self.lines("--log", "/var/log/a#b.log")
        self.assertIn(r"--log=/var/log/a\#b.log", lines["pluginserver_one_start_cmd"])
        result = self.with_plugins("kong-conf", "--log", "a\nb")
        self.fails(result, 2, "no room for a newline")

    def test_the_lines_of_the_example_are_those_that_are_printed(self):
        root = os.environ["OUTRIGGER_SOURCE_DIR"]
        with open(os.path.join(root, "examples", "kong", "kong.conf"), encoding="utf-8") as file:
            expected = settings(file.read())
        plugins = os.path.join(root, "examples", "lua")
        names = [arg for name in expected["pluginserver_names"].split(",")
                 for arg in ("--plugin", name)]
        text = self.succeeds(self.outrigger("kong-conf", "--plugins-dir", plugins, *names))
        text = text.replace(OWN, "/usr/local/bin/outrigger")
        self.assertEqual(settings(text.replace(plugins, "/usr/local/share/outrigger/plugins")),
                         expected)

    def test_names_are_mapped_as_the_gateway_needs_them(self):
        self.plugin("My.Plugin")
        lines = self.lines()
        self.assertEqual(lines["plugins"], "bundled,My.Plugin")
        self.assertEqual(lines["pluginserver_names"], "my_plugin")
        self.assertEqual(lines["pluginserver_my_plugin_socket"], "/usr/local/kong/My.Plugin.socket")

    def test_names_that_share_their_settings_are_refused(self):
        self.plugin("a-b")
        self.plugin("a_b")
        self.fails(self.with_plugins("kong-conf"), 2, "pluginserver_a_b_*")

    def test_a_plugin_that_the_gateway_has_itself_is_refused(self):
        self.plugin("key-auth")
        self.fails(self.with_plugins("kong-conf"), 2, "key-auth", "plugin_my_key_auth_module")

    def test_a_program_that_would_become_a_start_command_is_refused(self):
        self.plugin("a")
        self.plugin("b")
        self.write("a", "")
        self.lines()
        self.write("b", "")
        self.fails(self.with_plugins("kong-conf", "--bin-dir", self.dir), 1,
                   self.path("b") + " exists", "remove it")
        os.remove(self.path("b"))
        self.fails(self.with_plugins("kong-conf", "--bin-dir", self.dir, "--sidecar"), 1,
                   self.path("a") + " exists")

    def test_a_sidecar_is_not_started_and_answers_from_files(self):
        self.plugin("one")
        self.plugin("two")
        lines = self.lines("--sidecar", "--prefix", "/run/outrigger")
        self.assertEqual(lines, {
            "plugins": "bundled,one,two", "pluginserver_names": "one,two",
            "pluginserver_one_socket": "/run/outrigger/one.socket",
            "pluginserver_one_query_cmd": "cat /run/outrigger/one.json",
            "pluginserver_two_socket": "/run/outrigger/two.socket",
            "pluginserver_two_query_cmd": "cat /run/outrigger/two.json"})
        lines = self.lines("--sidecar", "--output", "/somewhere else")
        self.assertEqual(lines["pluginserver_one_query_cmd"], "cat '/somewhere else/one.json'")
        self.fails(self.with_plugins("kong-conf", "--output", "/somewhere"), 2, "--sidecar")


class Link(CliCase):
    def link_plugin(self, *args):
        return self.outrigger("link", "--bin-dir", self.dir, *args)

    def test_it_makes_a_link_to_this_program_and_prints_the_lines(self):
        lines = settings(self.succeeds(self.link_plugin("my-auth")))
        self.assertEqual(os.readlink(self.path("my-auth")), OWN)
        self.assertEqual(lines["plugins"], "bundled,my-auth")
        self.assertEqual(lines["pluginserver_names"], "my-auth")
        self.assertEqual(lines["pluginserver_my_auth_query_cmd"], self.path("my-auth") + " -dump")

    def test_its_own_link_is_made_anew(self):
        os.symlink("/old/place/outrigger", self.path("my-auth"))
        self.succeeds(self.link_plugin("my-auth"))
        self.assertEqual(os.readlink(self.path("my-auth")), OWN)
        self.succeeds(self.link_plugin("my-auth"))

    def test_nothing_else_is_overwritten(self):
        self.write("file", "precious")
        os.symlink("/bin/true", self.path("other"))
        os.symlink("/nonexistent", self.path("dangling"))
        for name in ("file", "other", "dangling"):
            self.fails(self.link_plugin(name), 1, self.path(name) + " exists")
        self.assertEqual(self.read("file"), "precious")
        self.assertEqual(os.readlink(self.path("other")), "/bin/true")
        self.assertEqual(os.readlink(self.path("dangling")), "/nonexistent")

    def test_names_that_the_gateway_would_not_find_are_refused(self):
        self.fails(self.link_plugin("MyAuth"), 2, "lower case")
        self.fails(self.link_plugin("../x"), 2, "../x")
        self.fails(self.link_plugin("outrigger"), 2, "outrigger")
        self.fails(self.link_plugin("key-auth"), 2, "the gateway has a plugin key-auth itself")
        self.fails(self.link_plugin("query_a"), 2, "describes the plugin a")
        self.assertEqual(os.listdir(self.dir), ["plugins"])

    def test_a_folder_that_is_not_there_is_an_error(self):
        self.fails(self.outrigger("link", "--bin-dir", self.path("none"), "a"), 1,
                   "none/a: No such file")

    def test_before_3_9_the_query_command_is_a_link_too(self):
        lines = settings(self.succeeds(self.link_plugin("my-auth", "--kong-version", "3.8",
                                                        "--prefix", "/k")))
        self.assertEqual(os.readlink(self.path("query_my-auth")), OWN)
        self.assertEqual(lines["pluginserver_my_auth_socket"], "/k/my-auth.socket")


if __name__ == "__main__":
    unittest.main()
