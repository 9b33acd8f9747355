"""Sub-commands, options, and where settings come from."""
import unittest

from cli_case import OUTRIGGER, CliCase

COMMANDS = ("serve", "dump", "check", "kong-conf", "link")


class Usage(CliCase):
    def test_help_lists_the_commands(self):
        for args in (["--help"], ["-h"], ["help"]):
            text = self.succeeds(self.outrigger(*args))
            for command in COMMANDS:
                self.assertIn("\n  %s " % command, text)

    def test_each_command_has_its_own_help(self):
        for command in COMMANDS:
            text = self.succeeds(self.outrigger(command, "--help"))
            self.assertIn("usage: outrigger %s " % command, text)
            self.assertIn("--prefix DIR", text)
            self.assertEqual(text, self.succeeds(self.outrigger("help", command)))

    def test_help_of_link_has_no_settings_of_plugins(self):
        self.assertNotIn("--plugin", self.succeeds(self.outrigger("link", "--help")))

    def test_help_is_at_most_80_columns_wide(self):
        for command in COMMANDS:
            for line in self.succeeds(self.outrigger(command, "--help")).splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_version_is_printed(self):
        self.assertRegex(self.succeeds(self.outrigger("--version")), r"^outrigger \d+\.\d+\.\d+\n$")

    def test_without_a_command_the_usage_is_an_error(self):
        self.fails(self.outrigger(), 2, "usage: outrigger COMMAND")

    def test_an_unknown_command_is_answered_by_the_nearest(self):
        self.fails(self.outrigger("sevre"), 2, "no such command: sevre; did you mean serve?")
        self.fails(self.outrigger("--hepl"), 2, "did you mean --help?")
        self.fails(self.outrigger("frobnicate"), 2, "no such command: frobnicate")

    def test_an_unknown_option_is_answered_by_the_nearest(self):
        self.fails(self.outrigger("dump", "--plugin-dirs", "x"), 2, "--plugin-dirs")
        self.fails(self.outrigger("dump", "--event-timout=3"), 2,
                   "no such option: --event-timout; did you mean --event-timeout?")
        self.fails(self.outrigger("dump", "--plug", "x"), 2, "did you mean --plugin")
        self.fails(self.outrigger("kong-conf", "--sidcar"), 2, "did you mean --sidecar?")
        self.fails(self.outrigger("dump", "--plugin-dir", "x"), 2, "did you mean --plugins-dir?")

    def test_an_option_of_one_dash_is_named_too(self):
        for args in (["-version"], ["-x", "y"], ["-plugin-a-module=b"]):
            self.fails(self.outrigger("serve", "--prefix", "p", *args), 2,
                       "no such option: %s\n" % args[0].split("=")[0])

    def test_a_name_in_other_letters_is_answered_by_the_right_one(self):
        file = self.write("outrigger.conf", "EVENT_TIMEOUT = 3\n")
        self.fails(self.outrigger("dump", "--config", file), 2, "did you mean event_timeout?")
        self.fails(self.outrigger("dump", "--log-level", "NOTICE"), 2, "did you mean notice?")

    def test_no_is_not_taken_for_on(self):
        result = self.outrigger("dump", "--exit-with-parent=no")
        self.fails(result, 2, '"no" is not one of on, off')
        self.assertNotIn("did you mean", result.stderr)

    def test_a_missing_value_is_an_error(self):
        self.fails(self.outrigger("dump", "--prefix"), 2, "--prefix needs a value")
        self.fails(self.outrigger("dump", "--plugin-a-module"), 2, "needs a value")

    def test_arguments_that_nobody_takes_are_an_error(self):
        self.fails(self.outrigger("dump", "extra"), 2, '"extra"')
        self.fails(self.outrigger("link"), 2, "NAME is missing")
        self.fails(self.outrigger("link", "a", "b"), 2, '"b" follows')

    def test_output_that_can_not_be_written_is_a_failure(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = self.outrigger("--help", stdout=full)
        self.assertEqual(result.returncode, 1)
        self.assertIn("No space left", result.stderr)


class Settings(CliCase):
    def setUp(self):
        super().setUp()
        self.plugin("one")

    def prefix(self, *args, **options):
        """The prefix that holds, as kong-conf shows it."""
        text = self.succeeds(self.with_plugins("kong-conf", *args, **options))
        line = [x for x in text.splitlines() if x.startswith("pluginserver_one_socket = ")][0]
        return line.split(" = ")[1].rsplit("/", 1)[0]

    def test_options_win_over_the_environment_and_that_over_the_file(self):
        file = self.write("outrigger.conf", "prefix = /from/file # comment\n")
        env = {"OUTRIGGER_PREFIX": "/from/env"}
        self.assertEqual(self.prefix(), "/usr/local/kong")
        self.assertEqual(self.prefix("--config", file), "/from/file")
        self.assertEqual(self.prefix("--config", file, env=env), "/from/env")
        self.assertEqual(self.prefix("--config", file, "--prefix", "/from/option", env=env),
                         "/from/option")

    def test_a_missing_configuration_file_is_an_error(self):
        self.fails(self.with_plugins("dump", "--config", self.path("none.conf")), 2,
                   "none.conf: No such file")

    def test_a_file_that_is_no_text_is_named(self):
        file = self.write("outrigger.conf", "a = b\0")
        self.fails(self.with_plugins("dump", "--config", file), 2,
                   "outrigger.conf is no text: it has a zero byte")

    def test_limits_have_an_end(self):
        self.fails(self.with_plugins("dump", "--max-connections", "99999999999"), 2,
                   '--max-connections: "99999999999" is too much: it must be at most 1048576')

    def test_a_wrong_setting_is_an_error_with_its_place(self):
        file = self.write("outrigger.conf", "\nevent_timout = 3\n")
        self.fails(self.with_plugins("dump", "--config", file), 2,
                   "outrigger.conf:2: event_timout: no such setting; did you mean event_timeout?")
        self.fails(self.with_plugins("dump", env={"OUTRIGGER_EVENT_TIMEOUT": "60"}), 2,
                   "OUTRIGGER_EVENT_TIMEOUT: 60s is too long", "the gateway gives up")
        self.fails(self.with_plugins("dump", "--on-error", "openn"), 2,
                   '--on-error: "openn" is not one of closed, open; did you mean open?')

    def test_a_bool_may_stand_alone_or_have_a_value(self):
        for args in (["--exit-with-parent"], ["--exit-with-parent", "on"],
                     ["--exit-with-parent=off"], ["--read-cache", "off"]):
            self.succeeds(self.with_plugins("dump", *args))
        self.fails(self.with_plugins("dump", "--read-cache=maybe"), 2, "--read-cache")

    def test_settings_of_one_plugin_are_checked(self):
        self.succeeds(self.with_plugins("dump", "--plugin-one-event-timeout", "3s"))
        self.fails(self.with_plugins("dump", env={"OUTRIGGER_PLUGIN_ONEE_ON_ERROR": "open"}), 2,
                   "did you mean OUTRIGGER_PLUGIN_ONE_ON_ERROR?")

    def test_a_protocol_that_is_not_spoken_is_refused(self):
        self.fails(self.with_plugins("dump", "--protocol", "soap"), 2, "msgpack")

    def test_without_a_plugin_the_error_says_what_to_do(self):
        self.fails(self.outrigger("dump"), 2, "--plugins-dir DIR")


class PrefixOfTheGateway(CliCase):
    """Kong passes a server no argument, but nginx keeps its own in its title."""

    def prefix_below(self, *titles):
        """Runs kong-conf below processes of these titles, the uppermost first."""
        self.plugin("one")
        script = '"$OUTRIGGER" kong-conf --plugins-dir "$PLUGINS"; exit $?'
        argv = None
        for title in reversed(titles):
            argv = ["bash", "-c", 'exec -a "$0" sh -c "$1" "$2"', title, script, "end"]
            script = " ".join("'%s'" % word.replace("'", "'\\''") for word in argv) + "; exit $?"
        result = self.run_program(argv, env={"OUTRIGGER": OUTRIGGER,
                                             "PLUGINS": self.plugins})
        lines = self.succeeds(result).splitlines()
        return [x for x in lines if x.startswith("pluginserver_one_socket")][0].split(" = ")[1]

    def test_it_is_the_p_of_the_master_above(self):
        title = "nginx: master process /usr/local/openresty/nginx/sbin/nginx -p /opt/k -c nginx.conf"
        self.assertEqual(self.prefix_below(title), "/opt/k/one.socket")
        self.assertEqual(self.prefix_below(title, "nginx: worker process"), "/opt/k/one.socket")

    def test_it_is_the_default_without_one(self):
        self.assertEqual(self.prefix_below("some: thing -p /opt/k"),
                         "/usr/local/kong/one.socket")


if __name__ == "__main__":
    unittest.main()
