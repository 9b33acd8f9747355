"""cli_case.py - a test case that runs the outrigger program, with a folder of its own."""
import os
import pwd
import shutil
import subprocess
import tempfile
import unittest

OUTRIGGER = os.environ["OUTRIGGER_BIN"]

HANDLER = """
local handler = { PRIORITY = 1000, VERSION = "1.2.3" }
function handler:access(conf) end
function handler:log(conf) end
return handler
"""
SCHEMA = """
return { name = "%s", fields = {
	{ config = { type = "record", fields = { { greeting = { type = "string" } } } } },
} }
"""


class CliCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = os.path.realpath(tempfile.mkdtemp(prefix="outrigger-cli."))
        self.addCleanup(shutil.rmtree, self.dir)
        self.plugins = self.path("plugins")
        os.mkdir(self.plugins)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def plugin(self, name, handler=HANDLER, schema=SCHEMA):
        self.write("plugins/%s/handler.lua" % name, handler)
        self.write("plugins/%s/schema.lua" % name, schema % name if "%s" in schema else schema)

    def run_program(self, argv, env=None, **options):
        """Nothing of the caller's settings gets in; `env` is added."""
        options.setdefault("stdout", subprocess.PIPE)
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith(("OUTRIGGER_", "KONG_"))}
        return subprocess.run(argv, env=dict(clean, **(env or {})), text=True, timeout=60,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False,
                              **options)

    def outrigger(self, *args, **options):
        return self.run_program([OUTRIGGER, *args], **options)

    def with_plugins(self, command, *args, **options):
        return self.outrigger(command, "--plugins-dir", self.plugins, *args, **options)

    def succeeds(self, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def fails(self, result, code, *texts):
        """Checks the exit code and that stderr has each text; nothing may be on stdout."""
        self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
        for text in texts:
            self.assertIn(text, result.stderr)

    def link(self, name, target=OUTRIGGER):
        path = self.path(name)
        os.symlink(target, path)
        return path


def own_user():
    return pwd.getpwuid(os.getuid()).pw_name


def other_user():
    """One that is neither root nor us."""
    return "nobody" if own_user() != "nobody" else "daemon"


def settings(text):
    """The settings of printed kong.conf lines, as a dict."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split(" = ", 1) for line in lines)
