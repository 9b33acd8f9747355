"""What the example gateway does around plugin servers: failures, instances, processes."""

import json
import os
import socket
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import msgpack  # noqa: E402
import harness  # noqa: E402
import scripted_pb_server  # noqa: E402
import pb  # noqa: E402
import scripted_server  # noqa: E402

SERVER_PROGRAM = os.path.join(os.path.dirname(scripted_server.__file__), "scripted_server.py")
BOB = "a53dd145-d298-4d60-8a5a-6d3b4f0b1f2c"
UNEXPECTED = "An unexpected error occurred"


def calls(*list_of_calls):
    return json.dumps([list(call) for call in list_of_calls])


class FailingServer(scripted_server.ScriptedServer):
    """Answers a method (HandleEvent, ...) with what `fail` holds for it, once or always."""

    def __init__(self, path):
        self.fail = {}
        self.once = {}
        self.notice = None
        super().__init__(path)

    def reply(self, message):
        method = message[2].split(".")[1]
        failure = self.once.pop(method, self.fail.get(method))
        if failure == "close":
            return None
        if failure == "half":
            return scripted_server.HALF
        if failure == "hang":
            return b""
        if failure is not None:
            return msgpack.packb([1, message[1], failure, None])
        before = msgpack.packb([2, "serverPid", self.notice]) if self.notice else b""
        return before + super().reply(message)


class FailingPbServer(scripted_pb_server.ScriptedPbServer):
    """Meets the next events, one for each, with what `failures` holds: bytes, and "close" or how many
    results are read before the next call."""

    def __init__(self, path):
        self.failures = []
        self.refuses = False
        super().__init__(path)

    def on_cmd_start_instance(self, *call):
        if self.refuses:
            raise EOFError
        super().on_cmd_start_instance(*call)

    def on_cmd_handle_event(self, connection, *call):
        if not self.failures:
            return super().on_cmd_handle_event(connection, *call)
        data, then = self.failures.pop(0)
        connection.sendall(data)
        if then == "close":
            raise EOFError
        for _ in range(then):
            self._read_frame(connection, call[0])
        return None

    def count(self, command):
        with self.lock:
            return [name for name, _ in self.messages].count(command)


class Plugins(harness.E2E):
    """A gateway with scripted plugins; each is (name, phases, priority)."""

    PLUGINS = (("one", ["access", "log"], 1000),)
    SERVER = FailingServer

    def setUp(self):
        super().setUp()
        self.server = self.SERVER(self.stage.path("plugins.sock"))
        self.addCleanup(self.server.close)

    def conf(self, fields=(), more=""):
        lines = ["plugins = bundled," + ",".join(p[0] for p in self.PLUGINS),
                 "pluginserver_names = " + ",".join(p[0] for p in self.PLUGINS), more]
        for name, phases, priority in self.PLUGINS:
            path = self.stage.path(name + ".json")
            with open(path, "wb") as file:
                file.write(scripted_server.dump(name, phases, priority, fields,
                                                self.SERVER.PROTOCOL))
            lines.append("pluginserver_%s_socket = %s" % (name, self.server.path))
            lines.append("pluginserver_%s_query_cmd = cat %s" % (name, path))
        return "\n".join(lines) + "\n"

    @staticmethod
    def yml(plugins, plugins_everywhere=(), consumers=()):
        """A service with the echo upstream and one route with these plugins."""
        return json.dumps({
            "_format_version": "3.0", "plugins": list(plugins_everywhere),
            "consumers": list(consumers),
            "services": [{"name": "echo", "url": "http://127.0.0.1:@ECHO_PORT@", "routes": [
                {"name": "all", "paths": ["/"], "plugins": list(plugins)}]}]})

    def start(self, plugins=({"name": "one"},), more="", fields=(), env=None, **options):
        return self.start_gateway(self.conf(fields, more), self.yml(plugins, **options), env=env)


