"""ProtoBuf:1 on the wire: exact bytes, events, pipelining, failures, and what leaves a connection.

What it lacks is in test_protobuf_lacks.py."""
import struct

import lib
import pb
import pb_gateway
from pb_gateway import JSON_TYPE, UNEXPECTED, ProtobufTest


def frame(payload):
    return struct.pack("<I", len(payload)) + payload


class Bytes(ProtobufTest):
    def test_calls_in_any_order_of_fields(self):
        self.gateway.send_bytes(bytes.fromhex("0d000000") + b"\x9a\x02\x02\x08\x07\x08\x05" + b"\x08\x05" * 3)
        self.assertEqual(self.gateway.read_frame(), b"\x08\x05")

    def test_an_event_byte_by_byte(self):
        instance = self.start("read")
        event = b"\x08" + pb.varint(instance) + b"\x12\x06access"
        call = b"\x08\x03\xa2\x02" + pb.varint(len(event)) + event
        for byte in frame(call):
            self.gateway.send_bytes(bytes([byte]))
        self.assertEqual(self.gateway.read_frame(), b"kong.request.get_header")
        self.assertEqual(self.gateway.read_frame(), b"\x0a\x03x-1")
        self.gateway.send_bytes(frame(b"\x0a\x01b"))
        self.assertEqual(self.gateway.read_frame(), b"")
        self.assertEqual(self.gateway.read_frame(), b"\x08\x03")

    def test_both_protocols_take_turns_on_one_connection(self):
        instance = self.start("read")
        plain = self.connect(self.server, "wire-do")
        plain.socket.close()
        plain.socket = self.gateway.socket
        for _ in range(3):
            self.assertEqual(plain.play(instance, lambda *_: "v"),
                             [("kong.request.get_header", ["x-1"]), "ret"])
            self.assertEqual(self.gateway.play(instance, lambda *_: "v"),
                             [("kong.request.get_header", ["x-1"]), "ret"])

    def test_a_message_over_the_limit_ends_the_connection(self):
        self.gateway.send_bytes(struct.pack("<I", 200 << 20) + b"\x08")
        self.assertEqual(self.gateway.read_to_end(), b"")
        self.server.wait_log("max_message_size")
        self.assert_still_serves()

    def test_an_empty_frame_and_a_broken_message_end_it_too(self):
        for data in (b"\0\0\0\0", frame(b"\x08"), frame(b"\x08\x01\x9a\x02\x7f")):
            gateway = self.connect_pb()
            gateway.send_bytes(data)
            self.assertNotIn(b"\x08", gateway.read_to_end())
        self.assert_still_serves()


class Events(ProtobufTest):
    def test_reads_and_the_end(self):
        calls = self.gateway.play(self.start("read", count=2), lambda name, args: "v")
        self.assertEqual(calls, [("kong.request.get_header", ["x-1"]),
                                 ("kong.request.get_header", ["x-2"]), "ret"])

    def test_many_connections_at_once(self):
        instance = self.start("read")
        gateways = [self.connect_pb() for _ in range(20)]
        for gateway in gateways:
            gateway.start_event(instance)
        for gateway in reversed(gateways):
            self.assertEqual(gateway.read_call(), ("kong.request.get_header", ["x-1"]))
        for gateway in gateways:
            gateway.answer("kong.request.get_header", "v")
            self.assertIsNone(gateway.read_call())

    def test_close_instance_is_answered(self):
        self.assertEqual(self.gateway.close_instance(self.start("nothing")), {"sequence": 3})

    def header(self, headers):
        """What kong.request.get_header("X-1") returns, and the calls that it takes."""
        answers = {"kong.request.get_header": "", "kong.request.get_headers": headers}
        told, calls = self.outcome("kong.request.get_header", "'X-1'", answers)
        return told["values"], calls

    def test_an_absent_header_is_nil_and_an_empty_one_is_not(self):
        asked = ["kong.request.get_header", "kong.request.get_headers"]
        self.assertEqual(self.header({"x-1": "", "y": "z"}), ([""], asked))
        self.assertEqual(self.header({"y": "z"}), ([], asked))


class Pipelining(ProtobufTest):
    def test_one_read_and_five_writes_are_two_waits(self):
        gateway, instance = self.player(
            ["kong.response.set_header", ["a", "1"]], ["kong.response.set_header", ["b", "2"]],
            ["kong.request.get_method", []], ["kong.response.set_status", [201]],
            ["kong.response.clear_header", ["c"]], ["kong.log.err", ["x"]])
        gateway.start_event(instance)
        waits, names, withheld = 0, [], 0
        while names[-1:] != ["end"]:
            if not gateway.has_frame():
                self.assertLess(waits, 3)
                waits += 1
                gateway.receive()
            call = gateway.read_call()
            names.append(call[0] if call else "end")
            if names[-1] == "kong.request.get_method":
                for _ in range(withheld):
                    gateway.send_frame(b"")
                gateway.answer("kong.request.get_method", "GET")
                withheld = 0
            else:
                withheld += 1
        self.assertEqual(len(names), 7)
        self.assertEqual(waits, 2)
        # Only now come the answers of what was written; then the connection serves on.
        for _ in range(withheld - 1):
            gateway.send_frame(b"")
        gateway.start_event(instance, "log")
        self.assertIsNone(gateway.read_call())

    def test_more_writes_than_fit_are_waited_for(self):
        calls = [["kong.response.set_header", ["a", str(i)]] for i in range(1000)]
        self.assertEqual(len(self.play(*calls)), 1001)

    def test_a_gateway_that_breaks_off_ends_the_event(self):
        gateway, instance = self.player(["kong.response.set_header", ["a", "1"]],
                                        ["kong.request.get_method", []])
        gateway.start_event(instance)
        gateway.read_call()
        gateway.read_call()
        gateway.close()
        self.server.wait_log("the gateway has gone away in kong.request.get_method")
        self.assert_still_serves()


