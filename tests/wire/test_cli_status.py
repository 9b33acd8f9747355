"""`outrigger status` and `outrigger reload`, and the admin socket of a server that serves."""
import json
import os
import signal
import socket
import stat
import subprocess
import threading

import lib


class StatusTest(lib.WireTest):
    def setUp(self):
        self.dir = self.temp_dir()
        self.admin = os.path.join(self.dir, "outrigger_admin.sock")

    def serve_here(self, *plugins, **settings):
        return self.serve(*(plugins or ("wire-do",)), prefix=self.dir, **settings)

    def command(self, *args, prefix=None):
        return subprocess.run([lib.BINARY, *args, "--prefix", prefix or self.dir], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=lib.PATIENCE)

    def status(self):
        result = self.command("status", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def assert_fails(self, result, code, *texts):
        self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
        for text in texts:
            self.assertIn(text, result.stderr)


class Status(StatusTest):
    def test_it_tells_what_a_server_does(self):
        server = self.serve_here("wire-do", "wire-mp", single=True)
        g = self.connect(server)
        g.event(g.start_instance("wire-do", '{"mode":"read"}'))
        with server.connect() as h:
            h.play(h.start_instance("wire-do", '{"mode":"raise"}'), lambda *_: None)
        lib.wait_until(lambda: self.status()["groups"][0]["connections"] == 1, "the connection's end")
        status = self.status()
        self.assertEqual(status["pid"], server.process.pid)
        group, = status["groups"]
        worker, = group["workers"]
        self.assertEqual(worker["state"], "ready")
        self.assertEqual((group["instances"], group["events"], group["answered"]), (2, 1, 1))
        self.assertEqual([(p["name"], p["version"], p["protocol"], p["answered"])
                          for p in group["plugins"]],
                         [("wire-do", "1.2.3", "MsgPack:1", 1), ("wire-mp", "0.1.0", "MsgPack:1", 0)])
        self.assertIn("access", group["plugins"][0]["phases"])

    def test_it_is_a_page_of_80_columns(self):
        self.serve_here("wire-do", "wire-mp")
        result = self.command("status")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        lines = result.stdout.splitlines()
        self.assertTrue(all(len(line) <= 80 for line in lines), result.stdout)
        self.assertRegex(result.stdout, r"(?m)^wire-do +1\.2\.3 +MsgPack:1")

    def test_health_is_an_exit_code(self):
        self.serve_here("wire-do", "wire-mp", quarantine_after="1")
        result = self.command("health")
        self.assertEqual((result.returncode, result.stdout), (0, "all plugins are served\n"))
        os.kill(self.status()["groups"][0]["workers"][0]["pid"], signal.SIGKILL)
        lib.wait_until(lambda: self.command("health").returncode == 1, "quarantine")
        self.assertRegex(self.command("health").stdout, r"\Awire-do is not served: .*signal 9")

    def test_top_prints_pages(self):
        self.serve_here()
        result = self.command("top", "--count", "2")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout.count("EVENTS/S"), 2)
        self.assertTrue(all(len(line) <= 80 for line in result.stdout.splitlines()))
        self.assert_fails(self.command("top", "--count", "0"), 2, "--count 0")

    def test_without_a_server_it_says_where_it_looked(self):
        for command in ("status", "reload", "health", "top"):
            self.assert_fails(self.command(command), 1, self.admin, "no server answers")
            self.assert_fails(self.command(command, prefix="/nowhere"), 1, "/nowhere")

    def test_the_socket_of_a_killed_server_is_no_server(self):
        server = self.serve_here()
        server.process.kill()
        server.wait_end()
        self.assertTrue(os.path.exists(self.admin))
        self.assert_fails(self.command("status"), 1, "no server answers")
        self.serve_here()
        self.assertEqual(len(self.status()["groups"]), 1)

    def test_the_socket_is_private_and_goes_with_the_server(self):
        server = self.serve_here()
        self.assertEqual(stat.S_IMODE(os.stat(self.admin).st_mode), 0o600)
        server.stop()
        self.assertFalse(os.path.exists(self.admin))

    def test_it_may_be_off_or_elsewhere(self):
        server = self.serve_here(admin_listen="off")
        self.assertFalse(os.path.exists(self.admin))
        self.assert_fails(self.command("status", "--admin-listen", "off"), 2, "admin_listen is off")
        server.stop()
        folder = os.path.join(self.dir, "d" * 100)
        os.mkdir(folder)
        self.admin = os.path.join(folder, "admin")
        self.serve_here(admin_listen=self.admin)
        result = self.command("status", "--admin-listen", self.admin)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_socket_that_can_not_be_made_does_not_keep_a_server_from_serving(self):
        server = self.serve_here(admin_listen="/nowhere/admin")
        with server.connect() as g:
            g.start_instance("wire-do", '{"mode":"nothing"}')
        server.wait_log("/nowhere")

    def test_a_successor_answers_once_its_predecessor_is_gone(self):
        first = self.serve_here()
        g = self.connect(first)
        event = g.event(g.start_instance("wire-do", '{"mode":"read"}'))["EventId"]
        first.signal()
        first.wait_log("leaving")
        second = self.serve_here()
        g.step(event, "v")
        lib.wait_until(lambda: self.command("status").returncode == 0 and
                       self.status()["pid"] == second.process.pid, "the successor's status")

    def test_what_is_no_outrigger_is_called_so(self):
        answers = (b"", b"hello\n", b"HTTP/1.0 200 OK\r\n\r\nhello", b"HTTP/1.0 200 OK\r\n\r\n[1]",
                   b"HTTP/1.0 200 OK\r\n\r\n{}")
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.admin)
        listener.listen(8)

        def serve():
            for answer in answers:
                self.accept_call(listener).close()  # it only looks whether anybody is there
                with self.accept_call(listener) as peer:
                    peer.recv(65536)
                    peer.sendall(answer)
        thread = threading.Thread(target=serve)
        thread.start()
        for _ in answers:
            self.assert_fails(self.command("status"), 1, "no outrigger")
        thread.join()

    @staticmethod
    def accept_call(listener):
        return listener.accept()[0]


class Hostile(StatusTest):
    def test_bad_clients_disturb_nobody(self):
        server = self.serve_here()
        good = self.connect(server)
        instance = good.start_instance("wire-do", '{"mode":"read"}')
        clients = []
        for n in range(100):
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(lib.PATIENCE)
            self.addCleanup(client.close)
            try:
                client.connect(self.admin)
                client.setblocking(False)
                client.send((b"GET /status HTTP/1.1\r\nX: ", b"\x00\xff" * 5000,
                             b"POST /reload HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n",
                             b"")[n % 4])
            except OSError:  # it is full, or was let go already
                pass
            clients.append(client)
            self.assertEqual(good.play(instance, lambda *_: "v")[-1], "ret")
        for client in clients:
            client.close()
        lib.wait_until(lambda: self.command("status").returncode == 0, "room for a good client")
        self.assertEqual(self.status()["groups"][0]["connections"], 1)


if __name__ == "__main__":
    lib.main()