class Failures(Plugins):
    def test_an_error_text_lets_the_request_through_and_is_logged(self):
        gateway = self.start()
        self.server.fail["HandleEvent"] = "handler broke"
        self.assertEqual(gateway.http().status, 200)
        gateway.wait_log("handler broke")

    def test_a_connection_that_ends_lets_the_request_through(self):
        gateway = self.start()
        self.server.fail["HandleEvent"] = "close"
        self.assertEqual(gateway.http().status, 200)
        gateway.wait_log("no data")

    def test_a_connection_that_ends_in_a_message_is_a_500(self):
        gateway = self.start()
        self.server.fail["HandleEvent"] = "half"
        self.assertEqual(gateway.http().status, 500)

    def test_an_instance_that_cannot_start_is_a_500(self):
        gateway = self.start()
        self.server.fail["StartInstance"] = "conf is bad"
        response = gateway.http(headers={"Accept": "application/json"})
        self.assertEqual(response.status, 500)
        self.assertEqual(response.json()["message"], UNEXPECTED)
        self.assertIn("conf is bad", gateway.wait_log("starting instance"))

    def test_an_unreachable_server_is_a_500_at_first_and_passed_by_later(self):
        gateway = self.start()
        os.rename(self.server.path, self.server.path + ".away")
        self.assertEqual(gateway.http().status, 500)
        harness.wait_for(lambda: gateway.error_log().count("trying to connect") == 2,
                         "access and log to fail")
        os.rename(self.server.path + ".away", self.server.path)
        self.assertEqual(gateway.http().status, 200)
        harness.wait_for(lambda: len(self.server.sent("HandleEvent")) == 2, "access and log")
        os.rename(self.server.path, self.server.path + ".away")
        for connection in self.server.open_connections():
            connection.shutdown(socket.SHUT_RDWR)
        self.assertEqual(gateway.http().status, 200)

    def test_a_server_that_hangs_is_passed_by_after_the_read_timeout(self):
        gateway = self.start(more="nginx_http_lua_socket_read_timeout = 100ms")
        self.server.fail["HandleEvent"] = "hang"
        self.assertEqual(gateway.http().status, 200)
        gateway.wait_log("no data")

    def test_a_lost_instance_is_started_again_and_the_event_repeated(self):
        gateway = self.start()
        self.server.once["HandleEvent"] = "No Plugin Instance 7"
        self.assertEqual(gateway.http().status, 200)
        self.assertEqual(len(self.server.sent("StartInstance")), 2)

    def test_another_server_pid_makes_all_instances_start_again(self):
        gateway = self.start()
        self.server.notice = 10
        gateway.http()
        gateway.http()
        self.assertEqual(len(self.server.sent("StartInstance")), 1)
        self.server.notice = 11
        gateway.http()
        gateway.http()
        harness.wait_for(lambda: len(self.server.sent("StartInstance")) >= 2, "a new instance")


