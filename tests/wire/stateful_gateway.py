"""stateful_gateway.py - a gateway that keeps a request: what a function sets, others give back.

Each function of the PDK that a plugin can ask is what Kong 3.9.1's own does (kong/pdk/*.lua) with the
state of one request: its method, headers, query and body, the response, ngx.ctx. To add a function, add a
method whose name is the function's with '_' for '.'; what has none gives a constant of its type.
"""
import json
import re
import urllib.parse

import pb
import pdk_calls

TRUSTED = True  # trusted_ips holds the client's address


def replace_dashes(name):
    return name.lower().replace("-", "_")


class Request:
    """The request, as its PDK functions see it."""

    def __init__(self):
        self.method = "GET"
        self.request_line = ("HEAD", "a=9&c&d")  # what Kong falls back to for a request that failed early
        self.headers = [("host", "example.com"), ("x-a", "1"), ("x-two", "1"), ("x-two", "2"),
                        ("content-type", "text/plain"), ("content-length", "5"), ("x-forwarded-proto", "http"),
                        ("x-forwarded-host", "proxy:81"), ("x-forwarded-path", "/p"), ("x-forwarded-prefix", "/q")]
        self.query = "a=1&b=2&b=3&flag"
        self.body = "a=b&c"
        self.status = 200
        self.response_headers = [("content-type", "text/html"), ("x-r", "1"), ("x-two", "1"), ("x-two", "2")]
        self.shared = {}
        self.ctx = {
            "route": {"id": "r", "protocols": ["http", "https"]},
            "service": {"id": "s", "name": "n"},
            "balancer_data": {"host": "b", "port": 80},
            "plugin_id": "p",
            "router_matches": {"uri_captures": {"unnamed": ["x"], "named": {"k": "v"}}},
            "buffered_status": 201,
            "buffered_headers": {"Content-Type": "application/json", "X-Up": "1", "X-Two": ["1", "2"]},
            "buffered_body": '{"a":1}',
            "buffered_proxying": "for a response handler",
        }

    # ---- the client ----

    def client_authenticate(self, consumer=None, credential=None):
        self.ctx["authenticated_consumer"] = consumer
        self.ctx["authenticated_credential"] = credential

    def client_get_consumer(self):
        return self.ctx.get("authenticated_consumer")

    def client_get_credential(self):
        return self.ctx.get("authenticated_credential")

    def client_get_protocol(self, *_):
        route = self.ctx.get("route")
        if not route:
            return None
        if len(route["protocols"]) == 1:
            return route["protocols"][0]
        forwarded = self.request_get_header("X-Forwarded-Proto")
        return "https" if TRUSTED and forwarded == "https" else "http"

    def client_tls_set_client_verify(self, v):
        self.ctx["CLIENT_VERIFY_OVERRIDE"] = v

    # ---- ngx.ctx ----

    def nginx_get_ctx(self, key):
        return self.ctx.get(key)

    def nginx_set_ctx(self, key, value=None):
        self.ctx[key] = value

    def ctx_shared_get(self, key):
        return self.shared.get(key)

    def ctx_shared_set(self, key, value=None):
        self.shared[key] = value

    def log_set_serialize_value(self, key, value=None, _=None):
        self.ctx["serialize_values"] = self.ctx.get("serialize_values", []) + [{"key": key, "value": value}]

    def log_serialize(self):
        return json.dumps({"request": {"method": "GET", "uri": "/x"}})

    def plugin_get_id(self):
        return self.ctx["plugin_id"]

    def router_get_route(self):
        return self.ctx.get("route")

    def router_get_service(self):
        return self.ctx.get("service")

    # ---- the request ----

    @staticmethod
    def lines(headers, limit):
        """{name: [texts]} of the first `limit` lines."""
        table = {}
        for name, value in headers[:limit]:
            table.setdefault(name.lower(), []).append(value)
        return table

    def request_get_headers(self, limit=100):
        return self.lines(self.headers, limit)

    def request_get_header(self, name):
        values = [v for n, v in self.headers if replace_dashes(n) == replace_dashes(name)]
        return values[0] if values else None

    def set_lines(self, attribute, name, values):
        kept = [(n, v) for n, v in getattr(self, attribute) if n.lower() != name.lower()]
        setattr(self, attribute, kept + [(name, self.text(v)) for v in values])

    @staticmethod
    def text(value):
        return str(value).lower() if isinstance(value, bool) else str(value)

    @staticmethod
    def values_of(value):
        return value if isinstance(value, list) else [value]

    def service_request_set_header(self, name, value):
        self.set_lines("headers", name, self.values_of(value))

    def service_request_add_header(self, name, value):
        self.headers += [(name, self.text(v)) for v in self.values_of(value)]

    def service_request_clear_header(self, name):
        self.set_lines("headers", name, [])

    def service_request_set_headers(self, headers):
        for name, value in sorted(headers.items()):
            self.service_request_set_header(name, value)

    def forwarded(self, what):
        return self.request_get_header("X-Forwarded-" + what) if TRUSTED else None

    def request_get_host(self):
        return self.request_get_header("Host")

    def request_get_forwarded_scheme(self):
        return (self.forwarded("Proto") or "http").lower()

    def request_get_forwarded_host(self):
        host = self.forwarded("Host")
        return host.split(":")[0].lower() if host else self.request_get_host()

    def request_get_forwarded_port(self):
        host = self.forwarded("Host") or ""
        port = self.forwarded("Port") or (host.split(":") + [""])[1]
        return int(port) if port.isdigit() else self.ctx.get("host_port") or 8000

    def request_get_forwarded_path(self):
        return self.forwarded("Path") or "/x"

    def request_get_forwarded_prefix(self):
        return self.forwarded("Prefix") or "/route"

    def request_get_method(self):
        return self.request_line[0] if self.ctx.get("KONG_UNEXPECTED") else self.method

    def service_request_set_method(self, method):
        self.method = method

    def request_get_start_time(self):
        return self.ctx.get("KONG_PROCESSING_START") or self.nginx_req_start_time() * 1000

    def nginx_req_start_time(self):
        return 1.5

    def request_get_uri_captures(self):
        return self.ctx["router_matches"]["uri_captures"]

    # ---- its query ----

    @staticmethod
    def pairs(query):
        """(name, text or True) of each piece that has a name."""
        for piece in query.split("&"):
            name, is_pair, value = piece.partition("=")
            if name:
                yield urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(value) if is_pair else True

    def request_get_query(self, limit=100):
        query = self.request_line[1] if self.ctx.get("KONG_UNEXPECTED") else self.query
        table = {}
        for name, value in list(self.pairs(query))[:limit]:
            table.setdefault(name, []).append(value)
        return table

    def request_get_query_arg(self, name):
        return self.request_get_query().get(name, [None])[0]

    def request_get_raw_query(self):
        return self.query

    def service_request_set_raw_query(self, query):
        self.query = query

    def service_request_set_query(self, args):
        self.query = "&".join(sorted(n if v is True else "%s=%s" % (n, v) for n, value in args.items()
                                     for v in self.values_of(value)))

    def service_request_clear_query_arg(self, name):
        self.query = "&".join(p for p in self.query.split("&") if p.partition("=")[0] != name)

    # ---- its body ----

    def request_get_raw_body(self, *_):
        return pb.untext(self.body)

    def service_request_set_raw_body(self, body):
        self.body = pb.text(pb.untext(body))
        self.service_request_set_header("Content-Length", len(self.body))

    def service_request_set_body(self, args, mime):
        self.service_request_set_raw_body(json.dumps(args))
        self.service_request_set_header("Content-Type", mime)

    # ---- the way to the service ----

    def balance(self, **data):
        self.ctx["balancer_data"] = {**self.ctx["balancer_data"], **data}

    def service_set_target(self, host, port):
        self.balance(host=host, port=port)

    def service_set_upstream(self, host):
        self.balance(host=host)
        return True

    def service_set_retries(self, retries):
        self.balance(retries=retries)

    def service_set_timeouts(self, *timeouts):
        self.balance(timeouts=list(timeouts))

    def service_request_enable_buffering(self):
        self.ctx["buffered_proxying"] = True

    # ---- the service's response ----

    def service_response_get_status(self):
        return self.ctx["buffered_status"]

    def service_response_get_headers(self, *_):
        return {}

    def service_response_get_header(self, name):
        for n, v in self.ctx["buffered_headers"].items():
            if replace_dashes(n) == replace_dashes(name):
                return self.values_of(v)[0]
        return None

    def service_response_get_raw_body(self):
        return self.ctx["buffered_body"].encode()

    # ---- the response ----

    def response_get_status(self):
        return self.status

    def response_set_status(self, status):
        self.status = status

    def response_get_source(self):
        return "exit" if self.ctx.get("KONG_EXITED") else "service"

    def response_get_headers(self, limit=100):
        connection = "upgrade" if self.status == 101 else "keep-alive"
        return {"connection": [connection], **self.lines(self.response_headers, limit)}

    def response_get_header(self, name):
        table = self.response_get_headers()
        return table.get(name, table.get(name.lower().replace("_", "-"), [None]))[0]

    def response_set_header(self, name, value):
        self.set_lines("response_headers", name, self.values_of(value))

    def response_add_header(self, name, value):
        self.response_headers += [(name, self.text(v)) for v in self.values_of(value)]

    def response_clear_header(self, name):
        self.set_lines("response_headers", name, [])

    def response_set_headers(self, headers):
        for name, value in sorted(headers.items()):
            self.response_set_header(name, value)


