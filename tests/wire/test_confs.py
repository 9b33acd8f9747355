"""Confs: completed and validated by the plugin's whole schema when an instance starts."""
import json
import os

import lib
from pb_gateway import PbGateway

HANDLER = """return { PRIORITY = 1, VERSION = "1.0.0",
    access = function(_, conf) kong.response.exit(200, conf) end }"""

SCHEMA = """
local typedefs = require "kong.db.schema.typedefs"
return { name = "strict", fields = { { consumer = typedefs.no_consumer }, { config = {
    type = "record",
    fields = {
        { limit = { type = "integer", default = 10, gt = 0 } },
        { host = typedefs.host },
        { even = { type = "number", custom_validator = function(n)
            if n == 13 then error("unlucky") end
            return n % 2 == 0, "must be even" end } },
        { names = { type = "set", elements = { type = "string" }, default = {} } },
        { redis = { type = "record", fields = {
            { port = typedefs.port { default = 6379 } },
            { password = { type = "string", referenceable = true, match = "^%d+$" } } } } },
        { raw = { type = "string" } }, { shown = { type = "string" } },
    },
    shorthand_fields = {
        { redis_port = { type = "integer",
            deprecation = { message = "use redis.port", removal_in_version = "4.0",
                replaced_with = { { path = { "redis", "port" } } } },
            func = function(port) return { redis = { port = port } } end } },
        { both = { type = "string", func = function(v) return { raw = v, host = v } end } } },
    } } },
    entity_checks = { { mutually_exclusive = { "config.host", "config.even" } } },
    transformations = { { input = { "config.raw" }, on_write = function(raw)
        return { config = { shown = raw:upper() } } end } },
}
"""

KEYS = {"__key__": "plugins:strict:::::", "__seq__": 3, "__plugin_id": "p", "__ws_id": "w",
        "route_id": "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab", "plugin_instance_name": "mine"}
COMPLETE = {"limit": 10, "names": [], "redis": {"port": 6379}, "redis_port": 6379}


class ConfTest(lib.WireTest):
    settings = {}

    def setUp(self):
        self.dir = self.temp_dir()
        self.write("strict/handler.lua", HANDLER)
        self.write("strict/schema.lua", SCHEMA)
        self.server = self.serve("strict", plugins_dir=self.dir, **self.settings)
        self.gateway = self.connect(self.server)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def conf(self, **conf):
        """What the handler gets for that conf."""
        instance = self.gateway.start_instance("strict", json.dumps(conf))
        method, args = self.gateway.play(instance, None)[-1]
        self.assertEqual(method, "kong.response.exit")
        return args[1]

    def refusal(self, **conf):
        with self.assertRaises(lib.RpcError) as raised:
            self.gateway.start_instance("strict", json.dumps(conf))
        text = str(raised.exception)
        self.assertTrue(text.startswith("the conf of plugin 'strict' is refused: "), text)
        return text.split("refused: ", 1)[1]


class Completed(ConfTest):
    def test_defaults_and_records_are_filled_in(self):
        self.assertEqual(self.conf(), COMPLETE)
        self.assertEqual(self.conf(limit=3, redis={"port": 1}),
                         {**COMPLETE, "limit": 3, "redis": {"port": 1}, "redis_port": 1})

    def test_what_the_gateway_adds_is_kept_and_is_no_field(self):
        self.assertEqual(self.conf(**KEYS), {**COMPLETE, **KEYS})

    def test_duplicates_in_a_set_go(self):
        self.assertEqual(self.conf(names=["a", "b", "a"])["names"], ["a", "b"])

    def test_shorthands_become_fields(self):
        conf = self.conf(both="a.b")
        self.assertEqual((conf["host"], conf["raw"]), ("a.b", "a.b"))
        self.assertNotIn("both", conf)

    def test_a_deprecated_shorthand_goes_before_a_default_that_the_gateway_filled_in(self):
        for redis in ({"port": 6379}, None):
            conf = self.conf(redis_port=7, **({"redis": redis} if redis else {}))
            self.assertEqual((conf["redis"], conf["redis_port"]), ({"port": 7}, 7))

    def test_transformations_run(self):
        self.assertEqual(self.conf(raw="abc")["shown"], "ABC")

    def test_a_secret_is_validated_as_its_reference(self):
        reference = "{vault://env/secret}"
        redis = self.conf(redis={"password": "not digits", "$refs": {"password": reference}})["redis"]
        self.assertEqual(redis, {"port": 6379, "password": "not digits", "$refs": {"password": reference}})


class Split(ConfTest):
    settings = {"plugin_strict_split": "on"}

    def test_what_the_gateway_has_completed_is_left_as_it_is(self):
        self.assertEqual(self.conf(raw="abc", redis={"port": 7}, redis_port=7),
                         {"raw": "abc", "redis": {"port": 7}, "redis_port": 7})

    def test_it_is_validated_all_the_same(self):
        self.assertEqual(self.refusal(even=3, redis={}), "schema violation (config.even: must be even)")


class Refused(ConfTest):
    def test_every_field_is_named_with_its_text(self):
        self.assertEqual(
            self.refusal(limit=0, host="a:1", redis={"port": 70000, "x": 1}, names=["a", 5], nonsense=1),
            "6 schema violations (config.host: must not have a port; "
            "config.limit: value must be greater than 0; config.names[2]: expected a string; "
            "config.nonsense: unknown field; config.redis.port: value should be between 0 and 65535; "
            "config.redis.x: unknown field)")

    def test_functions_of_the_schema_have_their_say(self):
        self.assertEqual(self.refusal(even=3), "schema violation (config.even: must be even)")
        self.assertEqual(self.refusal(even=2, host="a"), "schema violation (only one or none of these "
                                                        "fields must be set: 'config.host', 'config.even')")

    def test_a_function_that_raises_refuses(self):
        self.assertRegex(self.refusal(even=13), r"^its schema can't validate it: .*unlucky")

    def test_what_both_forms_say_must_match(self):
        self.assertIn("both deprecated and new field are used but their values mismatch: redis_port = 1 "
                      "vs redis.port = 2", self.refusal(redis_port=1, redis={"port": 2}))

    def test_what_the_plugin_is_not_for_is_refused(self):
        self.assertEqual(self.refusal(consumer_id="0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab"),
                         "schema violation (consumer: value must be null)")

    def test_a_secret_without_its_reference_is_validated(self):
        self.assertEqual(self.refusal(redis={"password": "x"}),
                         "schema violation (config.redis.password: invalid value: x)")

    def test_more_fields_than_texts_fit_are_named_all(self):
        names = ["field_%03d" % i for i in range(45)]
        text = self.refusal(**{name: 1 for name in names})
        for name in names:
            self.assertIn("config." + name, text)

    def test_a_good_conf_starts_after_a_bad_one(self):
        self.refusal(limit=0)
        self.assertEqual(self.conf(), COMPLETE)

    def test_over_protobuf_the_connection_ends_and_the_fields_are_logged(self):
        gateway = PbGateway(self.server.path())
        self.addCleanup(gateway.close)
        with self.assertRaises(EOFError):
            gateway.start_instance("strict", '{"limit":0,"even":1}')
        self.server.wait_log("config.limit: value must be greater than 0")
        self.server.wait_log("config.even: must be even")
        self.assertEqual(self.conf(), COMPLETE)


if __name__ == "__main__":
    lib.main()
