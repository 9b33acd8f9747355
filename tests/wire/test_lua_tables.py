"""Tables that a handler has given to the PDK may change, and what was in them be collected, while its event waits."""
import os

import lib

HANDLER = """
local P = { PRIORITY = 1, VERSION = "1.0.0" }
local shared = {}

-- A text that nothing but the table holds.
local function fresh()
    return ("A"):rep(40) .. tostring({}):sub(1, 0)
end

local ways = {}

function ways.headers()
    shared.t = { ["x-a"] = fresh() }
    kong.response.set_headers(shared.t)
    kong.response.set_header("x-found", ngx.header["x-a"])
end

function ways.list()
    shared.t = { fresh(), "b" }
    kong.response.set_header("x-a", shared.t)
    kong.response.set_header("x-found", ngx.header["x-a"][1])
end

function ways.body()
    shared.t = { k = fresh() }
    kong.service.request.set_body(shared.t)
end

function ways.change()
    for key in pairs(shared.t) do
        shared.t[key] = "changed"
    end
    collectgarbage()
    collectgarbage()
    shared.other = {}
    for i = 1, 20000 do
        shared.other[i] = ("Z"):rep(36) .. (1000 + i)
    end
end

function P:access(conf)
    ways[conf.word]()
end

return P
"""


class Tables(lib.WireTest):
    def setUp(self):
        folder = os.path.join(self.temp_dir(), "plugins")
        os.makedirs(os.path.join(folder, "tables"))
        for file, text in (("handler.lua", HANDLER), ("schema.lua", lib.SCHEMA % "tables")):
            with open(os.path.join(folder, "tables", file), "w", encoding="utf-8") as f:
                f.write(text)
        self.server = self.serve("tables", plugins_dir=folder)

    def start(self, way):
        gateway = self.connect(self.server, "tables")
        return gateway, gateway.start_instance("tables", '{"word": "%s"}' % way)

    def after_a_change(self, way, answer=None):
        """What the event asks for once its first call is answered, the tables having changed meanwhile."""
        gateway, instance = self.start(way)
        step = gateway.event(instance)
        other, changes = self.start("change")
        other.play(changes, lambda method, args: None)
        asked = gateway.step(step["EventId"], answer)
        self.assertEqual(gateway.step(step["EventId"])["Data"], "ret")
        return asked["Data"]

    def test_headers_that_were_set_are_read_as_they_were(self):
        for way in ("headers", "list"):
            with self.subTest(way):
                self.assertEqual(self.after_a_change(way)["Args"], ["x-found", "A" * 40])

    def test_a_body_is_sent_as_it_was_given(self):
        call = self.after_a_change("body", "application/json")
        self.assertEqual((call["Method"], call["Args"][0]), ("kong.service.request.set_body", {"k": "A" * 40}))


if __name__ == "__main__":
    lib.main()
