"""http_bench.py - whole requests: wrk against nginx alone, with the plugin in its own Lua, and the example
gateway without a plugin and with it in plugin servers.

Gateways, upstream, load and plugin servers share the machine, so ratios hold and absolutes drift. What
is said of each gateway is checked first: the header that the plugin sets comes back.
"""

import http.client
import os
import re
import socket
import statistics
import subprocess
import time

import servers
import started

HERE = os.path.dirname(os.path.abspath(__file__))
GATEWAY = os.path.join(HERE, "..", "..", "examples", "gateway", "gateway")
MODULES = "/usr/lib/nginx/modules"
CONNECTIONS = (1, 32)
START_SECONDS = 30

NGINX = """
load_module %(modules)s/ndk_http_module.so;
load_module %(modules)s/ngx_http_lua_module.so;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    upstream echo { server 127.0.0.1:%(upstream)d; keepalive 64; }
    server { listen 127.0.0.1:%(upstream)d; keepalive_requests 1000000; return 200 "ok"; }
    server {
        listen 127.0.0.1:%(plain)d; keepalive_requests 1000000;
        location / { proxy_pass http://echo; proxy_http_version 1.1; proxy_set_header Connection ""; }
    }
    server {
        listen 127.0.0.1:%(lua)d; keepalive_requests 1000000;
        access_by_lua_block { ngx.header["x-two"] = ngx.req.get_headers()["x-one"] }
        location / { proxy_pass http://echo; proxy_http_version 1.1; proxy_set_header Connection ""; }
    }
}
"""

KONG_CONF = """
plugins = %(plugins)s
pluginserver_names = %(plugins)s
nginx_worker_processes = 1
log_level = warn
echo_listen = 127.0.0.1:%(echo)d
nginx_proxy_keepalive_requests = 1000000
nginx_proxy_access_log = off
%(servers)s
"""

PLUGIN_SERVER = """
pluginserver_%(key)s_socket = %(socket)s
pluginserver_%(key)s_query_cmd = %(query)s
"""

