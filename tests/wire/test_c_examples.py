"""The examples in C, asked to do what their READMEs promise."""
import hashlib
import hmac
import json
import os
import shutil
import tempfile
import time

import c_examples
from c_examples import NAMES, run
import lib


class Examples(lib.WireTest):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="outrigger-")
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.prefix, cls.plugins = c_examples.build(cls.dir)

    def start(self, name, /, **conf):
        gateway = self.connect(self.serve(name, plugins_dir=self.dir, c_plugin_path=self.plugins))
        return gateway, gateway.start_instance(name, json.dumps(conf))

    def play(self, gateway, instance, answers, phase="access"):
        return gateway.play(instance, lambda method, args: answers.get(method), phase)

    def test_pkg_config_gives_the_folder_of_the_header(self):
        found = [os.path.join(folder, "pkgconfig") for folder, dirs, _ in os.walk(self.prefix)
                 if "pkgconfig" in dirs]
        flags = run("pkg-config", "--cflags-only-I", "outrigger", PKG_CONFIG_PATH=":".join(found))
        self.assertTrue(os.path.exists(os.path.join(flags.strip()[2:], "outrigger.h")), flags)

    def test_plugins_export_nothing_but_their_struct(self):
        for name in NAMES:
            symbols = run("nm", "-D", "--defined-only", os.path.join(self.plugins, name + ".so"))
            self.assertEqual([line.split()[-1] for line in symbols.splitlines()], ["outrigger_plugin"])

    def check(self, *args):
        return run(lib.BINARY, "check", "--c-plugin-path", self.plugins, "--plugins", ",".join(NAMES), *args)

    def test_check_says_which_protocol_is_spoken(self):
        found = self.check("--kong-version", "3.9")
        for name in NAMES:
            self.assertIn(name + ": ok: speaks ProtoBuf:1: ", found)
        self.assertNotIn("lets them pass", found)
        found = self.check()
        for name in NAMES:
            self.assertIn(name + ": ok: speaks MsgPack:1: ", found)
        self.assertRegex(found, "(?m)^request-signature: note: .*lets them pass")

    def test_dump_tells_of_them(self):
        for name in NAMES:
            info = json.loads(run(lib.BINARY, "dump", "--c-plugin-path", self.plugins, "--plugin", name))
            plugin = info["Plugins"][0] if isinstance(info, dict) else info[0]
            self.assertEqual(plugin["Name"], name)

    def test_header_tag(self):
        gateway, instance = self.start("header-tag", name="X-A", tag="b")
        self.assertEqual(self.play(gateway, instance, {}),
                         [("kong.service.request.set_header", ["X-A", "b"]), "ret"])
        self.assertEqual(self.play(gateway, instance, {}, "response")[1:],
                         [("kong.response.set_header", ["X-A", "b"]), "ret"])
        present = {"kong.response.get_header": "other"}
        self.assertEqual(self.play(gateway, instance, present, "response")[1:], ["ret"])

    def lets_in(self, gateway, instance, address):
        calls = self.play(gateway, instance, {"kong.client.get_forwarded_ip": address})
        if calls[1] != "ret":
            self.assertEqual((calls[1][0], calls[1][1][0]), ("kong.response.exit", 403))
        return calls[1] == "ret"

    def test_ip_list(self):
        gateway, instance = self.start(
            "ip-list", allow=["10.0.0.0/8", "192.0.2.7", "2001:db8::/33", "::1"], deny=["10.1.2.0/23"])
        for address in ("10.0.0.1", "10.255.255.255", "10.1.4.0", "10.1.1.255", "192.0.2.7",
                        "::ffff:10.0.0.1", "2001:db8::1", "2001:db8:7fff::", "::1"):
            with self.subTest(address):
                self.assertTrue(self.lets_in(gateway, instance, address))
        for address in ("11.0.0.0", "9.255.255.255", "10.1.2.0", "10.1.3.255", "::ffff:10.1.3.1",
                        "192.0.2.6", "2001:db8:8000::", "2001:db9::", "::", "::2"):
            with self.subTest(address):
                self.assertFalse(self.lets_in(gateway, instance, address))

    def test_ip_list_that_only_denies(self):
        gateway, instance = self.start("ip-list", deny=["0.0.0.0/0"])
        self.assertFalse(self.lets_in(gateway, instance, "8.8.8.8"))
        self.assertTrue(self.lets_in(gateway, instance, "2001:db8::1"))

    def test_ip_list_refuses_what_is_no_network(self):
        gateway = self.connect(self.serve("ip-list", plugins_dir=self.dir, c_plugin_path=self.plugins))
        for bad in ("10.0.0.0/33", "10.0.0/8", "::/129", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/8x", "host"):
            with self.subTest(bad), self.refuses("allow: '%s' is no address or CIDR network" % bad):
                gateway.start_instance("ip-list", json.dumps({"allow": [bad]}))

    SECRET = "0123456789abcdef"

    def sign(self, seconds, method="POST", path="/o?x=1", body=b"\x00\xff", secret=SECRET):
        text = "\n".join([str(seconds), method, path, ""]).encode() + body
        return "t=%d,v1=%s" % (seconds, hmac.new(secret.encode(), text, hashlib.sha256).hexdigest())

    def signed(self, header, **answers):
        gateway, instance = self.start("request-signature", secret=self.SECRET, header="X-S", tolerance=60)
        calls = self.play(gateway, instance, {
            "kong.request.get_header": header, "kong.request.get_method": "POST",
            "kong.request.get_path_with_query": "/o?x=1", "kong.request.get_raw_body": b"\x00\xff",
            **answers})
        return calls[-1] if calls[-1] == "ret" else (calls[-1][0], calls[-1][1][0])

    def test_request_signature_accepts_what_is_signed(self):
        self.assertEqual(self.signed(self.sign(int(time.time()))), "ret")

    def test_request_signature_refuses_everything_else(self):
        now, refused = int(time.time()), ("kong.response.exit", 401)
        good = self.sign(now)
        for header in (None, "", "x", good[:-1], good + "0", good[:-1] + "g", good.upper(),
                       self.sign(now - 7200), self.sign(now + 7200),
                       self.sign(now, method="GET"), self.sign(now, path="/o"),
                       self.sign(now, body=b"\x00"), self.sign(now, secret="another secret..."),
                       good.replace(str(now), "99999999999999999999999")):
            with self.subTest(header):
                self.assertEqual(self.signed(header), refused)


if __name__ == "__main__":
    lib.main()
