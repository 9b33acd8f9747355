"""Programs that come over a network: who gets in, and the keys that `outrigger keygen` makes."""
import json
import os
import socket
import stat

import lib
import zmq
from remote_guests import GuestTest, outrigger
from remote_programs import JAVASCRIPT

# ZMTP 3.0's first 64 bytes, of a client with the mechanism NULL.
WITHOUT_KEY = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)


class Keys(GuestTest):
    def setUp(self):
        super().setUp()
        self.use_tcp()

    def test_one_with_the_right_key_serves_over_a_network(self):
        guest = self.come()
        server = self.begin()
        self.assertEqual(self.served_by(server), guest.pid)
        second = self.come()
        guest.end()
        self.wait_served_by(server, second)

    def refuse(self, text, **keys):
        stranger = self.come(**keys)
        server = self.serve(self.plugin, start=False, **self.options())
        server.start()
        server.wait_log(text)
        guest = self.come()
        server.wait_ready()
        self.assertEqual(self.served_by(server), guest.pid)
        self.assertIsNone(stranger.process.poll())

    def test_one_with_another_key_is_refused_and_logged(self):
        outrigger("keygen", "stranger", "--to", self.folder)
        with open(os.path.join(self.folder, "stranger.program.key"), encoding="utf-8") as file:
            stranger = json.load(file)
        with open(self.keys["key"], encoding="utf-8") as file:
            stranger["peers"] = json.load(file)["peers"]
        path = os.path.join(self.folder, "knows-us.key")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(stranger, file)
        self.refuse("its public key %s is not in listen_key" % stranger["public"], key=path)

    def test_one_that_takes_us_for_another_is_refused_and_logged(self):
        outrigger("keygen", "stranger", "--to", self.folder)
        self.refuse("was not let in", key=os.path.join(self.folder, "stranger.program.key"))

    def test_one_without_a_key_is_refused_and_logged(self):
        self.refuse("it came without a key", key="")

    def stranger(self, data=b""):
        plain = socket.create_connection(self.endpoint[6:].split(":"), lib.PATIENCE)
        self.addCleanup(plain.close)
        plain.sendall(data)
        return plain

    def test_strangers_get_nowhere_while_a_program_serves(self):
        guest = self.come()
        server = self.begin()
        self.stranger(WITHOUT_KEY)
        server.wait_log("it came without a key")
        self.stranger().close()
        server.wait_log("it hung up")
        self.stranger(b"GET / HTTP/1.1\r\n\r\n" * 1000)
        self.assertEqual(self.served_by(server), guest.pid)

    def test_what_a_stranger_says_without_a_key_is_not_heard(self):
        guest = self.come()
        server = self.begin()
        context = zmq.Context()
        self.addCleanup(context.destroy, 0)
        with context.socket(zmq.DEALER) as stranger:
            stranger.linger = 0
            stranger.connect(self.endpoint)
            stranger.send(b"\x94\x01\x06\x01\x90")
            server.wait_log("somebody was not let in")  # whichever end sees first that there is no key
            self.assertEqual(self.served_by(server), guest.pid)


class KeysInJavaScript(Keys):
    LANGUAGE = JAVASCRIPT


class Keygen(lib.WireTest):
    def test_it_makes_two_files_for_their_owners_alone_and_says_what_to_set(self):
        folder = self.temp_dir()
        done = outrigger("keygen", "my-plugin", "--to", folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        ours, theirs = (os.path.join(folder, "my-plugin" + end) for end in (".key", ".program.key"))
        self.assertIn("plugin_my_plugin_listen_key = %s\n" % ours, done.stdout)
        self.assertIn("PLUGIN_KEY=%s\n" % theirs, done.stdout)
        files = []
        for path in (ours, theirs):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with open(path, encoding="utf-8") as file:
                files.append(json.load(file))
        self.assertEqual(files[0]["peers"], [files[1]["public"]])
        self.assertEqual(files[1]["peers"], [files[0]["public"]])
        self.assertNotIn(files[0]["secret"], done.stdout + done.stderr)

    def test_it_replaces_nothing(self):
        folder = self.temp_dir()
        path = os.path.join(folder, "p.program.key")
        with open(path, "w", encoding="utf-8") as file:
            file.write("mine")
        done = outrigger("keygen", "p", "--to", folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("%s is there already" % path, done.stderr)
        self.assertEqual(os.listdir(folder), ["p.program.key"])
        self.assertNotEqual(outrigger("keygen", "../p", "--to", folder).returncode, 0)

    def check(self, *words):
        done = outrigger("check", "--prefix", self.temp_dir(), "--plugin", "p", "--load-timeout", "1s", *words)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("Sanitizer", done.stderr)
        return done.stdout + done.stderr

    def test_settings_that_can_not_be_are_refused_with_what_to_do(self):
        folder = self.temp_dir()
        outrigger("keygen", "p", "--to", folder)
        key, open_key, no_key = (os.path.join(folder, name) for name in ("p.key", "open.key", "no.key"))
        for path, text, mode in ((open_key, "{}", 0o644), (no_key, "{}", 0o600)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, mode)
        place, tcp = "--plugin-p-listen", "tcp://127.0.0.1:1"
        for words, text in (
                ((place, tcp), "make keys with `outrigger keygen p`"),
                ((place, "pgm://x"), "make keys with `outrigger keygen p`"),
                ((place, "ipc://relative"), "is no place to listen at"),
                ((place, "ipc:///" + "x" * 200), "is no place to listen at"),
                ((place, "tcp://localhost:7000", "--plugin-p-listen-key", key), "is no place to listen at"),
                ((place, "tcp://127.0.0.1", "--plugin-p-listen-key", key), "is no place to listen at"),
                ((place, tcp, "--plugin-p-listen-key", open_key), "chmod 600"),
                ((place, tcp, "--plugin-p-listen-key", no_key), "is no file of `outrigger keygen`"),
                ((place, tcp, "--plugin-p-listen-key", key + "x"), "No such file"),
                ((place, "ipc:///tmp/x", "--plugin-p-exec", "true"), "has exec as well"),
                ((place, "ipc:///tmp/x", "--workers", "2"), "set its workers to 1"),
                (("--plugin-p-heartbeat-timeout", "0.1s"), "is too short"),
                ((place, "ipc://%s/place" % folder), "no program has come within")):
            with self.subTest(words):
                self.assertIn(text, self.check(*words))

    def test_what_is_no_socket_stays(self):
        path = os.path.join(self.temp_dir(), "file")
        with open(path, "w", encoding="utf-8") as file:
            file.write("mine")
        self.assertIn("Address already in use", self.check("--plugin-p-listen", "ipc://" + path))
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")


if __name__ == "__main__":
    lib.main()
