"""What probes and scrapers are told: /health, /ready and /metrics on status_listen."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess

import lib

GOOD = "127.0.0.2"  # who asks for what there is
ADDRESS = re.compile(r"/metrics are on http://(\S+):(\d+)")


class MetricsTest(lib.WireTest):
    def serve_status(self, *plugins, **settings):
        server = self.serve(*plugins, status_listen="127.0.0.1:0", **settings)
        server.wait_log("/metrics are on")
        self.address = ADDRESS.search(server.log()).groups()
        return server

    def get(self, path, method="GET"):
        client = http.client.HTTPConnection(*self.address, timeout=lib.PATIENCE, source_address=(GOOD, 0))
        try:
            client.request(method, path)
            response = client.getresponse()
            return response.status, response.read().decode()
        finally:
            client.close()

    def metrics(self):
        """{"name{labels}": number}"""
        status, text = self.get("/metrics")
        self.assertEqual(status, 200)
        return {key: float(value) for key, value in
                (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))}

    def wait_metrics(self, **wanted):
        """Until the outcomes of wire-do's access events are these."""
        def have():
            metrics = self.metrics()
            return all(metrics.get(self.event(outcome)) == n for outcome, n in wanted.items())
        lib.wait_until(have, str(wanted))

    @staticmethod
    def event(outcome, phase="access"):
        return 'outrigger_events_total{plugin="wire-do",phase="%s",outcome="%s"}' % (phase, outcome)

    @staticmethod
    def start(gateway, mode):
        return gateway.start_instance("wire-do", json.dumps({"mode": mode}))


class Metrics(MetricsTest):
    def test_every_way_to_end_is_counted(self):
        server = self.serve_status("wire-do", step_timeout="100ms", event_timeout="50s",
                                   stall_timeout="50s")
        g = self.connect(server)
        for mode in ("nothing", "read", "exit", "raise"):
            g.play(self.start(g, mode), lambda *_: "v")
        self.wait_metrics(ok=2, exit=1, error=1)
        g.event(self.start(g, "read"))  # and its step never comes
        self.wait_metrics(gone=1)
        g.event(self.start(g, "nothing"), "log")
        (worker,) = json.loads(self.status(server))["groups"][0]["workers"]
        spinning = self.connect(server)
        call = {"InstanceId": self.start(g, "spin"), "EventName": "access"}
        message_id = spinning.start_call("plugin.HandleEvent", call)
        before = int(lib.stat_field(worker["pid"], 11))
        lib.wait_until(lambda: int(lib.stat_field(worker["pid"], 11)) >= before + 10, "a loop")
        os.kill(worker["pid"], signal.SIGKILL)
        spinning.read_answer(message_id)
        metrics = self.metrics()  # those of the dead worker are not lost
        for outcome, n in (("ok", 2), ("exit", 1), ("error", 1), ("gone", 1), ("died", 1)):
            self.assertEqual(metrics[self.event(outcome)], n, outcome)
        self.assertEqual(metrics[self.event("ok", "log")], 1)
        self.assertEqual(metrics['outrigger_plugin_crashes_total{plugin="wire-do"}'], 1)
        self.assertEqual(metrics['outrigger_failures_answered_total{group="wire-do"}'], 2)
        labels = '{plugin="wire-do",result="started"}'
        self.assertGreaterEqual(metrics["outrigger_instance_starts_total" + labels], 5)

    def status(self, server):
        return subprocess.run([lib.BINARY, "status", "--json", "--prefix", server.prefix], check=True,
                              stdout=subprocess.PIPE, text=True, timeout=lib.PATIENCE).stdout

    def test_timeouts_are_counted(self):
        server = self.serve_status("wire-do", event_timeout="50ms")
        g = self.connect(server)
        g.play(self.start(g, "spin"), lambda *_: None)
        self.wait_metrics(timeout=1)

    def test_calls_are_counted_by_what_they_cost_and_timed(self):
        server = self.serve_status("wire-do")
        g = self.connect(server)
        g.play(self.start(g, "read"), lambda *_: "v")
        self.wait_metrics(ok=1)
        labels = '{plugin="wire-do",method="kong.request.get_header"'
        metrics = self.metrics()
        self.assertEqual(metrics["outrigger_pdk_calls_total" + labels + ',how="round_trips"}'], 1)
        self.assertEqual(metrics["outrigger_pdk_call_duration_seconds_count" + labels + "}"], 1)

    def test_short_events_and_calls_take_their_time_too(self):
        server = self.serve_status("wire-do")
        g = self.connect(server)
        instance = self.start(g, "read")
        call = 'outrigger_pdk_call_duration_seconds_sum{plugin="wire-do",method="kong.request.get_header"}'
        event = 'outrigger_%s_duration_seconds_sum{plugin="wire-do",phase="access"}'
        before = {call: 0, event % "event": 0, event % "handler": 0}
        for n in range(1, 21):  # a clock that stands still in between would miss nearly all
            g.play(instance, lambda *_: "v")
            self.wait_metrics(ok=n)
            metrics = self.metrics()
            for name, seconds in before.items():
                self.assertGreater(metrics[name], seconds, name)
                before[name] = metrics[name]

    def test_a_page_is_what_prometheus_reads(self):
        server = self.serve_status("wire-do", "wire-mp")
        g = self.connect(server, "wire-do")
        for mode in ("read", "raise"):
            g.play(self.start(g, mode), lambda *_: "v")
        result = subprocess.run(["promtool", "check", "metrics"], input=self.get("/metrics")[1],
                                check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, timeout=lib.PATIENCE)
        self.assertEqual((result.returncode, result.stdout), (0, ""))


    def test_a_handler_that_exits_has_taken_its_time(self):
        code = """function P:access()
                local start = os.clock()
                while os.clock() - start < 0.05 do end
                return kong.response.exit(200)
            end"""
        server = self.serve_code("p", code, status_listen="127.0.0.1:0", stall_timeout="20s", event_timeout="25s")
        server.wait_log("/metrics are on")
        self.address = ADDRESS.search(server.log()).groups()
        with self.connect(server) as gateway:
            gateway.event(gateway.start_instance("p"))
        metrics = lib.wait_until(lambda: self.ended(self.metrics()), "the event's end")
        taken = next(n for key, n in metrics.items() if key.startswith("outrigger_handler_duration_seconds_sum{"))
        self.assertGreater(taken, 0.03)  # processor time: no machine is too slow for it

    @staticmethod
    def ended(metrics):
        return metrics if any(n > 0 for key, n in metrics.items()
                              if key.startswith("outrigger_handler_duration_seconds_count{")) else None