class ProtobufFailures(Plugins):
    PLUGINS = (("one", ["access"], 1000),)
    SERVER = FailingPbServer
    UNKNOWN = scripted_pb_server.frame(b"kong.no.such") + scripted_pb_server.frame(b"")
    NO_INSTANCE = scripted_pb_server.frame(b"No plugin instance 7") + scripted_pb_server.frame(b"")

    def check_refused(self, gateway, word):
        response = gateway.http(headers={"Accept": "application/json"})
        self.assertEqual((response.status, response.json()["message"]), (500, UNEXPECTED))
        gateway.wait_log(word)

    def test_a_function_that_does_not_exist_is_a_500(self):
        gateway = self.start()
        self.server.failures = [(self.UNKNOWN, 1)]
        self.check_refused(gateway, 'method "kong.no.such" not found')
        self.assertEqual(self.server.count("cmd_handle_event"), 1)

    def test_one_whose_name_says_that_there_is_no_instance_starts_it_again(self):
        gateway = self.start()
        self.server.failures = [(self.NO_INSTANCE, 1)]
        self.assertEqual(gateway.http().status, 200)
        self.assertEqual(self.server.count("cmd_start_instance"), 2)

    def test_a_connection_that_ends_has_the_event_repeated_until_one_does_not(self):
        gateway = self.start()
        self.server.failures = [(b"", "close"), (b"\x05\0\0\0kong", "close"), (b"", "close")]
        self.assertEqual(gateway.http().status, 200)
        self.assertEqual(self.server.count("cmd_handle_event"), 4)
        self.assertEqual(self.server.count("cmd_start_instance"), 4)

    def test_a_server_that_hangs_is_a_500_after_the_read_timeout(self):
        gateway = self.start(more="nginx_http_lua_socket_read_timeout = 100ms")
        self.server.failures = [(b"", 1)]
        self.check_refused(gateway, "pluginserver error: timeout")

    def test_an_instance_that_cannot_start_is_a_500(self):
        gateway = self.start()
        self.server.refuses = True
        self.check_refused(gateway, "starting instance: closed")

    def test_an_unreachable_server_is_a_500_also_for_a_started_instance(self):
        gateway = self.start()
        self.assertEqual(gateway.http().status, 200)
        os.rename(self.server.path, self.server.path + ".away")
        for connection in self.server.open_connections():
            connection.shutdown(socket.SHUT_RDWR)
        self.check_refused(gateway, "trying to connect")

    def test_calls_and_the_end_may_come_in_one_write(self):
        gateway = self.start()
        calls = b"".join(self.set_header(name) for name in ("x-a", "x-b"))
        end = scripted_pb_server.frame(b"") + scripted_pb_server.rpc_return(3)
        self.server.failures = [(calls + end, 2)]
        response = gateway.http()
        self.assertEqual((response.header("x-a"), response.header("x-b")), ("1", "1"))
        self.assertEqual(gateway.http().status, 200)
        self.assertEqual(self.server.connections, 1)

    @staticmethod
    def set_header(name):
        arguments = {"k": name.encode(), "v": {"string_value": b"1"}}
        return scripted_pb_server.frame(b"kong.response.set_header") + \
            scripted_pb_server.frame(pb.encode("KV", arguments))


class Order(Plugins):
    PLUGINS = (("low", ["access", "log"], 10), ("high", ["access", "log"], 20),
               ("early", ["rewrite", "access"], 1))

    def events(self):
        """(plugin, phase) of all events so far."""
        names = {i: c["__key__"].split(":")[1] for i, c in self.server.instances.items()}
        return [(names[e["InstanceId"]], e["EventName"]) for e in self.server.sent("HandleEvent")]

    def events_before_log(self):
        return [event for event in self.events() if event[1] != "log"]

    def test_plugins_run_by_priority_and_rewrite_only_for_global_ones(self):
        gateway = self.start([{"name": "low"}, {"name": "high"}, {"name": "early"}])
        gateway.http()
        self.assertEqual(self.events_before_log(), [("high", "access"), ("low", "access"),
                                                    ("early", "access")])
        gateway.post_config(self.yml([{"name": "low"}], [{"name": "early"}]))
        del self.server.messages[:]
        gateway.http()
        self.assertEqual(self.events_before_log(), [("early", "rewrite"), ("low", "access"),
                                                    ("early", "access")])

    def test_an_exit_keeps_later_plugins_from_access_but_log_runs_for_those_before(self):
        gateway = self.start([{"name": "low"}, {"name": "high", "config": {
            "calls": calls(["kong.response.exit", [418, "tea"]])}}])
        response = gateway.http()
        self.assertEqual((response.status, response.body), (418, b"tea"))
        harness.wait_for(lambda: ("high", "log") in self.events(), "the log event")
        self.assertNotIn(("low", "access"), self.events())

    def test_a_consumer_who_authenticates_gets_the_configuration_made_for_them(self):
        gateway = self.start(
            [{"name": "high", "config": {
                "calls": calls(["kong.client.authenticate", [{"id": BOB}]])}}],
            plugins_everywhere=[{"name": "low", "consumer": "bob"}],
            consumers=[{"id": BOB, "username": "bob"}])
        gateway.http()
        confs = [json.loads(p["Config"]) for p in self.server.sent("StartInstance")]
        self.assertEqual([c.get("consumer_id") for c in confs], [None, BOB])

    def test_response_phases_see_and_change_what_the_upstream_answered(self):
        self.PLUGINS = (("late", ["response"], 1),)
        gateway = self.start([{"name": "late", "config": {"phase": "response", "calls": calls(
            ["kong.response.set_header", ["x-late", "yes"]],
            ["kong.service.response.get_raw_body", []])}}])
        response = gateway.http(path="/text")
        self.assertEqual(response.header("x-late"), "yes")
        self.assertEqual(response.body, b"upstream ok\n")
        self.assertEqual(self.server.sent("Step")[-1]["Data"], b"upstream ok\n")


