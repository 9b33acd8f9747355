"""Calls that block a process: `check` names them, and they are logged when they take long."""
import subprocess

import lib

# As LuaSocket's: a class in the registry.
FAKE_SOCKET = """
    debug.getregistry()["tcp{client}"] = { __index = { receive = function() os.execute("sleep 0.2") return "got" end } }
    return { sleep = function() end, tcp = function()
        return setmetatable({}, debug.getregistry()["tcp{client}"]) end }"""

HANDLER = """
    function P:access(conf)
        if conf.word == "popen" then
            local file = io.popen("sleep 0.2; echo one; echo two")
            for line in file:lines() do kong.log.notice("line ", line) end
            file:close()
        elseif conf.word == "execute" then
            kong.log.notice("rc ", os.execute("sleep 0.2"))
        elseif conf.word == "short" then
            kong.log.notice("rc ", os.execute("true"))
        else
            kong.log.notice(require("socket.core").tcp():receive())
        end
    end"""


class Blocking(lib.WireTest):
    def setUp(self):
        self.server = self.serve_code("p", HANDLER, plugin_p_allow="fork,exec", files={"../socket/core.lua": FAKE_SOCKET})
        self.gateway = self.connect(self.server)

    def logged(self, word):
        instance = self.gateway.start_instance("p", '{"word":"%s"}' % word)
        return [args[0] for method, args in self.gateway.play(instance, lambda m, a: None)[:-1]]

    def test_long_ones_are_logged_with_their_place(self):
        texts = self.logged("popen")
        self.assertRegex(texts[0], r"handler.lua:\d+ io.popen's read has blocked all events .* 0\.\d+ s")
        self.assertEqual([t.split(" ", 1)[1] for t in texts[1:]], ["line one", "line two"])
        texts = self.logged("execute")
        self.assertRegex(texts[0], "os.execute has blocked all events of this process for")
        self.assertRegex(texts[1], "rc 0")

    def test_those_of_luasocket_too(self):
        texts = self.logged("socket")
        self.assertTrue(any("LuaSocket's receive has blocked" in text for text in texts), texts)
        self.assertRegex(texts[-1], "got$")

    def test_short_ones_are_not(self):
        self.assertEqual(len([t for t in self.logged("short") if "blocked" in t]), 0)


class Check(lib.WireTest):
    def test_it_names_each_use_with_file_and_line(self):
        server = self.serve_code("p", """
            -- kong.db.in_a_comment
            function P:access() os.execute("true") return kong.db.consumers:select({}) end""",
                                 files={"sub/more.lua": 'local s = require "socket"\nngx.var.x = 1\n'})
        done = subprocess.run([lib.BINARY, "check", "--plugins-dir", server.plugins_dir, "--plugin", "p"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for text in ("handler.lua:4: os.execute blocks", "handler.lua:4: kong.db.consumers is not available",
                     "sub/more.lua:1: module socket blocks", "sub/more.lua:2: ngx.var.x can't be set"):
            self.assertIn(text, done.stdout)
        self.assertNotIn("in_a_comment", done.stdout)


if __name__ == "__main__":
    lib.main()