class Probes(MetricsTest):
    def test_ready_means_that_every_plugin_is_served(self):
        server = self.serve_status("wire-do", "wire-mp", quarantine_after="1")
        self.assertEqual(self.get("/health")[0], 200)
        self.assertEqual(self.get("/ready"), (200, '{"ready":true,"not_served":[]}'))
        workers = [w["pid"] for g in json.loads(Metrics.status(self, server))["groups"]
                   for w in g["workers"] if g["name"] == "wire-do"]
        os.kill(workers[0], signal.SIGKILL)
        lib.wait_until(lambda: self.get("/ready")[0] == 503, "quarantine")
        self.assertEqual(self.get("/ready")[1], '{"ready":false,"not_served":["wire-do"]}')
        self.assertEqual(self.get("/health")[0], 200)

    def test_nothing_else_is_told_or_done_there(self):
        self.serve_status("wire-do")
        for path in ("/", "/status", "/reload", "/metrics/../status"):
            self.assertEqual(self.get(path)[0], 404)
        self.assertEqual(self.get("/metrics", method="POST")[0], 405)

    def test_hostile_clients_do_not_hinder_others(self):
        server = self.serve_status("wire-do")
        address = (self.address[0], int(self.address[1]))
        hostile = [socket.create_connection(address) for _ in range(30)]
        for i, client in enumerate(hostile):
            self.addCleanup(client.close)
            client.sendall((b"GET /metrics HTTP/1.1\r\nX: ", b"\x94" * 4000, b"GET " + b"/" * 8000)[i % 3])
        self.assertEqual(self.get("/ready")[0], 200)
        with server.connect() as g:
            self.assertEqual(g.play(self.start(g, "nothing"), lambda *_: "v")[-1], "ret")

    def connect_slow(self, source="127.0.0.1"):
        client = socket.create_connection((self.address[0], int(self.address[1])), source_address=(source, 0))
        self.addCleanup(client.close)
        client.setblocking(False)
        client.send(b"GET /metrics HTTP/1.1\r\nX: ")
        return client

    @staticmethod
    def goes_on(client):
        """Says one byte more."""
        try:
            client.send(b"x")
            return client.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def test_one_address_cannot_take_all_places(self):
        self.serve_status("wire-do")
        slow = [self.connect_slow() for _ in range(100)]
        self.assertEqual(self.get("/health")[0], 200)
        lib.wait_until(lambda: sum(self.goes_on(client) for client in slow) <= 16, "a quarter of 64 places")
        self.assertTrue(any(self.goes_on(client) for client in slow))
        self.assertEqual(self.get("/health")[0], 200)

    def test_slow_clients_of_many_addresses_make_room_for_a_new_one(self):
        self.serve_status("wire-do")
        slow = [self.connect_slow("127.0.1.%d" % (1 + i // 16)) for i in range(80)]
        for _ in range(5):
            self.assertEqual(self.get("/health")[0], 200)
            slow.append(self.connect_slow("127.0.1.9"))

    def test_who_never_ends_a_request_is_let_go_however_busy(self):
        self.serve_status("wire-do")
        slow = [self.connect_slow("127.0.1.%d" % (1 + i // 16)) for i in range(64)]
        lib.wait_until(lambda: not any([self.goes_on(client) for client in slow]), "their end")
        self.assertEqual(self.get("/health")[0], 200)

    def test_what_is_no_address_is_refused(self):
        for address, why in (("8007", "address"), ("localhost:8007", "address"), ("127.0.0.1:", "port"),
                             ("[::1:80", "address"), ("127.0.0.1:http", "port"), ("127.0.0.1:65536", "port"),
                             ("127.0.0.1:-1", "port")):
            server = lib.Server("wire-do", status_listen=address, start=False)
            self.addCleanup(server.remove)
            result = subprocess.run(server.command(), check=False, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True, timeout=lib.PATIENCE)
            self.assertEqual(result.returncode, 2, address)
            self.assertRegex(result.stderr, "--status-listen: %s.* is no %s: write" % (re.escape('"%s"' % address), why))

    def test_an_address_in_use_does_not_hinder_serving(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            server = self.serve("wire-do", status_listen="127.0.0.1:%d" % port)
            server.wait_log("can't listen on 127.0.0.1:%d" % port)
            with server.connect() as g:
                self.assertEqual(g.play(self.start(g, "nothing"), lambda *_: "v")[-1], "ret")
        server.wait_log("/metrics are on http://127.0.0.1:%d" % port)


if __name__ == "__main__":
    lib.main()
