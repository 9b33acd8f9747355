"""Cosockets in Outrigger, compared with a real nginx: tests/conformance/socket, and peers.py for whom they talk to."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import conformance  # noqa: E402
import harness  # noqa: E402
import peers  # noqa: E402

NGINX = """
    resolver 127.0.0.1:%d ipv6=off;
    lua_ssl_trusted_certificate %s;
    lua_ssl_protocols TLSv1.2 TLSv1.3;
    lua_ssl_verify_depth 1;
    lua_socket_log_errors off;
"""


class Sockets(conformance.Conformance):
    PATTERN = "socket/*.lua"

    @classmethod
    def setUpClass(cls):
        folder = harness.tempfile.mkdtemp()
        cls.addClassCleanup(harness.shutil.rmtree, folder)
        cls.peers = peers.Peers(folder)
        cls.addClassCleanup(cls.peers.close)
        cls.ARGUMENT = cls.peers.lua()
        dns = cls.peers.ports["dns"]
        cls.SETTINGS = NGINX % (dns, cls.peers.ca)
        cls.OPTIONS = ("--event-timeout=55s", "--stall-timeout=30s",
                       "--dns-resolver=127.0.0.1:%d" % dns,
                       "--lua-ssl-trusted-certificate=" + cls.peers.ca)
        super().setUpClass()

    def test_outrigger_says_what_nginx_says(self):
        self.compare()


if __name__ == "__main__":
    unittest.main()
