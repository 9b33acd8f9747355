"""Bodies over both protocols, from Lua and from C: empty ones, of any bytes, in files, large ones in small
pieces, and larger than max_body_size.

The plugin reads a body and sets it as that of the request to the service, or exits with it.
"""
import json
import os
import tempfile

import lib
import pb
import pb_gateway

NATIVE = os.path.join(os.environ.get("OUTRIGGER_BUILD_DIR") or os.path.dirname(lib.BINARY), "tests", "native")
READ, WRITE = "kong.request.get_raw_body", "kong.service.request.set_raw_body"
ANY_BYTES = bytes(range(256)) * 3 + b"\xff\xfe\0"
LARGE = bytes(range(256)) * 65536  # 16 MiB
PIECE = 8192
SIZE = 64 << 10  # max_body_size of the servers that have one
TOO_LARGE = "%s: a body of %d bytes; at most %d are allowed (max_body_size)"


class Bodies(lib.WireTest):
    """A subclass says how the gateway speaks, and what the plugin is written in."""

    connection = lib.Gateway
    plugin = "wire-body"
    plugins_dir = lib.FIXTURES

    def start(self, **settings):
        self.server = self.serve(self.plugin, plugins_dir=self.plugins_dir, log_level="debug",
                                 kong_version="3.8", **settings)

    def play(self, body, **conf):
        """The body that the plugin gives away when it reads this one; None if none. Keeps the calls."""
        gateway = self.connection(self.server.path())
        self.addCleanup(gateway.close)
        send = gateway.socket.sendall

        def send_in_pieces(data):
            for at in range(0, len(data), PIECE):
                send(data[at:at + PIECE])
        gateway.send_bytes = send_in_pieces
        instance = gateway.start_instance(self.plugin, json.dumps(conf))
        self.calls = gateway.play(instance, lambda name, _: body if name == READ else None)
        self.assertEqual(self.calls[0][0], READ)
        written = [args for name, args in self.calls[:-1] if name == WRITE]
        return pb.untext(written[0][0]) if written else None

    def assert_fails(self, text):
        """The last event has ended by this error, and its request with 500."""
        (log, [line]), (last, args) = self.calls[-2:]
        self.assertEqual((log, last, args[0]), ("kong.log.err", "kong.response.exit", 500))
        self.assertIn(text, line)

    def test_empty_ones_and_any_bytes_pass(self):
        self.start()
        for body in (b"", b"x", ANY_BYTES):
            self.assertEqual(self.play(body), body)
            self.assertEqual(self.calls[-1], "ret")

    def test_16_mib_in_small_pieces_pass_both_ways(self):
        self.start()
        self.assertEqual(self.play(LARGE), LARGE)

    def test_one_byte_more_than_the_limit_is_an_error_that_names_it(self):
        self.start(max_body_size=SIZE)
        self.assertEqual(self.play(b"x" * SIZE), b"x" * SIZE)
        self.assertIsNone(self.play(b"x" * (SIZE + 1)))
        self.assert_fails(TOO_LARGE % (READ, SIZE + 1, SIZE))
        self.assertIsNone(self.play(b"x" * SIZE, more=1))
        self.assert_fails(TOO_LARGE % (WRITE, SIZE + 1, SIZE))
        self.play(b"x" * SIZE, more=1, exit=True)
        self.assert_fails(TOO_LARGE % ("kong.response.exit", SIZE + 1, SIZE))
        self.play(b"x" * SIZE, exit=True)
        self.assertEqual(pb.untext(self.calls[-1][1][1]), b"x" * SIZE)
        self.assertEqual(self.play(b"and on"), b"and on")


class NativeBodies(Bodies):
    plugin = "native_body"
    plugins_dir = NATIVE


class ProtobufBodies(Bodies):
    connection = pb_gateway.PbGateway

    def in_file(self, body):
        """The gateway's answer where it has spooled the body to disk."""
        file = tempfile.NamedTemporaryFile()
        self.addCleanup(file.close)
        file.write(body)
        file.flush()
        return {"body_filepath": file.name.encode()}

    def test_a_body_in_a_file_is_read_there(self):
        self.start()
        for body in (b"", ANY_BYTES, LARGE):
            self.assertEqual(self.play(self.in_file(body)), body)

    def test_a_file_above_the_limit_is_not_read(self):
        self.start(max_body_size=SIZE)
        self.assertEqual(self.play(self.in_file(b"x" * SIZE)), b"x" * SIZE)
        self.play(self.in_file(b"x" * (SIZE + 1)))
        self.assert_fails(TOO_LARGE % (READ, SIZE + 1, SIZE))
        # What the plugin itself allows is nothing that fails, as in the gateway.
        self.play(self.in_file(b"x" * 1001), limit=1000)
        self.assert_fails("no body: request body file too big: 1001 > 1000")

    def test_a_file_that_cannot_be_read_is_a_body_that_did_not_fit(self):
        self.start()
        self.play({"body_filepath": b"/nonexistent/body"})
        self.assert_fails("no body: request body did not fit into client body buffer")


class NativeProtobufBodies(ProtobufBodies):
    plugin = "native_body"
    plugins_dir = NATIVE


class Settings(lib.WireTest):
    def test_one_plugins_own_limit_counts(self):
        server = self.serve("wire-body", "other", plugin_other_module="wire-body", max_body_size="1k",
                            plugin_other_max_body_size="2k")
        for plugin, passes in (("wire-body", False), ("other", True)):
            gateway = self.connect(server, plugin)
            calls = gateway.play(gateway.start_instance(plugin),
                                 lambda name, _: b"x" * 2048 if name == READ else None)
            self.assertEqual((WRITE, ["x" * 2048]) in calls, passes)


if __name__ == "__main__":
    lib.main()