class Failures(ProtobufTest):
    settings = {"drain_timeout": "100ms"}

    def test_a_handler_that_raises_logs_and_exits_in_one_write(self):
        self.gateway.start_event(self.start("raise"))
        self.gateway.receive()
        calls = [self.gateway.read_call(), self.gateway.read_call()]
        self.assert_fails(calls, "[wire-do] access failed", "boom", "stack traceback")

    def test_after_a_terminal_call_the_connection_stays_until_the_gateway_ends_it(self):
        calls = self.gateway.play(self.start("exit"), None)
        self.assertEqual(calls, [("kong.response.exit", [403, '{"message":"no"}', JSON_TYPE])])
        self.gateway.socket.settimeout(0.05)
        with self.assertRaises(TimeoutError):
            self.gateway.receive()
        self.assert_still_serves()

    def test_in_the_log_phase_the_event_ends(self):
        self.assertEqual(self.gateway.play(self.start("raise"), None, "log"), ["ret"])

    def test_an_unknown_instance_is_told_by_a_function_of_that_name(self):
        self.gateway.start_event(99)
        self.assertEqual(self.gateway.read_frame(), b"no plugin instance 99")
        self.assertEqual(self.gateway.read_frame(), b"")

    def test_an_unknown_phase_is_refused(self):
        self.gateway.start_event(self.start("nothing"), "nonsense")
        self.assertEqual(self.gateway.read_call(), ("kong.response.exit", [500, UNEXPECTED, JSON_TYPE]))

    def test_a_conf_that_is_refused_ends_the_connection_unanswered(self):
        self.gateway.start_call("cmd_start_instance", {"name": b"wire-do", "config": b"no"})
        self.assertEqual(self.gateway.read_to_end(), b"")
        self.server.wait_log("an instance can't be started")
        self.assert_still_serves()

    def test_an_unknown_plugin_too(self):
        self.gateway.start_call("cmd_start_instance", {"name": b"nobody", "config": b"{}"})
        self.assertEqual(self.gateway.read_to_end(), b"")

    def test_a_result_where_none_is_due_ends_the_connection(self):
        self.gateway.play(self.start("exit"), None)
        self.gateway.send_frame(b"")
        self.assertEqual(self.gateway.read_to_end(), b"")

    def test_a_result_that_is_no_message_fails_the_event(self):
        self.gateway.start_event(self.start("read"))
        self.gateway.read_call()
        self.gateway.send_frame(b"\xff\xff")
        self.assert_fails([self.gateway.read_call(), self.gateway.read_call()],
                          "kong.request.get_header: the gateway's answer is no String")

    def test_leaving_in_the_middle_of_an_event_fails_it(self):
        self.gateway.start_event(self.start("read"))
        self.gateway.read_call()
        self.server.signal()
        self.server.wait_end()
        self.assert_fails([self.gateway.read_call(), self.gateway.read_call()], "outrigger has to end")
        self.assertEqual(self.gateway.read_to_end(), b"")


class Refused(ProtobufTest):
    """One connection too many."""

    settings = {"max_connections": 1}

    def setUp(self):
        super().setUp()
        self.instance = self.start("nothing")
        self.refused = self.connect_pb()

    def test_an_event_fails_closed_and_is_not_tried_again(self):
        self.refused.start_event(self.instance)
        self.assert_fails([self.refused.read_call(), self.refused.read_call()], "outrigger has to end")
        self.assertEqual(self.refused.read_to_end(), b"")
        self.server.wait_log("max_connections")
        self.assertEqual(self.gateway.play(self.instance, None), ["ret"])

    def test_an_event_that_comes_byte_by_byte_too(self):
        event = pb.encode("RpcCall", {"sequence": 9, "cmd_handle_event": {"instance_id": self.instance,
                                                                          "event_name": b"access"}})
        for byte in frame(event):
            self.refused.send_bytes(bytes([byte]))
        self.assert_fails([self.refused.read_call(), self.refused.read_call()])

    def test_an_instance_is_not_started(self):
        for config in ("{}", "x" * 100000):
            gateway = self.connect_pb()
            gateway.start_call("cmd_start_instance", {"name": b"wire-do", "config": config.encode()})
            self.assertEqual(gateway.read_to_end(), b"")

    def test_over_msgpack_it_is_an_unfinished_message(self):
        gateway = self.connect(self.server, "wire-do")
        gateway.send_bytes(b"\x94")
        self.assertEqual(gateway.read_to_end(), lib.UNFINISHED)


class Open(ProtobufTest):
    settings = {"on_error": "open"}

    def test_a_failure_is_logged_and_the_event_ends(self):
        calls = self.gateway.play(self.start("raise"), lambda *_: None)
        self.assertEqual([call[0] for call in calls[:-1]], ["kong.log.err"])
        self.assertEqual(calls[-1], "ret")


if __name__ == "__main__":
    lib.main()
