"""The pages of the manual and the shells' completion, which the program prints from its tables."""
import re
import subprocess
import unittest

from cli_case import CliCase

# Completes a command line in bash: the words, the last being the one that is typed.
BASH = """
set -u
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_outrigger
printf '%s\\n' "${COMPREPLY[@]}"
"""
# Stands in for zsh's own functions: says what they are called with.
ZSH = """
_describe() { print -rl -- $commands }
_arguments() {
	if [[ $1 == -C ]]; then state=$wanted; line=($command); else print -rl -- "$@"; fi
}
wanted=$2 command=$3
source $1
"""


class Manual(CliCase):
    def page(self, name):
        return self.write(name, self.succeeds(self.outrigger("man-page", name)))

    def shown(self, name):
        result = self.run_program(["man", "--warnings", "-E", "UTF-8", "-l", self.page(name)],
                                  env={"MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""})
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def listed(self, what):
        text = self.succeeds(self.outrigger(*what, "--help"))
        return re.findall(r"^  (-*[a-z][-a-z_]*)", text, re.MULTILINE)

    def test_pages_are_formatted_without_a_warning(self):
        for name in ("outrigger.1", "outrigger.conf.5"):
            self.assertIn("\nNAME\n", self.shown(name))

    def test_the_first_page_has_each_command_and_its_options(self):
        text = self.shown("outrigger.1")
        for command in self.listed([]):
            self.assertIn("\n   outrigger %s" % command, text)
            for option in self.listed([command]):
                if option == "--plugin-":  # plugin_NAME_KEY is in the other page
                    continue
                self.assertIn(option, text, command)

    def test_the_page_of_the_file_has_each_setting(self):
        text = self.shown("outrigger.conf.5")
        for option in self.listed(["serve"]):
            if option not in ("--config", "--plugin", "--plugin-", "--help", "--single"):
                self.assertIn("\n       %s " % option[2:].replace("-", "_"), text)
        self.assertIn("\n       plugin_NAME_event_timeout TIME\n", text)

    def test_another_page_is_refused(self):
        self.fails(self.outrigger("man-page", "outrigger.7"), 2, "outrigger.conf.5")


class Completion(CliCase):
    def setUp(self):
        super().setUp()
        self.file = self.write("completion", self.succeeds(self.outrigger("completion", "bash")))

    def complete(self, *words):
        result = self.run_program(["bash", "-c", BASH, "bash", self.file, *words], cwd=self.dir)
        return self.succeeds(result).split()

    def zsh(self, *words):
        file = self.write("_outrigger", self.succeeds(self.outrigger("completion", "zsh")))
        return self.succeeds(self.run_program(["zsh", "-f", "-c", ZSH, "zsh", file, *words]))

    def test_bash_completes_commands(self):
        self.assertEqual(self.complete("outrigger", "kong"), ["kong-conf"])
        self.assertNotIn("worker", self.complete("outrigger", ""))

    def test_bash_completes_options_of_the_command(self):
        self.assertEqual(self.complete("outrigger", "serve", "--max-b"), ["--max-body-size"])
        self.assertEqual(self.complete("outrigger", "status", "--max-b"), [])
        self.assertEqual(self.complete("outrigger", "status", "--js"), ["--json"])

    def test_bash_completes_values_behind_blank_or_equals_sign(self):
        self.assertEqual(self.complete("outrigger", "serve", "--on-error", "c"), ["closed"])
        self.assertEqual(self.complete("outrigger", "serve", "--on-error", "="), ["closed", "open"])
        self.assertEqual(self.complete("outrigger", "serve", "--on-error", "=", "o"), ["open"])
        self.assertEqual(self.complete("outrigger", "serve", "--workers", ""), [])

    def test_bash_completes_folders_and_files(self):
        self.write("plugins/kong.conf", "")
        self.assertEqual(self.complete("outrigger", "dump", "--plugins-dir", "pl"), ["plugins"])
        self.assertEqual(self.complete("outrigger", "dump", "--plugins-dir", "plugins/k"), [])
        self.assertEqual(self.complete("outrigger", "check", "--kong-conf", "plugins/k"),
                         ["plugins/kong.conf"])

    def test_bash_script_is_clean(self):
        subprocess.run(["shellcheck", "--shell=bash", self.file], check=True)

    def test_zsh_completes_commands_and_options(self):
        self.assertIn("kong-conf:Print", self.zsh("command", ""))
        options = self.zsh("rest", "serve")
        self.assertIn("--on-error=[What a request meets whose plugin fails\\: an error", options)
        self.assertIn(":closed|open:(closed open )", options)
        self.assertIn("]:DIR:_files -/\n", options)
        self.assertNotIn("--on-error", self.zsh("rest", "status"))

    def test_another_shell_is_refused(self):
        self.fails(self.outrigger("completion", "fish"), 2, "bash|zsh")


if __name__ == "__main__":
    unittest.main()