class Configuration(Plugins):
    FIELDS = [
        {"list": {"type": "array", "elements": {"type": "string"}, "default": []}},
        {"map": {"type": "map", "keys": {"type": "string"}, "values": {"type": "number"},
                 "default": {}}},
        {"nested": {"type": "record", "fields": [
            {"deep": {"type": "number", "default": 0.1}}, {"unset": {"type": "string"}}]}},
        {"secret": {"type": "string", "referenceable": True}},
    ]

    def test_defaults_and_empty_containers_and_secrets_are_filled_in(self):
        gateway = self.start([{"name": "one", "config": {"secret": "{vault://env/my-secret}"}}],
                             fields=self.FIELDS, env={"MY_SECRET": "s3"})
        gateway.http()
        text = self.server.sent("StartInstance")[0]["Config"]
        conf = json.loads(text)
        self.assertIn('"list":[]', text)
        self.assertIn('"map":{}', text)
        self.assertEqual(conf["nested"], {"deep": 0.1})
        self.assertEqual(conf["secret"], "s3")
        self.assertEqual(conf["$refs"], {"secret": "{vault://env/my-secret}"})

    def check_refused(self, conf, yml, word):
        gateway = self.start_gateway(conf, yml, wait=False)
        harness.wait_for(lambda: not gateway.alive(), "the gateway to give up")
        self.assertIn(word, gateway.stderr() + gateway.error_log())

    def test_a_configuration_against_the_schema_is_refused(self):
        self.check_refused(self.conf(self.FIELDS), self.yml(
            [{"name": "one", "config": {"list": "text", "none": 1}}]), "expected an array")

    def test_an_unknown_plugin_is_refused(self):
        self.check_refused(self.conf(), self.yml([{"name": "two"}]), "plugin 'two' not enabled")

    def test_a_query_command_that_prints_no_json_is_refused(self):
        self.check_refused(
            "plugins = one\npluginserver_names = one\n"
            "pluginserver_one_query_cmd = echo loading; echo '[]'\n",
            self.yml([]), "failed decoding plugin info")

    def test_only_the_first_plugin_of_a_server_is_known(self):
        two = json.dumps(json.loads(scripted_server.dump("one", ["access"]))
                         + json.loads(scripted_server.dump("two", ["access"])))
        self.check_refused(
            "plugins = one,two\npluginserver_names = one\npluginserver_one_query_cmd = "
            "echo '%s'\n" % two, self.yml([]), "two plugin is enabled but not installed")

    def test_a_new_configuration_restarts_instances_and_closes_the_old(self):
        gateway = self.start()
        gateway.http()
        self.assertEqual(gateway.post_config(self.yml([{"name": "one"}])).status, 201)
        gateway.http()
        first, second = [json.loads(p["Config"]) for p in self.server.sent("StartInstance")]
        self.assertEqual(self.server.sent("CloseInstance"), [1])
        self.assertEqual(first["__plugin_id"], second["__plugin_id"])
        self.assertLess(first["__seq__"], second["__seq__"])

    def test_a_wrong_configuration_leaves_the_old_one_in_force(self):
        gateway = self.start()
        self.assertEqual(gateway.post_config(self.yml([{"name": "two"}])).status, 400)
        self.assertEqual(gateway.http().status, 200)


