"""What `export` writes for the gateway."""
import os
import subprocess
import unittest

from cli_case import OUTRIGGER, CliCase

HANDLER = """
local helper = require "kong.plugins.one.only_for_the_handler"
return { PRIORITY = 1, VERSION = "1.0.0", access = function() end }
"""
SCHEMA = """
local checks = require("kong.plugins.one.checks")
local typedefs = require 'kong.db.schema.typedefs'
local ok, cjson = pcall(require, "cjson")
return { name = "one", fields = { { consumer = typedefs.no_consumer },
    { config = { type = "record", fields = { { a = { type = "string", custom_validator = checks.a } } } } } } }
"""
CHECKS = """
local lib = require "lib.texts"
local lru = require "resty.lrucache"
local mine = require "resty.mine"
return { a = function(v) return v == "x", lib.no end }
"""
DAOS = 'return { { name = "ones", primary_key = { "id" }, fields = {} } }'
API = """
local endpoints = require "kong.api.endpoints"
local crud = require "kong.plugins.one.crud"
local key_auth = require "kong.plugins.key-auth.daos"
return {}
"""
OURS = ["api.lua", "checks.lua", "crud.lua", "daos.lua", "migrations/000_base.lua", "migrations/init.lua",
        "schema.lua"]


class Export(CliCase):
    def setUp(self):
        super().setUp()
        self.plugin("one", HANDLER, SCHEMA)
        for name, text in (("checks", CHECKS), ("daos", DAOS), ("api", API), ("crud", "return {}"),
                           ("only_for_the_handler", "return {}"), ("migrations/init", 'return { "000_base" }'),
                           ("migrations/000_base", "return {}"), ("unused", "return {}")):
            self.write("plugins/one/%s.lua" % name, text)
        self.write("plugins/lib/texts.lua", 'return { no = "no" }')
        self.write("plugins/resty/mine.lua", "return {}")
        self.to = self.path("gateway")

    def export(self, *args, name="one"):
        return self.with_plugins("export", name, "--to", self.to, *args)

    def files(self):
        return sorted(os.path.relpath(os.path.join(folder, name), self.to)
                      for folder, _, names in os.walk(self.to) for name in names)

    def test_schema_and_what_it_needs_are_written_and_never_the_handler(self):
        text = self.succeeds(self.export())
        wanted = sorted(["lib/texts.lua", "resty/mine.lua"] + ["kong/plugins/one/" + name for name in OURS])
        self.assertEqual(self.files(), wanted)
        self.assertEqual(sorted(line for line in text.splitlines() if line.endswith(".lua")), wanted)
        self.assertIn("lua_package_path = %s/?.lua;%s/?/init.lua;;" % (self.to, self.to), text)
        self.assertIn("plugin_one_split = on", text)
        self.assertEqual(self.read("gateway/kong/plugins/one/schema.lua"), SCHEMA)

    def test_another_name_has_files_of_that_name(self):
        self.succeeds(self.export("--plugin-two-module", "one", name="two"))
        self.assertIn("kong/plugins/two/schema.lua", self.files())
        self.assertIn("kong/plugins/two/migrations/000_base.lua", self.files())
        self.assertIn("kong/plugins/one/checks.lua", self.files())
        self.assertNotIn("kong/plugins/one/schema.lua", self.files())

    def test_a_file_that_is_another_stays_unless_told(self):
        self.succeeds(self.export())
        self.succeeds(self.export())
        changed = self.write("gateway/kong/plugins/one/daos.lua", "mine")
        os.unlink(self.path("gateway/lib/texts.lua"))
        self.fails(self.export(), 1, changed + " exists and is another file; --force replaces it")
        self.assertEqual(self.read("gateway/kong/plugins/one/daos.lua"), "mine")
        self.assertNotIn("lib/texts.lua", self.files())
        self.succeeds(self.export("--force"))
        self.assertEqual(self.read("gateway/kong/plugins/one/daos.lua"), DAOS)

    def test_a_handler_on_the_gateway_is_an_error(self):
        self.write("gateway/kong/plugins/one/handler.lua", "return {}")
        for args in ((), ("--force",)):
            self.fails(self.export(*args), 1, "handler.lua is there", "in its own process")
        self.assertEqual(self.files(), ["kong/plugins/one/handler.lua"])

    def test_a_schema_that_needs_the_handler_can_not_be_split(self):
        self.write("plugins/one/schema.lua", 'local handler = require "kong.plugins.one.handler"\n' + SCHEMA)
        self.fails(self.export(), 1, "one/schema.lua needs the handler")
        self.assertEqual(self.files(), [])

    def test_what_can_not_be_copied_is_a_note(self):
        self.write("plugins/one/checks.lua", 'if false then require "not.there" require("kong.plugins.one.v" .. 2) end\n'
                                             + CHECKS)
        text = self.succeeds(self.export())
        self.assertRegex(text, r"(?m)^# note: .*one/checks\.lua needs the module not\.there, which is no Lua file here")
        self.assertRegex(text, r"(?m)^# note: .*one/checks\.lua puts the name of a module together")

    def test_words_that_only_contain_require_are_none(self):
        self.write("plugins/one/crud.lua", 'local required, my_require = "a", 1 -- requires "b"\nreturn { require = 1 }')
        self.assertNotIn("note", self.succeeds(self.export()))

    def test_a_bad_schema_is_not_written(self):
        self.write("plugins/one/schema.lua", 'return { name = "one", fields = { { config = {} } } }')
        self.fails(self.export(), 1, "config: missing type declaration")
        self.assertEqual(self.files(), [])

    def test_wrong_usage(self):
        self.fails(self.with_plugins("export", "one"), 2, "--to DIR is missing")
        self.fails(self.with_plugins("export", "--to", self.to), 2, "NAME is missing")
        self.fails(self.export(name="key-auth"), 2, "the gateway has a plugin key-auth itself")