KONG_YML = """
_format_version: "3.0"
services:
- name: echo
  url: http://127.0.0.1:%d
  routes:
  - name: none
    paths: ["/none"]
  - name: bench
    paths: ["/bench"]
    plugins:
    - name: %s
"""


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def get(port, path):
    """(status, x-two) of a request whose x-one is "seen"; None while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", path, headers={"x-one": "seen"})
        response = connection.getresponse()
        return response.status, response.getheader("x-two")
    except OSError:
        return None
    finally:
        connection.close()


class Target:
    """Something that answers requests: name, port, path, and the process that does."""

    def __init__(self, name, process, port, path, sets_header):
        self.name, self.process, self.port, self.path = name, process, port, path
        self._wait((200, "seen" if sets_header else None))

    def _wait(self, wanted):
        end = time.monotonic() + START_SECONDS
        while (answer := get(self.port, self.path)) != wanted:
            if self.process.has_ended() or time.monotonic() > end:
                raise SystemExit("bench: %s answers %s\n%s" % (self.name, answer, self.process.log()))
            time.sleep(0.1)

    def run(self, connections, seconds):
        """Requests a second. An answer may take long where the machine has other things to do."""
        run = started.run(
            ["wrk", "-t1", "-c%d" % connections, "-d%ds" % max(1, round(seconds)), "--timeout", "60s",
             "-H", "x-one: seen", "http://127.0.0.1:%d%s" % (self.port, self.path)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if run.returncode or "Non-2xx" in run.stdout or "Socket errors" in run.stdout:
            raise SystemExit("bench: %s:\n%s" % (self.name, run.stdout))
        return float(re.search(r"Requests/sec:\s+([\d.]+)", run.stdout).group(1))


class Configured(started.Started):
    """One whose configuration is in files of its folder."""

    def write(self, name, text):
        """One of them; its path."""
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)


class Nginx(Configured):
    """nginx as upstream, alone, and with the plugin in its Lua."""

    def __init__(self):
        super().__init__("nginx")
        self.upstream, self.plain, self.lua = free_ports(3)
        path = self.write("nginx.conf", NGINX % {
            "modules": MODULES, "upstream": self.upstream, "plain": self.plain, "lua": self.lua})
        self.start(["nginx", "-p", self.folder, "-c", path, "-g", "daemon off;"])

    def targets(self):
        """Once they answer."""
        return [Target("nginx", self, self.plain, "/", False),
                Target("nginx, Lua", self, self.lua, "/", True)]


class Gateway(Configured):
    """The example gateway with one plugin server. In the foreground: what it starts is ours to end at any moment."""

    def __init__(self, server, query, upstream):
        super().__init__("gateway")
        self.port, echo = free_ports(2)
        conf = self.write("kong.conf", KONG_CONF % {
            "plugins": server.plugin, "echo": echo, "servers": PLUGIN_SERVER % {
                "key": server.plugin.replace("-", "_"), "socket": server.socket, "query": query}})
        entities = self.write("kong.yml", KONG_YML % (upstream, server.plugin))
        self.start([GATEWAY, "run", "--prefix", self.folder, "--port", str(self.port),
                    "--kong-conf", conf, "--declarative", entities])


def outrigger_gateway(options, protocol, upstream):
    """Ours behind a gateway."""
    server = servers.outrigger(options.build, "lua", protocol)
    query = "%s dump --plugins-dir=%s --plugin=bench --protocol=%s" % (
        os.path.join(options.build, "outrigger"), os.path.join(HERE, "plugins", "lua"), protocol)
    return Gateway(server, query, upstream)


def js_gateway(options, _, upstream):
    """kong-js-pdk behind a gateway."""
    query = "%s --plugins-directory %s --dump-all-plugins" % (
        servers.kong_js_program(options.js), os.path.join(HERE, "peers", "js"))
    return Gateway(servers.kong_js_pdk(options.js), query, upstream)


def start(options):
    """The targets."""
    nginx = Nginx()
    targets = nginx.targets()
    gateways = [("gateway, outrigger, " + protocol, outrigger_gateway, protocol)
                for protocol in ("msgpack", "protobuf")]
    if options.js:
        gateways.append(("gateway, kong-js-pdk", js_gateway, None))
    for name, make, protocol in gateways:
        gateway = make(options, protocol, nginx.upstream)
        if len(targets) == 2:
            targets.append(Target("gateway", gateway, gateway.port, "/none", False))
        targets.append(Target(name, gateway, gateway.port, "/bench", True))
    return targets


def measure(options):
    """{target: {connections: [requests a second, one for each round]}}"""
    with started.ending():
        targets = start(options)
        found = {target.name: {n: [] for n in CONNECTIONS} for target in targets}
        for turn in range(options.rounds):
            started.say("whole requests, round %d of %d" % (turn + 1, options.rounds))
            for n in CONNECTIONS:
                for i in range(len(targets)):
                    target = targets[(i + turn) % len(targets)]
                    found[target.name][n].append(target.run(n, options.seconds or 0.2))
    return found


def table(found):
    """As Markdown: requests a second, and the share of the gateway's without a plugin."""
    base = found["gateway"]
    lines = ["| requests/s (share of the gateway without a plugin) | %s |" % " | ".join(
        "%d connection%s" % (n, "s" * (n > 1)) for n in CONNECTIONS), "|---|%s" % ("---|" * len(CONNECTIONS))]
    for name, counts in found.items():
        cells = ["%.0f (%.2f)" % (statistics.median(counts[n]), statistics.median(
            a / b for a, b in zip(counts[n], base[n]))) for n in CONNECTIONS]
        lines.append("| %s | %s |" % (name, " | ".join(cells)))
    return "\n".join(lines)
