"""Bodies through nginx: what the gateway has in memory and what it has spooled to disk, empty, of any bytes,
and larger than max_body_size; read, changed, and given to the service and the client."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

from code_plugins import CodePlugins, code, over_protobuf  # noqa: E402

ANY_BYTES = bytes(range(256))
SPOOLED = ANY_BYTES * 4096  # 1 MiB: what Kong reads over MsgPack:1 takes time with the square of its length
LIMIT = 256 << 10
EXIT_WITH_IT = 'kong.response.exit(200, (assert(kong.request.get_raw_body())))'


class Bodies(CodePlugins):
    CONF = "client_body_buffer_size = 16k\n"

    def test_any_body_comes_back_from_memory_and_from_disk(self):
        self.use(code(access=EXIT_WITH_IT))
        for body in (b"", b"\0", ANY_BYTES, SPOOLED):
            self.assertEqual(self.http(method="POST", body=body).body, body)

    def test_16_mib_arrive(self):
        self.use(code(access="""
            local body = kong.request.get_raw_body()
            kong.response.exit(200, #body .. body:sub(-256))"""))
        self.assertEqual(self.http(method="POST", body=SPOOLED * 16).body, b"16777216" + ANY_BYTES)

    def test_a_spooled_body_can_be_changed_on_its_way(self):
        self.use(code(access="""
            kong.service.request.set_raw_body(kong.request.get_raw_body():sub(1, 40000):reverse())"""))
        body = b"0123456789" * 5000
        echo = self.http(method="POST", body=body).json()
        self.assertEqual(echo["body"].encode(), body[:40000][::-1])

    def test_json_on_disk_is_decoded(self):
        self.use(code(access="kong.response.exit(200, tostring(#kong.request.get_body().list))"))
        body = b'{"list": [%s]}' % b",".join([b"1"] * 50000)
        response = self.http(method="POST", headers={"Content-Type": "application/json"}, body=body)
        self.assertEqual(response.text, "50000")

    def test_the_services_body_is_read_and_replaced(self):
        self.use(code("e2e-all", response="""
            kong.response.exit(200, (kong.service.response.get_raw_body():sub(1, 1)))"""))
        self.assertEqual(self.http().text, "{")


class TooLarge(CodePlugins):
    CONF = "client_body_buffer_size = 16k\n"
    OPTIONS = ("--max-body-size=%d" % LIMIT,)

    def assert_refused(self, response, function, size):
        self.assertEqual(response.status, 500)
        self.wait_outrigger_log("%s: a body of %d bytes; at most %d are allowed (max_body_size)" % (
            function, size, LIMIT))

    def test_a_larger_one_is_an_error_that_names_the_setting(self):
        self.use(code(access=EXIT_WITH_IT))
        self.assertEqual(len(self.http(method="POST", body=b"x" * LIMIT).body), LIMIT)
        self.assert_refused(self.http(method="POST", body=b"x" * (LIMIT + 1)),
                            "kong.request.get_raw_body", LIMIT + 1)

    def test_one_that_is_set_too(self):
        self.use(code(access='kong.service.request.set_raw_body(("x"):rep(%d))' % (LIMIT + 1)))
        self.assert_refused(self.http(), "kong.service.request.set_raw_body", LIMIT + 1)

    def test_a_plugin_can_catch_it(self):
        self.use(code(access="""
            local ok, err = pcall(kong.request.get_raw_body)
            kong.response.exit(413, tostring(ok) .. ": " .. err)"""))
        response = self.http(method="POST", body=b"x" * (LIMIT + 1))
        self.assertEqual(response.status, 413)
        self.assertRegex(response.text, r"^false: .*\(max_body_size\)$")


over_protobuf(globals())


class LargeBothWays(CodePlugins):
    """Not over MsgPack:1, where the gateway takes minutes to read it."""

    PROTOCOL = "protobuf"

    def test_16_mib_come_back(self):
        self.use(code(access=EXIT_WITH_IT))
        self.assertTrue(self.http(method="POST", body=SPOOLED * 16).body == SPOOLED * 16)


if __name__ == "__main__":
    unittest.main(verbosity=2)
