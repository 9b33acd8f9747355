"""What `check` finds in plugins, and in the gateway's settings."""
import os
import socket
import unittest

from cli_case import CliCase, other_user, own_user


class Plugins(CliCase):
    def check(self, code, *args, **options):
        result = self.with_plugins("check", *args, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout

    def test_a_good_plugin_has_a_line(self):
        self.plugin("one")
        self.assertRegex(self.check(0), r"(?m)^one: ok: priority 1000, version 1\.2\.3, "
                                        r"phases access, log; .*one/handler\.lua$")

    def test_every_plugin_is_loaded_and_a_bad_one_fails_the_check(self):
        self.plugin("bad", handler="error('broken on purpose')")
        self.plugin("good")
        text = self.check(1)
        self.assertRegex(text, r"(?m)^bad: error: .*broken on purpose")
        self.assertTrue(all(line.startswith(("bad: ", "good: ")) for line in text.splitlines()))
        self.assertRegex(text, r"(?m)^good: ok: ")

    def test_certificates_to_trust_that_can_not_be_read_are_an_error_of_check_and_serve(self):
        self.plugin("one")
        no_pem = self.write("no.pem", "no certificate")
        for path, why in ((self.path("gone.pem"), "there is no file "),
                          (no_pem, "no.pem can't be read, or has no certificate in PEM")):
            conf = self.write("o.conf", "lua_ssl_trusted_certificate = system, %s\n" % path)
            for command in ("check", "serve"):
                with self.subTest(command, path=path):
                    result = self.with_plugins(command, "--config=" + conf)
                    self.assertEqual(result.returncode, 2)
                    self.assertIn("o.conf:1: lua_ssl_trusted_certificate: ", result.stderr)
                    self.assertIn(why, result.stderr)
                    self.assertIn(path, result.stderr)

    def test_what_can_not_cross_is_a_note(self):
        self.plugin("one", schema="""
            local function check() return true end
            return { name = "%s", fields = { { config = { type = "record", fields = {
                { host = { type = "string", custom_validator = check } } } } } } }""")
        self.assertRegex(self.check(0), r"(?m)^one: note: .*host")

    def test_a_phase_that_is_never_called_is_a_note(self):
        self.plugin("one", handler="return { PRIORITY = 1, VERSION = '1.0.0', "
                                   "access = function() end, balancer = function() end }")
        self.assertRegex(self.check(0), r"(?m)^one: note: .*balancer")

    def test_what_plugins_print_is_kept_out_of_the_findings(self):
        self.plugin("one", handler="print('noise') return { PRIORITY = 1, VERSION = '1.0.0', "
                                   "access = function() end }")
        self.assertNotIn("noise", self.check(0))


STRICT = """
    return { name = "%s", fields = { { config = { type = "record", fields = {
        { limit = { type = "integer", required = true, gt = 0 } },
        { even = { type = "number", custom_validator = function(n)
            print("noise")
            return n %% 2 == 0, "must be even" end } },
        { redis = { type = "record", fields = { { port = { type = "integer", default = 6379 } } } } } },
        shorthand_fields = { { redis_port = { type = "integer", deprecation = { message = "use redis.port",
            removal_in_version = "4.0", replaced_with = { { path = { "redis", "port" } } } },
            func = function(port) return { redis = { port = port } } end } } } } } } }"""


class Conf(CliCase):
    def setUp(self):
        super().setUp()
        self.plugin("one", schema=STRICT)
        self.plugin("two", schema=STRICT)

    def check(self, conf, code, *args):
        result = self.with_plugins("check", "one", "--config", self.write("conf.json", conf), *args)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertNotIn("two: ", result.stdout)
        self.assertNotIn("noise", result.stdout)
        return [line for line in result.stdout.splitlines() if "error: " in line or "a conf" in line]

    def test_a_good_conf_has_a_line(self):
        self.assertEqual(self.check('{"limit":1,"even":2}', 0), ["one: ok: %s is a conf of it" % self.path("conf.json")])

    def test_every_fault_has_a_line(self):
        self.assertEqual(self.check('{"even":1,"redis":{"port":"x"},"more":null,"less":{}}', 1), [
            "one: error: config.even: must be even", "one: error: config.less: unknown field",
            "one: error: config.limit: required field missing", "one: error: config.more: unknown field",
            "one: error: config.redis.port: expected an integer"])

    def test_null_is_no_missing_value(self):
        self.assertEqual(self.check('{"limit":null}', 1), ["one: error: config.limit: required field missing"])
        self.check('{"limit":1,"redis":{"port":null}}', 0)

    def test_an_old_and_a_new_form_that_differ_are_a_fault_even_if_one_is_the_default(self):
        self.check('{"limit":1,"redis_port":7}', 0)
        self.assertEqual(self.check('{"limit":1,"redis_port":7,"redis":{"port":6379}}', 1), [
            "one: error: redis_port: both deprecated and new field are used but their values mismatch: "
            "redis_port = 7 vs redis.port = 6379"])

    def test_the_file_of_settings_can_be_named_too(self):
        file = self.write("outrigger.conf", "kong_version = 3.8\n")
        result = self.with_plugins("check", "one", "--config", file, "--config", self.write("c.json", '{"limit":1}'))
        self.assertIn("ProtoBuf", self.succeeds(result))

    def test_what_is_no_conf_is_an_error(self):
        for text, what in (("[]", "is JSON, but no object"), ("{", "is no JSON"), ('{"a":1,"a":2}', "duplicate")):
            file = self.write("c.json", text)
            result = self.with_plugins("check", "one", "--config", file)
            self.assertEqual(result.returncode, 2)
            self.assertIn(what, result.stderr)
        result = self.with_plugins("check", "one", "--config", self.path("nowhere.json"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("nowhere.json", result.stderr)

    def test_a_conf_needs_its_plugin(self):
        self.fails(self.with_plugins("check", "--config", self.write("c.json", "{}")), 2, "Name the plugin")

    def test_a_name_alone_checks_that_plugin(self):
        text = self.succeeds(self.with_plugins("check", "two"))
        self.assertTrue(all(line.startswith("two: ") for line in text.splitlines()), text)


AUTH = """return { PRIORITY = 1100, VERSION = "1.0.0", access = function()
    kong.response.exit(401, kong.request.get_header("x")) end }"""
LOSSY = """local retries = kong.service
    return { PRIORITY = 1, VERSION = "1.0.0", access = function() retries.set_retries(3) end }"""


class Protocol(CliCase):
    def check(self, *args):
        return self.succeeds(self.with_plugins("check", *args))

    def test_auto_is_msgpack_without_a_version_and_before_3_8(self):
        self.plugin("one", handler=AUTH)
        self.assertRegex(self.check(), r"(?m)^one: ok: speaks MsgPack:1: kong_version is not set$")
        self.assertRegex(self.check("--kong-version", "3.7"), r"(?m)^one: ok: speaks MsgPack:1: before 3\.8")

    def test_auto_is_protobuf_where_nothing_is_lost(self):
        self.plugin("one", handler=AUTH)
        self.assertRegex(self.check("--kong-version", "3.9"), r"(?m)^one: ok: speaks ProtoBuf:1: it is faster")

    def test_a_function_that_loses_something_is_found_in_any_file_of_the_plugin(self):
        self.plugin("one", handler=AUTH)
        self.write("plugins/one/lib/deep.lua", LOSSY)
        self.assertRegex(self.check("--kong-version", "3.9"), r"(?m)^one: ok: speaks MsgPack:1: its files "
                         r"mention kong\.service\.set_retries; over ProtoBuf:1 it can't be called$")

    def test_protobuf_against_the_plugin_is_a_note_for_each_function(self):
        self.plugin("one", handler=LOSSY + "-- kong.vault.get, kong.ctx.shared")
        said = self.check("--protocol", "protobuf")
        self.assertRegex(said, r"(?m)^one: ok: speaks ProtoBuf:1: it is set so$")
        for name, loss in (("service.set_retries", "it can't be called"), ("vault.get", "it can't be called"),
                           ("ctx.shared.set", "false can't be set")):
            self.assertIn("one: note: its files mention kong.%s; over ProtoBuf:1 %s\n" % (name, loss), said)
        self.assertEqual(said.count("one: note: "), 3)

    def test_an_auth_plugin_on_msgpack_is_a_note(self):
        self.plugin("one", handler=AUTH)
        self.assertRegex(self.check(), r"(?m)^one: note: .*lets them pass")
        self.assertNotIn("lets them pass", self.check("--kong-version", "3.9"))

    def test_words_that_only_contain_a_name_are_none(self):
        self.plugin("one", handler="""local t = { set_retries_now = 1, my_vault = {} }
            return { PRIORITY = 1, VERSION = "1.0.0",
                     access = function() return t.set_retries_now, t.my_vault.get end }""")
        self.assertIn("speaks ProtoBuf:1", self.check("--kong-version", "3.9"))


class ProtocolOfObjects(CliCase):
    """Plugins in C: what their shared objects mention."""

    NATIVE = os.path.join(os.environ["OUTRIGGER_BUILD_DIR"], "tests", "native")

    def check(self, plugin, *args):
        return self.succeeds(self.outrigger("check", "--c-plugin-path", self.NATIVE, "--plugin", plugin, *args))

    def test_auto_is_protobuf_where_nothing_is_lost(self):
        self.assertIn("native_ways: ok: speaks ProtoBuf:1: it is faster",
                      self.check("native_ways", "--kong-version", "3.9"))
        self.assertIn("native_ways: ok: speaks MsgPack:1: kong_version is not set", self.check("native_ways"))

    def test_a_function_that_loses_something_is_found(self):
        self.assertRegex(self.check("native_gate", "--kong-version", "3.9"),
                         r"(?m)^native_gate: ok: speaks MsgPack:1: its files mention kong\.[a-z0-9._]+; over ProtoBuf:1 ")

    def test_an_object_under_two_names_is_an_error_where_they_share_a_process(self):
        for name in ("one", "two"):
            os.symlink(os.path.join(self.NATIVE, "native_ways.so"), os.path.join(self.plugins, name + ".so"))
        self.assertNotIn("static variables", self.succeeds(self.with_plugins("check")))
        result = self.with_plugins("check", "--plugin-one-process", "x", "--plugin-two-process", "x")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stdout, r"(?m)^two: error: /.*/two\.so is the object of plugin 'one' too, .*static variables")

    def test_a_lua_file_beside_an_object_is_another_plugins(self):
        os.symlink(os.path.join(self.NATIVE, "native_ways.so"), os.path.join(self.plugins, "native_ways.so"))
        self.plugin("one", handler=LOSSY)
        self.assertIn("native_ways: ok: speaks ProtoBuf:1",
                      self.succeeds(self.with_plugins("check", "--kong-version", "3.9")))

    def test_protobuf_against_the_plugin_is_a_note(self):
        self.assertIn("native_gate: note: its files mention kong.vault.get; over ProtoBuf:1 it can't be called\n",
                      self.check("native_gate", "--protocol", "protobuf"))


class Gateway(CliCase):
    def setUp(self):
        super().setUp()
        self.plugin("one")
        self.plugin("two")

    def kong_conf(self, *args):
        """A kong.conf that fits."""
        text = self.succeeds(self.with_plugins("kong-conf", "--prefix", self.dir, *args))
        return text + "nginx_user = %s\nprefix = %s\n" % (own_user(), self.dir)

    def check(self, text, code, *args, **options):
        file = self.write("kong.conf", text)
        result = self.with_plugins("check", "--kong-conf", file, "--prefix", self.dir,
                                   "--bin-dir", self.path("bin"), *args, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout

    def errors(self, text, *args, **options):
        lines = self.check(text, 1, *args, **options).splitlines()
        return [line for line in lines if ": error: " in line]

    def error(self, text, *args, **options):
        errors = self.errors(text, *args, **options)
        self.assertEqual(len(errors), 1, errors)
        return errors[0]

    def test_the_lines_of_kong_conf_fit(self):
        self.assertNotIn("error", self.check(self.kong_conf(), 0))

    def test_the_lines_for_a_sidecar_fit_once_the_dumps_are_there(self):
        text = self.kong_conf("--sidecar")
        self.assertIn("one.json does not exist yet", self.errors(text)[0])
        self.succeeds(self.with_plugins("dump", "--output", self.dir))
        self.assertIn("note: no start_cmd", self.check(text, 0))

    def test_the_environment_of_the_gateway_wins(self):
        error = self.error(self.kong_conf(), env={"KONG_PLUGINS": "bundled,one"})
        self.assertIn("two: error: it is not among the gateway's plugins", error)
        self.assertIn("plugins = bundled,one,two", error)

    def test_a_missing_file_is_an_error(self):
        result = self.with_plugins("check", "--kong-conf", self.path("none"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("none: No such file", result.stderr)

    def test_a_plugin_without_a_server_is_found(self):
        text = self.kong_conf().replace("pluginserver_names = one,two",
                                        "pluginserver_names = one")
        self.assertRegex(self.error(text), "^two: error: no name of pluginserver_names has its "
                                           "socket .*/two.socket; .*kong-conf")

    def test_a_server_on_another_socket_is_found(self):
        text = self.kong_conf() + "pluginserver_two_socket = /elsewhere\n"
        self.assertIn("the gateway looks for it on /elsewhere, but it is served on %s; write "
                      "pluginserver_two_socket = " % self.path("two.socket"), self.error(text))

    def test_on_3_9_each_plugin_needs_a_name_of_its_own(self):
        args = ["--socket", self.path("all.socket")]
        good = self.kong_conf(*args)
        self.check(good, 0, *args)
        text = good.replace("pluginserver_names = one,two", "pluginserver_names = one")
        self.assertIn("two: error: from Kong 3.9 on a plugin server has one plugin",
                      self.error(text, *args))
        text = text.replace(" --plugin=one\n", "\n")
        self.check(text, 0, *args, "--kong-version", "3.8")

    def test_two_start_commands_for_one_socket_are_found(self):
        args = ["--socket", self.path("all.socket")]
        text = self.kong_conf(*args) + "pluginserver_two_start_cmd = /bin/true\n"
        self.assertIn("would start 2 servers for the socket", self.errors(text, *args)[0])

    def test_commands_that_can_not_be_run_are_found(self):
        text = self.kong_conf() + "pluginserver_one_start_cmd = /nonexistent/outrigger serve\n"
        self.assertIn("pluginserver_one_start_cmd: error: /nonexistent/outrigger",
                      self.error(text))
        text = self.kong_conf() + "pluginserver_two_query_cmd = %s\n" % self.write("plain", "")
        self.assertIn("pluginserver_two_query_cmd: error: ", self.error(text))
        text = self.kong_conf() + "pluginserver_two_query_cmd = exec A=b 'cat' /dev/null\n"
        self.check(text, 0)

    def test_a_query_command_of_another_plugin_is_found(self):
        text = self.kong_conf().replace(" --plugin=two", " --plugin=one")
        self.assertIn("two: error: pluginserver_two_query_cmd describes another", self.error(text))
        self.succeeds(self.with_plugins("dump", "--output", self.dir))
        text = self.kong_conf("--sidecar").replace("two.json", "one.json")
        self.assertIn("two: error: pluginserver_two_query_cmd describes another", self.error(text))

    def test_off_leaves_no_plugin(self):
        text = self.kong_conf().replace("plugins = bundled,", "plugins = off,")
        self.assertIn("write plugins = bundled,one", self.errors(text)[0])

    def test_a_server_that_the_gateway_starts_has_its_prefix(self):
        text = ("prefix = %s\nplugins = one\npluginserver_names = one\n" % self.dir +
                "pluginserver_one_start_cmd = /bin/true\n"
                "pluginserver_one_query_cmd = /bin/true\n")
        file = self.write("kong.conf", text)
        self.succeeds(self.with_plugins("check", "--kong-conf", file, "--plugin", "one"))
        self.assertIn("served on /elsewhere/one.socket",
                      self.errors(text, "--plugin", "one", "--prefix", "/elsewhere")[0])

    def test_a_missing_query_command_is_found(self):
        text = self.kong_conf() + "pluginserver_two_query_cmd =\n"
        self.assertIn("two: error: it has no query_cmd, so the gateway does not start",
                      self.error(text))
        os.mkdir(self.path("bin"))
        os.symlink("/bin/true", self.path("bin/two"))
        self.check(text, 0)

    def test_a_handler_on_the_gateways_own_path_is_found(self):
        handler = self.write("share/kong/plugins/two/handler.lua", "return {}")
        text = self.kong_conf() + "lua_package_path = %s/share/?.lua\n" % self.dir
        self.assertIn("two: error: the gateway finds %s on its own Lua path" % handler,
                      self.error(text))

    def test_a_plugin_with_the_name_of_a_bundled_one_is_found(self):
        text = self.kong_conf().replace("two", "key-auth")
        self.plugin("key-auth")
        errors = self.errors(text, "--plugin", "one", "--plugin", "key-auth")
        self.assertTrue(any("has a plugin of that name itself" in e for e in errors), errors)

    def test_names_that_the_gateway_can_not_look_up_are_found(self):
        text = self.kong_conf().replace("pluginserver_names = one,two",
                                        "pluginserver_names = one,two,x.y") \
            + "pluginserver_x_y_socket = %s\n" % self.path("one.socket")
        # The name has no settings, so its socket is the default one.
        self.check(text, 0)
        text += "plugins = bundled,one,two,x.y\n"
        self.plugin("x.y")
        self.assertTrue(any(e.startswith("x.y: error: the gateway does not find settings")
                            for e in self.errors(text)))

    def test_a_folder_that_the_gateways_user_may_not_enter_is_found(self):
        os.chmod(self.dir, 0o700)
        text = self.kong_conf() + "nginx_user = %s\n" % other_user()
        errors = self.errors(text)
        self.assertIn("may not enter %s" % self.dir, errors[0])

    def test_a_socket_that_the_gateways_user_may_not_use_is_found(self):
        os.chmod(self.dir, 0o755)
        text = self.kong_conf("--sidecar") + "nginx_user = %s\n" % other_user()
        self.succeeds(self.with_plugins("dump", "--output", self.dir))
        self.assertTrue(all("would not be able to write" in e for e in self.errors(text)))
        self.check(text, 0, "--socket-mode", "0666")
        self.assertTrue(all("allowed_uids refuses" in e for e in self.errors(
            text, "--socket-mode", "0666", "--allowed-uids", "0")))
        for name in ("one", "two"):
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(self.path(name + ".socket"))
            os.chmod(self.path(name + ".socket"), 0o666)
        self.check(text, 0)
        os.chmod(self.path("one.socket"), 0o600)
        self.assertIn("may not write to", self.error(text))

    def test_a_folder_in_which_the_gateway_could_not_make_the_socket_is_found(self):
        os.chmod(self.dir, 0o755)
        text = self.kong_conf() + "nginx_user = %s\n" % other_user()
        self.assertTrue(all("may not make" in e for e in self.errors(text)))

    def test_files_that_the_gateways_user_may_not_read_are_found(self):
        os.chmod(self.dir, 0o777)
        text = self.kong_conf() + "nginx_user = %s\n" % other_user()
        file = self.write("outrigger.conf", "")
        os.chmod(self.plugins, 0o711)
        os.chmod(file, 0o600)
        errors = self.errors(text, "--config", file)
        self.assertEqual([e.split(":")[0] for e in errors], ["plugins_dir", "--config"])
        self.assertIn("may not read %s;" % self.plugins, errors[0])
        os.chmod(self.plugins, 0o755)
        os.chmod(file, 0o644)
        self.check(text, 0, "--config", file)

    def test_an_unknown_user_is_found(self):
        text = self.kong_conf() + "nginx_user = no-such-user\n"
        self.assertIn("there is no user no-such-user", self.error(text))

    def test_a_path_that_is_too_long_for_a_socket_is_found(self):
        for length, code in ((106, 0), (107, 1)):
            path = self.path("x" * (length - len(self.path(""))))
            text = self.kong_conf() + "pluginserver_two_socket = %s\n" % path
            found = self.check(text, code, "--plugin-two-socket", path)
            self.assertEqual("too long for a socket" in found, code == 1, found)


if __name__ == "__main__":
    unittest.main()
