"""A gateway that has a plugin's own schema (outrigger export), and one that has the dump alone: what a handler gets,
and when a bad configuration is refused."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import harness  # noqa: E402
import code_plugins  # noqa: E402

NAME = "e2e-strict"


def strict(**config):
    return {"name": NAME, "config": config}


class Either(code_plugins.CodePlugins):
    """What is the same in both installations."""

    NAMES = (NAME,)

    def conf(self, **config):
        """What the handler gets of a configuration."""
        response = self.ask(strict(**config))
        self.assertEqual(response.status, 200, response.text + self.error_log())
        return response.json()

    def test_defaults_are_filled_in(self):
        conf = self.conf()
        self.assertFalse(conf.pop("names"))
        self.assertEqual(conf, {"even": 2, "range": {"low": 1, "high": 9}, "high": 9})

    def test_a_transformation_runs_once(self):
        self.assertEqual(self.conf(text="a")["text"], "a!")

    def test_a_shorthand_is_converted(self):
        conf = self.conf(high=5)
        self.assertEqual((conf["range"], conf["high"]), ({"low": 1, "high": 5}, 5))

    def test_a_set_has_each_element_once(self):
        self.assertEqual(self.conf(names=["a", "b", "a"])["names"], ["a", "b"])

    def test_a_secret_comes_from_the_gateways_vault(self):
        self.assertEqual(self.conf(secret="{vault://env/path}")["secret"], os.environ["PATH"])


class WithTheSchema(Either):
    SPLIT = True

    def refused(self, *texts, **config):
        self.use(strict(text="before"))
        answer = self.gateway.post_config(code_plugins.declarative([strict(**config)]))
        self.assertEqual(answer.status, 400, answer.text)
        for text in texts:
            self.assertIn(text, answer.json()["message"])
        self.assertEqual(self.http().json()["text"], "before!")

    def test_a_bad_configuration_is_refused_at_once_and_names_each_field(self):
        self.refused("config.even: must be even", "config.host: must not have a port", "2 schema violations",
                     even=3, host="a:8")

    def test_checks_between_fields_are_the_schemas_own(self):
        self.refused("low must not be above high", range={"low": 10})
        self.refused("only one or none of these fields must be set: 'host', 'text'", host="a", text="b")

    def test_the_gateway_has_no_handler(self):
        files = [name for _, _, names in os.walk(self.stage.path("on-the-gateway")) for name in names]
        self.assertEqual(sorted(files), ["checks.lua", "schema.lua"])


class WithTheDump(Either):
    def test_a_bad_configuration_is_refused_when_it_is_used(self):
        response = self.ask(strict(even=3))
        self.assertEqual(response.status, 500)
        self.wait_log("schema violation (config.even: must be even)")


class WrongFiles(harness.E2E):
    """A gateway that does not start."""

    def log_with(self, name, text):
        path = os.path.join(self.stage.prefix("files"), "kong", "plugins", NAME)
        os.makedirs(path)
        with open(os.path.join(path, name), "w", encoding="utf-8") as file:
            file.write(text)
        gateway = self.start_gateway(
            code_plugins.kong_conf(self.stage, [NAME]) +
            "lua_package_path = %s/?.lua;;\n" % self.stage.path("files"), wait=False)
        harness.wait_for(lambda: not gateway.alive(), "the end of the gateway")
        return gateway.stderr() + gateway.error_log()

    def test_a_handler_beside_the_schema_is_an_error(self):
        self.assertIn("kong.plugins.e2e-strict.handler is on the Lua path", self.log_with("handler.lua", "return {}"))

    def test_a_bad_schema_is_an_error_that_says_what(self):
        self.assertIn("on plugin 'e2e-strict': schema violation (config: missing type declaration)", self.log_with(
            "schema.lua", 'return { name = "e2e-strict", fields = { { config = {} } } }'))


del Either  # only its two kinds are run

if __name__ == "__main__":
    unittest.main()
