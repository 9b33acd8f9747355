"""Cosockets in Outrigger, compared with a real nginx: tests/conformance/socket, and peers.py for whom they talk to."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import conformance  # noqa: E402
import harness  # noqa: E402
import peers  # noqa: E402
from code_plugins import code  # noqa: E402

NGINX = """
    resolver 127.0.0.1:%d;
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

    def run_lua(self, text):
        """What a plugin's text returns, of which `peers` is a table of whom to talk to."""
        response = self.ask(code(access="""
            local peers, ssl = %s, require "ngx.ssl"
            local function open(port)
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", port))
                return sock
            end
            local function talk(sock, steps)
                assert(sock:send(steps .. "\\n"))
                return sock:receive()
            end
            kong.response.exit(200, (function() %s end)())""" % (self.ARGUMENT, text)))
        self.assertEqual(response.status, 200, response.text + self.outrigger_log())
        return response.text

    # The judge is older than tlshandshake and DER.

    def test_tlshandshake_takes_its_options_in_a_table(self):
        text = self.run_lua("""
            local chain, key = ssl.parse_pem_cert(peers.cert), ssl.parse_pem_priv_key(peers.key)
            local sock = open(peers.demanding)
            local session = assert(sock:tlshandshake({ server_name = "tls.test", ssl_verify = true,
                client_cert = chain, client_priv_key = key }))
            local said = talk(sock, "cert")
            sock = open(peers.demanding)
            assert(sock:tlshandshake({ reused_session = session, client_cert = chain, client_priv_key = key }))
            said = said .. ", " .. talk(sock, "say:again%0A")
            sock = open(peers.tls)
            assert(sock:tlshandshake({ reused_session = false, server_name = "tls.test" }) == true)
            return said .. ", " .. talk(sock, "name")""")
        self.assertEqual(text, "a certificate, again, tls.test")

    def test_tlshandshake_says_what_is_wrong(self):
        text = self.run_lua("""
            local chain, found = ssl.parse_pem_cert(peers.cert), {}
            local function try(options)
                local sock = open(peers.tls)
                local _, ok, err = pcall(sock.tlshandshake, sock, options)
                found[#found + 1] = tostring(ok) .. " " .. tostring(err)
            end
            try("options")
            try({ client_cert = chain })
            try({ client_cert = "text", client_priv_key = "text" })
            try({ server_name = "other.test", ssl_verify = true })
            return table.concat(found, "\\n")""").splitlines()
        for line, why in zip(text, ("bad options arg: table expected",
                                    "client certificate supplied without corresponding private key",
                                    "bad cert arg", "certificate host mismatch"), strict=True):
            self.assertIn(why, line)

    def test_certificates_and_keys_in_der_do_as_those_in_pem(self):
        text = self.run_lua("""
            local chain = assert(ssl.parse_der_cert(ssl.cert_pem_to_der(peers.cert .. peers.ca)))
            local key = assert(ssl.parse_der_priv_key(ssl.priv_key_pem_to_der(peers.locked_key, "secret")))
            local sock = open(peers.demanding)
            assert(sock:setclientcert(chain, key))
            assert(sock:sslhandshake(false, "tls.test", true))
            return talk(sock, "cert")""")
        self.assertEqual(text, "a certificate")

    def test_what_is_no_der_is_refused(self):
        text = self.run_lua("""
            local found, der = {}, ssl.cert_pem_to_der(peers.cert)
            local function try(name, ...)
                local value, err = ssl[name](...)
                found[#found + 1] = tostring(value) .. " " .. tostring(err)
            end
            try("parse_der_cert", "")
            try("parse_der_cert", peers.cert)
            try("parse_der_cert", der:sub(1, 100))
            try("parse_der_cert", der .. "more")
            try("parse_der_priv_key", "")
            try("parse_der_priv_key", der)
            return table.concat(found, "\\n")""")
        self.assertEqual(text.splitlines(), [
            "nil invalid argument", "nil d2i_X509_bio() failed", "nil d2i_X509_bio() failed",
            "nil d2i_X509_bio() failed in rest of chain", "nil invalid argument", "nil d2i_PrivateKey_bio() failed"])

    def test_what_belongs_to_the_clients_handshake_says_so(self):
        for name in ("set_cert", "server_name", "clear_certs", "get_req_ssl_pointer"):
            text = self.run_lua("return select(2, pcall(ssl.%s))" % name)
            self.assertIn("ngx.ssl.%s is not available in Outrigger: the handshake is in the gateway" % name, text)


if __name__ == "__main__":
    unittest.main()