class Processes(harness.E2E):
    """Plugin servers that the gateway starts itself."""

    def start(self):
        path = self.stage.path("one.json")
        with open(path, "wb") as file:
            file.write(scripted_server.dump("one", ["access"]))
        return self.start_gateway(
            "plugins = one\npluginserver_names = one\n"
            "pluginserver_one_query_cmd = cat %s\n"
            "pluginserver_one_start_cmd = /usr/bin/python3 %s @PREFIX@/one.socket\n"
            % (path, SERVER_PROGRAM),
            Plugins.yml([{"name": "one", "config": {
                "calls": calls(["kong.response.set_header", ["x-plugin", "ran"]])}}]))

    def pids(self, gateway):
        return harness.processes_with(gateway.prefix + "/one.socket")

    def wait_plugin(self, gateway):
        harness.wait_for(lambda: gateway.http().header("x-plugin") == "ran", "the plugin")

    def test_worker_0_starts_them_and_logs_their_output_and_ends_them(self):
        gateway = self.start()
        self.wait_plugin(gateway)
        pid, = self.pids(gateway)
        gateway.wait_log("[one:%d] serving on " % pid)
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            parent = int(file.read().rsplit(")", 1)[1].split()[1])
        self.assertIn("worker process", harness.read_text("/proc/%d/cmdline" % parent))
        gateway.stop()
        harness.wait_for(lambda: not self.pids(gateway), "the end of the plugin server")

    def test_they_are_started_again_after_their_end(self):
        gateway = self.start()
        self.wait_plugin(gateway)
        pid, = self.pids(gateway)
        os.kill(pid, 9)
        harness.wait_for(lambda: self.pids(gateway) not in ([], [pid]), "another process")
        self.wait_plugin(gateway)
        gateway.wait_log("external pluginserver 'one' terminated")

    def test_a_reload_hands_over_to_new_workers(self):
        gateway = self.start()
        self.wait_plugin(gateway)
        old, = self.pids(gateway)
        gateway.reload()
        harness.wait_for(lambda: self.pids(gateway) not in ([], [old])
                         and old not in self.pids(gateway), "a new plugin server")
        self.wait_plugin(gateway)


class Proxying(harness.E2E):
    def start(self, service_url="http://127.0.0.1:@ECHO_PORT@/base", route=None):
        return self.start_gateway("", json.dumps({
            "_format_version": "3.0",
            "services": [{"name": "s", "url": service_url, "retries": 1,
                          "routes": [route or {"name": "r", "paths": ["/r"]}]}]}))

    def test_the_upstream_gets_the_rest_of_the_path_and_who_asked(self):
        echo = self.start().http("POST", "/r/a%20b?x=1", {"X-Mine": "yes"}, b"body").json()
        self.assertEqual((echo["method"], echo["uri"], echo["body"]),
                         ("POST", "/base/a%20b?x=1", "body"))
        self.assertEqual(echo["headers"]["x-mine"], "yes")
        self.assertEqual(echo["headers"]["x-forwarded-prefix"], "/r")
        self.assertEqual(echo["headers"]["x-forwarded-for"], "127.0.0.1")

    def test_a_request_without_a_route_is_a_404(self):
        response = self.start().http(path="/other")
        self.assertEqual(response.status, 404)
        self.assertEqual(response.json()["message"], "no Route matched with those values")

    def test_an_upstream_that_is_not_there_is_a_502(self):
        port, = harness.free_ports(1)
        response = self.start("http://127.0.0.1:%d" % port).http(
            path="/r", headers={"Accept": "application/json"})
        self.assertEqual(response.status, 502)
        self.assertIn("invalid response was received", response.json()["message"])

    def test_routes_match_by_method_host_and_header(self):
        gateway = self.start(route={"name": "r", "methods": ["PUT"], "hosts": ["*.example.com"],
                                    "headers": {"x-kind": ["a", "b"]}})
        headers = {"Host": "api.example.com", "X-Kind": "b"}
        self.assertEqual(gateway.http("PUT", "/x", headers).json()["path"], "/base/x")
        for method, wrong in (("GET", {}), ("PUT", {"Host": "example.org"}),
                              ("PUT", {"X-Kind": "c"})):
            self.assertEqual(gateway.http(method, "/x", {**headers, **wrong}).status, 404)


if __name__ == "__main__":
    unittest.main()
