"""What becomes of a plugin's sockets: who has them, when they end, who waits. What they say is compared with nginx in
tests/conformance/socket."""
import os
import select
import socket

import lib

MANY = 1000


class Peer:
    """A server on loopback whose connections the test has in its hands."""

    def __init__(self, test, backlog=1024):
        self.listener = socket.socket()
        test.addCleanup(self.listener.close)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(backlog)
        self.listener.settimeout(lib.PATIENCE)
        self.port = self.listener.getsockname()[1]

    def accept(self):
        conn = self.listener.accept()[0]
        conn.settimeout(lib.PATIENCE)
        return conn

    def is_quiet(self):
        return not select.select([self.listener], [], [], 0)[0]


class Sockets(lib.WireTest):
    def open(self, handler, peer=None, **settings):
        self.peer = peer or Peer(self)
        self.server = self.serve_code("p", handler % {"port": self.peer.port}, **settings)
        self.gateway = self.connect(self.server)
        self.instance = self.gateway.start_instance("p")

    def begin(self, gateway):
        """An event whose handler waits."""
        gateway.waits = gateway.start_call("plugin.HandleEvent",
                                           {"InstanceId": self.instance, "EventName": "access"})

    def finish(self, gateway):
        """What the handler of that event has logged, until it ended."""
        result, texts = gateway.read_answer(gateway.waits), []
        while result["Data"] != "ret":
            texts += result["Data"]["Args"]
            result = gateway.step(result["EventId"])
        return texts

    def logged(self):
        said = self.gateway.play(self.instance, lambda method, args: None)
        return [args[0] for method, args in said[:-1]]

    def assert_ended(self, conn):
        self.assertEqual(conn.recv(1), b"")
        conn.close()

    def test_a_thousand_handlers_wait_at_once_and_others_are_served_meanwhile(self):
        self.open("""
            local first = true
            function P:access()
                if first == nil then kong.log.notice("another") return end
                local sock = ngx.socket.tcp()
                sock:settimeout(50000)
                assert(sock:connect("127.0.0.1", %(port)d))
                assert(sock:receive() == "now")
                sock:close()
            end
            function P:log() first = nil end""", event_timeout="55s", stall_timeout="30s", max_events=4 * MANY,
                  max_connections=4 * MANY)
        gateways = [self.connect(self.server) for _ in range(MANY)]
        for gateway in gateways:
            self.begin(gateway)
        conns = [self.peer.accept() for _ in range(MANY)]
        # All wait now, and nobody has been answered. An event that needn't wait ends before them.
        self.gateway.play(self.instance, lambda method, args: None, phase="log")
        self.assertRegex(self.logged()[0], "another$")
        early = select.select([g.socket for g in gateways], [], [], 0)[0]
        self.assertEqual([g.read() for g in gateways if g.socket in early], [])
        for conn in conns:
            conn.sendall(b"now\n")
        for gateway in gateways:
            self.assertEqual(self.finish(gateway), [])
        for conn in conns:
            self.assert_ended(conn)

    def test_sockets_end_with_their_event(self):
        self.open("""
            function P:access()
                kept = kept or ngx.socket.tcp()
                kong.log.notice(tostring(kept:send("x")), " ", tostring(kept:connect("127.0.0.1", %(port)d)))
            end""")
        for _ in range(2):
            self.assertRegex(self.logged()[0], "nil 1$")
            self.assert_ended(self.peer.accept())

    def test_a_thread_that_is_killed_takes_the_socket_it_waits_for_along(self):
        self.open("""
            local calls = {
                function(sock) sock:receive() end,
                function(sock) sock:sslhandshake() end,
            }
            function P:access()
                local socks, threads, said = {}, {}, {}
                for i, call in ipairs(calls) do
                    local ready = require("ngx.semaphore").new()
                    socks[i] = ngx.socket.tcp()
                    threads[i] = ngx.thread.spawn(function()
                        assert(socks[i]:connect("127.0.0.1", %(port)d))
                        ready:post()
                        call(socks[i])
                    end)
                    assert(ready:wait(3600))
                end
                for i in ipairs(calls) do
                    said[#said + 1] = tostring(ngx.thread.kill(threads[i]))
                    said[#said + 1] = select(2, socks[i]:receive())
                    said[#said + 1] = select(2, socks[i]:close())
                end
                kong.log.notice(table.concat(said, " "))
            end""")
        self.begin(self.gateway)
        result = self.gateway.read_answer(self.gateway.waits)
        self.assertIn(" 1 closed closed 1 closed closed", result["Data"]["Args"][0])
        for _ in range(2):
            conn = self.peer.accept()
            while conn.recv(4096):
                pass
            conn.close()
        self.gateway.step(result["EventId"])

    def test_an_exit_ends_them(self):
        self.open("""
            function P:access()
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", %(port)d))
                pcall(kong.response.exit, 403)
            end""")
        self.gateway.play(self.instance, lambda method, args: None)
        self.assert_ended(self.peer.accept())

    def test_an_event_that_waits_for_too_long_fails_and_its_sockets_end(self):
        self.open("""
            function P:access()
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", %(port)d))
                pcall(sock.receive, sock)
            end""", event_timeout="0.3s")
        said = self.gateway.play(self.instance, lambda method, args: None)
        self.assertEqual(said[-1][0], "kong.response.exit")
        self.assertEqual(said[-1][1][0], 503)
        self.assert_ended(self.peer.accept())

    def test_a_socket_of_another_event_is_refused(self):
        self.open("""
            local kept
            function P:access()
                if kept then
                    for _, name in ipairs({ "send", "receive", "close", "setkeepalive", "connect" }) do
                        local args = name == "connect" and { "127.0.0.1", %(port)d } or name == "send" and { "x" } or {}
                        kong.log.notice(select(2, pcall(kept[name], kept, unpack(args))))
                    end
                    return
                end
                kept = ngx.socket.tcp()
                assert(kept:connect("127.0.0.1", %(port)d))
                kept:receive()
            end""")
        other = self.connect(self.server)
        self.begin(other)
        conn = self.peer.accept()
        texts = self.logged()
        self.assertEqual(len(texts), 5)
        for text in texts:
            self.assertRegex(text, "bad request$")
        conn.sendall(b"\n")
        self.assertEqual(self.finish(other), [])

    def test_several_in_one_handler_and_pools_between_events(self):
        self.open("""
            function P:access()
                local socks = {}
                for i = 1, 3 do
                    socks[i] = ngx.socket.tcp()
                    assert(socks[i]:connect("127.0.0.1", %(port)d, { pool = "p", pool_size = 2 }))
                end
                for i = 1, 3 do
                    kong.log.notice(socks[i]:getreusedtimes())
                    assert(socks[i]:setkeepalive(60000))
                end
            end""")
        self.assertEqual([t.split()[-1] for t in self.logged()], ["0", "0", "0"])
        conns = [self.peer.accept() for _ in range(3)]
        self.assert_ended(conns.pop(0))
        self.assertEqual(sorted(t.split()[-1] for t in self.logged()), ["0", "1", "1"])
        # What the peer ends is not in the pool any more.
        for conn in conns:
            conn.close()
        lib.wait_until(lambda: [t.split()[-1] for t in self.logged()].count("0") >= 1, "a new connection")

    def test_idle_ones_end_in_time(self):
        self.open("""
            function P:access()
                local sock = assert(ngx.socket.connect("127.0.0.1", %(port)d))
                assert(sock:setkeepalive(50))
            end""")
        self.logged()
        self.assert_ended(self.peer.accept())

    def test_who_waits_for_a_pool_goes_on_when_there_is_room(self):
        self.open("""
            function P:access()
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", %(port)d, { pool = "p", pool_size = 1, backlog = 5 }))
                assert(sock:send("here\\n") and sock:receive() == "now")
                kong.log.notice(sock:getreusedtimes())
                assert(sock:setkeepalive())
            end""")
        by_socket = {gateway.socket: gateway for gateway in (self.connect(self.server) for _ in range(3))}
        for gateway in by_socket.values():
            self.begin(gateway)
        conn = self.peer.accept()
        for times in range(3):
            self.assertEqual(conn.recv(5), b"here\n")
            conn.sendall(b"now\n")
            ready = select.select(list(by_socket), [], [], lib.PATIENCE)[0]
            self.assertEqual(len(ready), 1)
            self.assertRegex(self.finish(by_socket.pop(ready[0]))[0], "%d$" % times)
        self.assertTrue(self.peer.is_quiet())

    def test_timers_and_init_worker_have_them_too(self):
        self.open("""
            local function talk(name)
                local sock = assert(ngx.socket.connect("127.0.0.1", %(port)d))
                assert(sock:send(name .. "\\n"))
                kong.log.notice(name, " got ", sock:receive())
            end
            function P:init_worker() talk("init_worker") end
            function P:access() ngx.timer.at(0, function() talk("timer") end) end""")
        for name in (b"init_worker", b"timer"):
            conn = self.peer.accept()
            self.assertEqual(conn.makefile("rb").readline(), name + b"\n")
            conn.sendall(b"an answer\n")
            self.server.wait_log(name.decode() + " got an answer")
            self.assert_ended(conn)
            if name == b"init_worker":
                self.logged()

    def test_a_place_that_does_not_answer(self):
        peer = Peer(self, backlog=0)
        is_open = True
        while is_open:  # until its queue is full
            client = socket.socket()
            self.addCleanup(client.close)
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", peer.port))
            is_open = bool(select.select([], [client], [], 0.5)[1])
        self.open("""
            function P:access()
                local sock = ngx.socket.tcp()
                sock:settimeout(20)
                kong.log.notice(tostring(sock:connect("127.0.0.1", %(port)d)), select(2, sock:connect("127.0.0.1", %(port)d)))
                kong.log.notice(select(2, sock:send("x")))
            end""", peer)
        texts = self.logged()
        self.assertRegex(texts[0], "niltimeout$")
        self.assertRegex(texts[1], "closed$")

    def test_nothing_waits_while_a_plugin_is_loaded(self):
        self.open("""
            local ok, err = pcall(ngx.socket.tcp)
            function P:access() kong.log.notice(tostring(ok), " ", err) end -- %(port)d""")
        self.assertRegex(self.logged()[0], "false .*API disabled in the current context$")

    def test_without_a_network_only_unix_sockets_are_there(self):
        path = os.path.join(self.temp_dir(), "peer.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            self.open("""
                function P:access()
                    kong.log.notice(select(2, ngx.socket.connect("127.0.0.1", %(port)d)))
                    kong.log.notice(select(2, ngx.socket.connect("a.test", 80)))
                    kong.log.notice(select(2, ngx.socket.udp():setpeername("127.0.0.1", 53)))
                    kong.log.notice(tostring(assert(ngx.socket.connect("unix:""" + path + """")):close()))
                end""", plugin_p_network="off", dns_resolver="127.0.0.1:1")
            texts = self.logged()
        self.assertRegex(texts[0], "operation not permitted: the plugin's network is off$")
        self.assertRegex(texts[1], "a.test could not be resolved .the plugin's network is off.$")
        self.assertRegex(texts[2], "operation not permitted: the plugin's network is off$")
        self.assertRegex(texts[3], "1$")

    def test_the_hosts_file_comes_first(self):
        hosts = os.path.join(self.temp_dir(), "hosts")
        with open(hosts, "w", encoding="utf-8") as file:
            file.write("127.0.0.1 here.test\n")
        self.open("""
            function P:access()
                kong.log.notice(tostring(assert(ngx.socket.connect("here.test", %(port)d)):close()))
            end""", dns_hostsfile=hosts)
        self.assertRegex(self.logged()[0], "1$")

    def test_a_handler_that_waits_for_a_name_ends_in_time(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            self.open("""
                function P:access() ngx.socket.connect("a.test", %(port)d) end""", event_timeout="0.3s",
                      dns_resolver="127.0.0.1:%d" % silent.getsockname()[1])
            said = self.gateway.play(self.instance, lambda method, args: None)
            self.assertEqual(said[-1][1][0], 503)
            said = self.gateway.play(self.instance, lambda method, args: None)
            self.assertEqual(said[-1][1][0], 503)


if __name__ == "__main__":
    lib.main()
