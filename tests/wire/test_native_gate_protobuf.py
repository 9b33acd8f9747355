"""Every function of the PDK, called from C over ProtoBuf:1: by name, and by its typed function. What goes out
and what comes back is as from Lua (test_pdk_gate_protobuf.py), but for what C has otherwise."""
import lib
import lua_literal
import pb_gateway
import test_native_gate
import test_pdk_gate_protobuf as lua_gate

# Log lines go by functions that the protocol has.
CARRIERS = {"kong.log": "kong.log.notice", "kong.log.emerg": "kong.log.alert"}


def crossed(value):
    """What is left of a value over the test's own calls: an empty table is a map, and nil isn't there."""
    if isinstance(value, dict):
        return {k: crossed(v) for k, v in value.items() if v != {"null": True}}
    if isinstance(value, list) and value:
        return [crossed(v) for v in value]
    return {} if value == [] else value


class NativeGate(lua_gate.Gate):
    def setUp(self):
        self.server = self.serve("native_gate", plugins_dir=test_native_gate.NATIVE, log_level="debug",
                                 kong_version="3.8")
        self.sent_in_all = set()

    def case(self, row, call):
        text, _ = test_native_gate.IN_C.get(row.name, (call.args, None))
        return {"call": row.name, "args": lua_literal.read(text), "typed": self.typed}

    def told(self, outcome):
        if outcome["rc"] != test_native_gate.OK:
            return {"error": outcome["error"]}
        return {"values": [outcome.get("result")]}

    def expected(self, row, call):
        calls, values = super().expected(row, call)
        if row.name in test_native_gate.IN_C:
            calls = [(CARRIERS.get(name, name), args) for name, args in test_native_gate.IN_C[row.name][1]]
        return calls, values

    def check_told(self, told, values):
        self.assertNotIn("error", told)
        if values:
            want = crossed(test_native_gate.as_c(values[0]))
            self.assertTrue(test_native_gate.same(want, told["values"][0]), (want, told))

    def check_sent(self, expected, sent):
        super().check_sent([(name, args and [crossed(arg) for arg in args]) for name, args in expected],
                           [(name, [crossed(arg) for arg in args]) for name, args in sent])

    def check(self, row):
        args = self.case(row, row.call())["args"]
        if self.typed and any("\0" in arg for arg in args if isinstance(arg, str)):
            return  # typed functions take texts that end with a NUL
        super().check(row)

    def test_every_row_is_called(self):
        self.typed = False
        super().test_every_row_is_called()

    def test_every_row_is_called_by_its_typed_function(self):
        self.typed = True
        super().test_every_row_is_called()

    def test_what_it_lacks_is_a_status_and_a_text(self):
        gateway = pb_gateway.PbGateway(self.server.path())
        self.addCleanup(gateway.close)
        told = []

        def answer(_, args):
            if args == ["case"]:
                return {"call": "kong.vault.get", "args": ["{vault://env/x}"], "typed": True}
            told.append(args[1])
            return None

        gateway.play(gateway.start_instance("native_gate"), answer)
        self.assertEqual(told[0]["rc"], test_native_gate.UNSUPPORTED)
        self.assertIn("over ProtoBuf:1", told[0]["error"])


if __name__ == "__main__":
    lib.main()
