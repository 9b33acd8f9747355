"""What the gateway's query_cmd gets."""
import json
import os
import pwd
import resource
import unittest

from cli_case import HANDLER, OUTRIGGER, CliCase

NOISE = """
print("noise of print")
io.stdout:write("noise of io")
io.stdout:setvbuf("full")
io.stdout:write("noise that is kept back")
os.execute("echo noise of a command")
"""


class Dump(CliCase):
    def test_it_has_what_the_gateway_asks_for(self):
        self.plugin("one")
        dump = json.loads(self.succeeds(self.with_plugins("dump")))
        self.assertEqual(sorted(dump), ["Plugins", "Protocol"])
        self.assertEqual(dump["Protocol"], "MsgPack:1")
        (plugin,) = dump["Plugins"]
        self.assertEqual(plugin["Name"], "one")
        self.assertEqual(plugin["Priority"], 1000)
        self.assertEqual(plugin["Version"], "1.2.3")
        self.assertEqual(plugin["Phases"], ["access", "log"])
        self.assertEqual(plugin["Schema"]["name"], "one")

    def test_plugins_come_in_the_order_in_which_they_are_named(self):
        for name in "abc":
            self.plugin(name)
        names = ["--plugin", "c", "--plugin", "a"]
        dump = json.loads(self.succeeds(self.with_plugins("dump", *names)))
        self.assertEqual([p["Name"] for p in dump["Plugins"]], ["c", "a"])
        dump = json.loads(self.succeeds(self.with_plugins("dump")))
        self.assertEqual([p["Name"] for p in dump["Plugins"]], ["a", "b", "c"])

    def test_it_is_the_same_each_time(self):
        fields = ",".join('{ f%d = { type = "string", default = "x", required = true } }' % i
                          for i in range(30))
        self.plugin("one", schema='return { name = "one", fields = { { config = '
                                  '{ type = "record", fields = { %s } } } } }' % fields)
        dumps = {self.succeeds(self.with_plugins("dump")) for _ in range(4)}
        self.assertEqual(len(dumps), 1)

    def test_whatever_a_plugin_prints_goes_to_stderr(self):
        self.plugin("one", handler=NOISE + HANDLER)
        result = self.with_plugins("dump", "--plugin-one-allow", "fork,exec")
        json.loads(self.succeeds(result))
        self.assertEqual(result.stdout.count("noise"), 0)
        for text in ("noise of print", "noise of io", "noise of a command"):
            self.assertIn(text, result.stderr)

    def test_a_plugin_that_fails_to_load_leaves_stdout_empty(self):
        self.plugin("good")
        self.plugin("bad", handler="return {} +")
        self.fails(self.with_plugins("dump"), 1, "bad")
        self.plugin("bad", handler="error('broken on purpose')")
        self.fails(self.with_plugins("dump"), 1, "broken on purpose")
        os.remove(self.path("plugins/bad/schema.lua"))
        self.plugin("bad", schema="return 7")
        self.fails(self.with_plugins("dump"), 1, "bad")

    def test_every_plugin_that_fails_is_named(self):
        self.plugin("bad", handler="error('first')")
        self.plugin("worse", handler="error('second')")
        self.fails(self.with_plugins("dump"), 1, "first", "second")

    def test_a_plugin_that_ends_the_process_is_a_failure(self):
        self.plugin("one", handler="os.exit(0)")
        self.fails(self.with_plugins("dump"), 1, "plugin 'one'", "os.exit is not available")

    @unittest.skipIf(os.environ.get("OUTRIGGER_LUA") == "lua51", "PUC Lua has no FFI")
    def test_a_plugin_that_ends_the_process_in_c_is_a_failure_too(self):
        self.plugin("one", handler="local ffi = require 'ffi'\n"
                    "ffi.cdef 'void exit(int)'\nffi.C.exit(0)")
        self.fails(self.with_plugins("dump"), 1, "a plugin ended the process")

    def test_a_plugin_that_loads_for_ever_is_a_failure(self):
        self.plugin("one", handler="while true do end")
        self.fails(self.with_plugins("dump", "--load-timeout", "50ms"), 1,
                   "[one] it is still not loaded", "endless loop")

    def test_an_unknown_plugin_is_an_error(self):
        self.plugin("one")
        self.fails(self.with_plugins("dump", "--plugin", "onee"), 1, "onee")

    def test_the_users_tree_is_known_without_home_which_nginx_hands_on_to_nobody(self):
        result = self.run_program(["env", "-u", "HOME", OUTRIGGER, "dump", "--plugin", "none"])
        self.fails(result, 1, os.path.join(pwd.getpwuid(os.getuid()).pw_dir,
                                           ".luarocks/share/lua/5.1/kong/plugins/none/handler.lua"))

    def test_a_full_disk_is_an_error(self):
        self.plugin("one")
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = self.with_plugins("dump", stdout=full)
        self.assertEqual(result.returncode, 1)
        self.assertIn("No space left on device", result.stderr)

    def test_a_closed_stdout_is_an_error(self):
        self.plugin("one")
        result = self.with_plugins("dump", stdout=None, preexec_fn=lambda: os.close(1))
        self.assertEqual(result.returncode, 1)
        self.assertIn("stdout is closed", result.stderr)

    def test_the_same_module_can_have_another_name(self):
        self.plugin("key-auth")
        dump = json.loads(self.succeeds(self.with_plugins(
            "dump", "--plugin", "my-auth", env={"OUTRIGGER_PLUGIN_MY_AUTH_MODULE": "key-auth"})))
        (plugin,) = dump["Plugins"]
        self.assertEqual((plugin["Name"], plugin["Schema"]["name"]), ("my-auth", "my-auth"))

    def test_go_pdks_options_and_links_dump_too(self):
        self.plugin("my-auth")
        env = {"OUTRIGGER_PLUGINS_DIR": self.plugins}
        expected = self.succeeds(self.with_plugins("dump"))
        self.assertEqual(self.succeeds(self.outrigger("-dump", env=env)), expected)
        for name, args in (("my-auth", ["-dump"]), ("query_my-auth", [])):
            self.assertEqual(self.succeeds(self.run_program([self.link(name), *args], env=env)),
                             expected)