class Native(CliCase):
    def test_the_schema_of_a_plugin_in_c_is_written_as_lua(self):
        source = self.write("strict.c", """
            #include <outrigger.h>
            static int on_access(struct outrigger_rq *rq) { (void)rq; return 0; }
            const struct outrigger_plugin outrigger_plugin = {
                .abi = OUTRIGGER_ABI, .size = sizeof(struct outrigger_plugin), .name = "strict",
                .version = "1.0.0", .priority = 1, .access = on_access,
                .schema = "{\\"name\\":\\"strict\\",\\"fields\\":[{\\"consumer\\":{\\"type\\":\\"foreign\\","
                          "\\"reference\\":\\"consumers\\",\\"eq\\":null}},{\\"config\\":{\\"type\\":\\"record\\",\\"fields\\":["
                          "{\\"end\\":{\\"type\\":\\"string\\",\\"default\\":\\"a\\\\\\"\\\\n\\",\\"not_one_of\\":[]}},"
                          "{\\"n\\":{\\"type\\":\\"number\\",\\"between\\":[0.5,2]}}]}}]}" };
        """)
        os.mkdir(self.path("c"))
        include = os.path.join(os.environ["OUTRIGGER_SOURCE_DIR"], "pdk-bridge")
        subprocess.run(["cc", "-shared", "-fPIC", "-fvisibility=hidden", "-I", include, source, "-o",
                        self.path("c", "strict.so")], check=True)
        self.succeeds(self.outrigger("export", "strict", "--c-plugin-path", self.path("c"), "--to", self.path("to")))
        text = self.read("to/kong/plugins/strict/schema.lua")
        self.assertIn("eq = ngx.null,", text)
        self.assertIn('["end"] = {', text)
        self.assertIn('default = "a\\"\\010",', text)
        self.write("p/strict/handler.lua", 'return { PRIORITY = 1, VERSION = "1.0.0", access = function() end }')
        self.write("p/strict/schema.lua", text)
        dumps = [self.succeeds(self.outrigger("dump", "--plugin", "strict", *where)) for where in (
            ("--c-plugin-path", self.path("c")), ("--plugins-dir", self.path("p")))]
        self.assertEqual(*dumps)


if __name__ == "__main__":
    unittest.main(verbosity=2)