# ---- on the wires ----

ROWS = {row.name: row for row in pdk_calls.rows()}
RPCS = pb.rpcs()


def _plain(value):
    """A message's texts as texts."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return pb.text(value) if isinstance(value, bytes) else value


def _raw(value):
    """The other way."""
    if isinstance(value, dict):
        return {key: _raw(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_raw(v) for v in value]
    return pb.untext(value) if isinstance(value, str) else value


def call(request, name, args):
    """What the gateway's function returns."""
    function = getattr(request, re.sub(r"\.", "_", name[len("kong."):]), None)
    if function is None:
        return pdk_calls.ANSWERS[ROWS[name].returns]
    return function(*args)


def answer_msgpack(request, name, args):
    """As the data of a step: a lone `true` becomes an empty array."""
    value = call(request, name, args)
    if ROWS[name].returns == "MMAP":
        return {key: [] if lines == [True] else lines for key, lines in value.items()}
    return value


def answer_protobuf(request, name, args):
    """As pb.result takes it."""
    value = call(request, name, _plain(args))
    kind = RPCS[name][1]
    if kind == "Struct":
        return {key: lines[0] if len(lines) == 1 else lines for key, lines in value.items()}
    if kind == "UriCapturesResult":
        named = [{"key": pb.untext(k), "value": pb.untext(v)} for k, v in value["named"].items()]
        return {"unnamed": _raw(value["unnamed"]), "named": named}
    return value if kind in ("Value", "String", "ByteString", "RawBodyResult") else _raw(value)