class Files(CliCase):
    def setUp(self):
        super().setUp()
        self.out = self.path("out")
        os.mkdir(self.out)
        self.plugin("one")

    def test_each_plugin_gets_a_file_that_is_a_whole_answer(self):
        self.plugin("two")
        self.assertEqual(self.succeeds(self.with_plugins("dump", "--output", self.out)), "")
        self.assertEqual(sorted(os.listdir(self.out)), ["one.json", "two.json"])
        expected = self.succeeds(self.with_plugins("dump", "--plugin", "two"))
        self.assertEqual(self.read("out/two.json"), expected)
        self.assertEqual(os.stat(self.path("out/two.json")).st_mode & 0o777, 0o644)

    def test_a_failing_plugin_leaves_the_old_files(self):
        self.plugin("two", handler="error('broken')")
        self.write("out/one.json", "old")
        self.fails(self.with_plugins("dump", "--output", self.out), 1, "broken")
        self.assertEqual(self.read("out/one.json"), "old")

    def test_a_folder_that_is_not_there_is_an_error(self):
        self.fails(self.with_plugins("dump", "--output", self.path("none")), 1,
                   "none/one.json: No such file")
        self.fails(self.with_plugins("dump", "--output", self.write("file", "")), 1,
                   "Not a directory")

    def test_a_file_that_can_not_be_written_whole_is_not_written(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        self.write("out/one.json", "old")
        # SIGXFSZ stays ignored, as Python has it, so that the write itself fails.
        result = self.with_plugins("dump", "--output", self.out, preexec_fn=limit,
                                   restore_signals=False)
        self.fails(result, 1, "can't write", "one.json: File too large")
        self.assertEqual(os.listdir(self.out), ["one.json"])
        self.assertEqual(self.read("out/one.json"), "old")


class Protocol(CliCase):
    LOSSY = """return { PRIORITY = 1, VERSION = "1.0.0",
        access = function() kong.vault.get("{vault://env/x}") end }"""

    def protocol(self, *args):
        return json.loads(self.succeeds(self.with_plugins("dump", *args)))["Protocol"]

    def test_it_is_what_is_set_for_the_plugin_or_for_all(self):
        self.plugin("one")
        self.assertEqual(self.protocol(), "MsgPack:1")
        self.assertEqual(self.protocol("--protocol", "protobuf"), "ProtoBuf:1")
        self.assertEqual(self.protocol("--protocol=protobuf", "--plugin-one-protocol=msgpack"), "MsgPack:1")
        self.assertEqual(self.protocol("--plugin-one-protocol=protobuf"), "ProtoBuf:1")
        self.assertEqual(self.protocol("--kong-version=3.9"), "ProtoBuf:1")

    def test_plugins_that_differ_make_no_dump(self):
        self.plugin("one")
        self.plugin("two", handler=self.LOSSY)
        self.fails(self.with_plugins("dump", "--kong-version", "3.9"), 2,
                   "one is to speak ProtoBuf:1", "two MsgPack:1", "kong.vault.get",
                   "a dump names one protocol")
        self.assertEqual(self.protocol("--kong-version", "3.9", "--protocol", "msgpack"), "MsgPack:1")
        self.assertEqual(self.protocol("--kong-version", "3.9", "--plugin", "one"), "ProtoBuf:1")


if __name__ == "__main__":
    unittest.main()
