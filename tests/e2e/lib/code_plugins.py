"""code_plugins.py - plugins whose handlers stand in the test, as Lua in their configuration.

tests/fixtures/plugins/e2e-code and e2e-low (access, log; priority 1000 and 10), e2e-all
(rewrite, access, response, log; priority 500) and e2e-access (access) run what conf.PHASE holds. A test derives from
CodePlugins: its class has one gateway, which starts one outrigger, and each test gives it
the plugins it wants with use().
"""

import json
import os
import subprocess
import sys
import unittest

import harness

PLUGINS_DIR = os.path.join(harness.SOURCE, "tests", "fixtures", "plugins")


def code(name="e2e-code", **texts):
    """A plugin of kong.yml with a Lua text for each phase (and `word`)."""
    return {"name": name, "config": texts}


def declarative(plugins, everywhere=(), **more):
    """A kong.yml: the echo upstream under /, these plugins on the route or everywhere."""
    return json.dumps({
        "_format_version": "3.0", "plugins": list(everywhere),
        "services": [{"name": "echo", "url": "http://127.0.0.1:@ECHO_PORT@", "routes": [
            {"name": "all", "paths": ["/"], "plugins": list(plugins)}]}], **more})


def run_outrigger(*arguments, env=None):
    """What `outrigger ARGUMENTS` prints; it must succeed."""
    if not harness.OUTRIGGER:
        raise unittest.SkipTest("OUTRIGGER_BIN is not set")
    done = subprocess.run([harness.OUTRIGGER, *arguments], text=True, capture_output=True,
                          check=False, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise AssertionError("outrigger %s: %d\n%s" % (
            " ".join(arguments), done.returncode, done.stderr))
    return done.stdout


def kong_conf(stage, names, *options):
    """The lines that a user is told to put into kong.conf, for the gateway of a stage."""
    return run_outrigger("kong-conf", "--prefix=" + stage.path("kong"),
                         "--plugins-dir=" + PLUGINS_DIR, *options,
                         *["--plugin=" + name for name in names])


def wait_sockets(gateway, names):
    for name in names:
        path = os.path.join(gateway.prefix, name + ".socket")
        gateway.wait_until(lambda path=path: harness.connects(path), "the socket " + path)


def export(stage, names, *options):
    """Writes what of the plugins belongs on a gateway; the line for its kong.conf, and options for Outrigger."""
    to = stage.prefix("on-the-gateway")
    lines, splits = set(), []
    for name in names:
        printed = run_outrigger("export", name, "--to=" + to, "--plugins-dir=" + PLUGINS_DIR, *options)
        lines |= {line + "\n" for line in printed.splitlines() if line.startswith("lua_package_path = ")}
        splits += ["--" + line.replace(" = ", "=").replace("_", "-") for line in printed.splitlines()
                   if line.startswith("plugin_")]
    return "".join(lines), splits


def twins(namespace, suffix, **attributes):
    """Gives each test class of a module that has these attributes, in its namespace, a twin with other ones.
    Those that have them already, and twins, have none."""
    for name, kind in list(namespace.items()):
        if isinstance(kind, type) and issubclass(kind, unittest.TestCase) and \
                kind.__module__ == namespace["__name__"] and not hasattr(kind, "IS_TWIN") and \
                all(getattr(kind, key, value) != value for key, value in attributes.items()):
            namespace[name + suffix] = type(name + suffix, (kind,), {
                **attributes, "IS_TWIN": True, "__module__": kind.__module__, "__doc__": kind.__doc__})


def over_protobuf(namespace):
    """... whose plugins speak ProtoBuf:1."""
    twins(namespace, "OverProtobuf", PROTOCOL="protobuf")


def in_split_installation(namespace):
    """... whose gateway has the plugins' own schemas."""
    twins(namespace, "Split", SPLIT=True)


class CodePlugins(unittest.TestCase):
    """One gateway and one outrigger for the class. The text of a failure has both logs."""

    maxDiff = None
    NAMES = ("e2e-code", "e2e-low", "e2e-all")
    OPTIONS = ()
    CONF = ""
    PROTOCOL = "msgpack"
    SPLIT = False

    @classmethod
    def setUpClass(cls):
        cls.stage = harness.Stage()
        cls.addClassCleanup(cls.stage.close)
        path, splits = export(cls.stage, cls.NAMES, *cls.OPTIONS) if cls.SPLIT else ("", [])
        cls.gateway = cls.stage.gateway(
            kong_conf(cls.stage, cls.NAMES, "--protocol=" + cls.PROTOCOL, *splits, *cls.OPTIONS) + path +
            cls.CONF, declarative([]))
        wait_sockets(cls.gateway, cls.NAMES)

    def setUp(self):
        # What earlier tests have logged.
        self.logged = len(self.gateway.error_log())
        self.outrigger_logged = len(self.outrigger_log(0))
        self.addCleanup(self._show_logs)

    def _show_logs(self):
        result = self._outcome.result
        if any(test is self for test, _ in result.failures + result.errors):
            print("\n%s\n--- error.log\n%s\n--- outrigger.log\n%s" % (
                self.id(), self.error_log(), self.outrigger_log()), file=sys.stderr)

    def use(self, *plugins, everywhere=(), **more):
        """Puts these plugins in force, and no others."""
        answer = self.gateway.post_config(declarative(plugins, everywhere, **more))
        self.assertEqual(answer.status, 201, answer.text)

    def http(self, method="GET", path="/", headers=(), body=None):
        return self.gateway.http(method, path, headers, body)

    def ask(self, *plugins, everywhere=(), **request):
        """The response to one request with these plugins in force."""
        self.use(*plugins, everywhere=everywhere)
        return self.http(**request)

    def error_log(self):
        """What the gateway has logged since this test began."""
        return self.gateway.error_log()[self.logged:]

    def outrigger_log(self, since=None):
        text = harness.read_text(os.path.join(self.gateway.prefix, "logs", "outrigger.log"))
        return text[self.outrigger_logged if since is None else since:]

    def wait_log(self, word):
        """Waits for a word in the gateway's log of this test; returns its line."""
        harness.wait_for(lambda: word in self.error_log(), "%r in the error log" % word)
        return next(line for line in self.error_log().splitlines() if word in line)

    def wait_outrigger_log(self, word):
        harness.wait_for(lambda: word in self.outrigger_log(), "%r in outrigger.log" % word)
        return self.outrigger_log()
