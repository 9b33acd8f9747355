"""pdk_calls.py - one good call of every function of the PDK: what a plugin writes, what goes over the
wire, what comes back, and what the plugin gets of it.

To add a function: usually nothing is to be done, since most rows of pdk.def take no argument and hand the
answer through. Otherwise add it to CALLS.
"""
import json
import os
import re

import lib

PDK_DEF = os.path.join(lib.SOURCE, "pdk-bridge", "pdk.def")
ROW = re.compile(r'^PDK\((\w+),\s*"([\w.]+)",\s*(\d+),\s*\((.*?)\),\s*(\w+),\s*([\w| ]+),'
                 r'\s*([\w| ]+),', re.S | re.M)
UUID = "a53dd145-d298-4d60-8a5a-6d3b4f0b1f2c"
LINES = {"one": ["1"], "two": ["1", "2"], "flag": []}
MAP = {"one": "1", "two": ["1", "2"], "flag": True}
SERIALIZED = {"request": {"uri": "/a%20b?x=1", "url": "http://host:8000/a%20b?x=1", "method": "GET",
                          "querystring": {"x": "1"}},
              "response": {"status": 200}, "upstream_status": "502, 200", "client_ip": "10.0.0.1"}
BUFFERED = {"Content-Type": "text/plain", "X-Two": ["a", "b"]}

# What a type is answered with, and what the plugin then gets, as describe.lua tells it.
ANSWERS = {"STR": "text", "INT": 200, "NUM": 1.5, "BOOL": True, "TABLE": {"a": 1}, "ANY": "any",
           "MMAP": LINES, "BYTES": b"\x00\xff", "VOID": None}
RESULTS = {"STR": ["text"], "INT": [200], "NUM": [1.5], "BOOL": [True], "TABLE": [{"a": 1}],
           "ANY": ["any"], "MMAP": [MAP], "BYTES": [{"hex": "00ff"}], "VOID": []}


class Call:
    """args: Lua; sent: the calls on the wire; values: what the plugin gets; answers: by method, where
    they are not those of the type."""

    def __init__(self, args="", sent=None, values=None, phase="access", answers=None, ends=False):
        self.args = args
        self.sent = sent
        self.values = values
        self.phase = phase
        self.answers = answers or {}
        self.ends = ends


def sends(method, *args):
    return [(method, list(args))]


def simple(name, lua, *args, **more):
    return Call(lua, sends(name, *args), **more)


class Row:
    def __init__(self, match):
        self.name = match[1]
        self.argc = int(match[2])
        self.returns = match[4]
        self.flags = set(match[5].replace("|", " ").split())
        self.groups = set(match[6].replace("|", " ").split()) - {"0"}

    def call(self):
        call = CALLS.get(self.name) or Call()
        if call.sent is None and not self.flags & {"LOCAL", "REFUSED"}:
            call.sent = sends(self.name)
        if call.values is None:
            call.values = RESULTS[self.returns]
        return call


def rows():
    with open(PDK_DEF, encoding="utf-8") as file:
        return [Row(match) for match in ROW.findall(file.read())]


def log(level):
    name = "kong.log." + level
    return simple(name, "'a', 1, true, nil, {}, nil", re.compile(r"^handler\.lua:\d+ a1truenil"
                                                                r"table: 0x[0-9a-f]+nil$"))


NOTICE = re.compile(r"^handler\.lua:\d+ a1$")
INSPECTED = re.compile(r'^handler\.lua:\d+ "a" \{ 1, 2 \}$')
DEPRECATED = re.compile(r"^handler\.lua:\d+ old \(deprecated after 1\.0, scheduled for removal in 2\.0\)$")
RESPONSE = {"phase": "response"}

CALLS = {
    "kong.client.authenticate": simple("kong.client.authenticate", "{id='c'}, {id='k'}",
                                       {"id": "c"}, {"id": "k"}),
    "kong.client.get_protocol": simple("kong.client.get_protocol", "true", True),
    "kong.client.load_consumer": simple("kong.client.load_consumer", "'bob', true", "bob", True),
    "kong.client.tls.disable_session_reuse": Call(phase="certificate"),
    "kong.client.tls.request_client_certificate": Call(phase="certificate"),
    "kong.client.tls.set_client_verify": simple("kong.client.tls.set_client_verify", "'FAILED:x'",
                                                "FAILED:x"),
    "kong.ctx.shared.get": simple("kong.ctx.shared.get", "'k'", "k"),
    "kong.ctx.shared.set": simple("kong.ctx.shared.set", "'k', {1, {}, {a = 1.5}}", "k",
                                  [1, [], {"a": 1.5}]),
    "kong.ip.is_trusted": simple("kong.ip.is_trusted", "'10.0.0.1'", "10.0.0.1"),
    "kong.log": Call("'a', 1", sends("kong.log.notice", NOTICE)),
    "kong.log.alert": log("alert"),
    "kong.log.crit": log("crit"),
    "kong.log.debug": log("debug"),
    "kong.log.deprecation": Call("'old', {after = '1.0', removal = '2.0'}",
                                 sends("kong.log.warn", DEPRECATED)),
    "kong.log.emerg": log("emerg"),
    "kong.log.err": log("err"),
    "kong.log.info": log("info"),
    "kong.log.inspect": Call("'a', {1, 2}", sends("kong.log.notice", INSPECTED)),
    "kong.log.notice": log("notice"),
    "kong.log.warn": log("warn"),
    "kong.log.serialize": Call(phase="log", values=[SERIALIZED]),
    "kong.log.set_serialize_value": simple("kong.log.set_serialize_value", "'k', {a = 1}, {mode = 'add'}",
                                           "k", {"a": 1}, {"mode": "add"}),
    "kong.nginx.get_ctx": simple("kong.nginx.get_ctx", "'k'", "k"),
    "kong.nginx.get_var": simple("kong.nginx.get_var", "'uri'", "uri"),
    "kong.nginx.set_ctx": simple("kong.nginx.set_ctx", "'k', 'v'", "k", "v"),
    "kong.node.get_memory_stats": simple("kong.node.get_memory_stats", "'k', 2", "k", 2),
    "kong.request.get_body": Call("'application/json'", sends("kong.request.get_raw_body", 0),
                                  [{"a": {"null": True}, "b": {"empty": True},
                                    "c": {"empty": True}}, None,
                                   "application/json"],
                                  answers={"kong.request.get_raw_body": b'{"a":null,"b":[],"c":{}}'}),
    "kong.request.get_header": simple("kong.request.get_header", "'x-one'", "x-one"),
    "kong.request.get_headers": simple("kong.request.get_headers", "", 100),
    "kong.request.get_query": simple("kong.request.get_query", "", 100),
    "kong.request.get_query_arg": simple("kong.request.get_query_arg", "'a'", "a"),
    "kong.request.get_raw_body": simple("kong.request.get_raw_body", "", 0),
    "kong.response.add_header": simple("kong.response.add_header", "'x', {'a', 'b'}", "x", ["a", "b"]),
    "kong.response.clear_header": simple("kong.response.clear_header", "'x'", "x"),
    "kong.response.error": simple("kong.response.error", "429, 'slow', {x = 'y'}", 429, "slow",
                                  {"x": "y"}, ends=True),
    "kong.response.exit": simple("kong.response.exit", "403, {a = {}}, {x = 'y'}", 403, {"a": []},
                                 {"x": "y"}, ends=True),
    "kong.response.get_header": simple("kong.response.get_header", "'x'", "x", **RESPONSE),
    "kong.response.get_headers": simple("kong.response.get_headers", "", 100, **RESPONSE),
    "kong.response.get_source": Call(**RESPONSE),
    "kong.response.get_status": Call(**RESPONSE),
    "kong.response.set_header": simple("kong.response.set_header", "'x', 1.5", "x", 1.5),
    "kong.response.set_headers": simple("kong.response.set_headers", "{x = {'a', 'b'}, y = true}",
                                        {"x": ["a", "b"], "y": True}),
    "kong.response.set_status": simple("kong.response.set_status", "201", 201),
    "kong.service.request.add_header": simple("kong.service.request.add_header", "'x', 'y'", "x", "y"),
    "kong.service.request.clear_header": simple("kong.service.request.clear_header", "'x'", "x"),
    "kong.service.request.clear_query_arg": simple("kong.service.request.clear_query_arg", "'x'", "x"),
    "kong.service.request.disable_tls": Call(phase="preread"),
    "kong.service.request.set_body": simple("kong.service.request.set_body",
                                            "{a = 1}, 'application/json'", {"a": 1}, "application/json"),
    "kong.service.request.set_header": simple("kong.service.request.set_header", "'x', 5", "x", 5),
    "kong.service.request.set_headers": simple("kong.service.request.set_headers", "{x = 'y'}",
                                               {"x": "y"}),
    "kong.service.request.set_method": simple("kong.service.request.set_method", "'PUT'", "PUT"),
    "kong.service.request.set_path": simple("kong.service.request.set_path", "'/x y'", "/x y"),
    "kong.service.request.set_query": simple("kong.service.request.set_query", "{a = {'1', true}}",
                                             {"a": ["1", True]}),
    "kong.service.request.set_raw_body": simple("kong.service.request.set_raw_body", r"'\0\255'",
                                                "\x00\udcff"),
    "kong.service.request.set_raw_query": simple("kong.service.request.set_raw_query", "'a=1'", "a=1"),
    "kong.service.request.set_scheme": simple("kong.service.request.set_scheme", "'https'", "https"),
    "kong.service.response.get_body": Call("'application/x-www-form-urlencoded'",
                                           sends("kong.service.response.get_raw_body"),
                                           [{"a": ["1", "2"], "b": True}, None,
                                            "application/x-www-form-urlencoded"],
                                           answers={"kong.service.response.get_raw_body": b"a=1&a=2&b"},
                                           **RESPONSE),
    "kong.service.response.get_header": simple("kong.service.response.get_header", "'x'", "x",
                                               **RESPONSE),
    "kong.service.response.get_headers": Call("", sends("kong.nginx.get_ctx", "buffered_headers"),
                                              [{"content-type": "text/plain", "x-two": ["a", "b"]}],
                                              answers={"kong.nginx.get_ctx": BUFFERED}, **RESPONSE),
    "kong.service.response.get_raw_body": Call(**RESPONSE),
    "kong.service.response.get_status": Call(**RESPONSE),
    "kong.service.set_retries": simple("kong.service.set_retries", "3", 3),
    "kong.service.set_target": simple("kong.service.set_target", "'host', 80", "host", 80),
    "kong.service.set_timeouts": simple("kong.service.set_timeouts", "1, 2, 3", 1, 2, 3),
    "kong.service.set_tls_verify": simple("kong.service.set_tls_verify", "false", False),
    "kong.service.set_tls_verify_depth": simple("kong.service.set_tls_verify_depth", "2", 2),
    "kong.service.set_upstream": simple("kong.service.set_upstream", "'up'", "up"),
    "kong.telemetry.log": simple("kong.telemetry.log", "'p', {}, 't', 'm', {a = 1}", "p", [], "t", "m",
                                 {"a": 1}),
    "kong.vault.get": simple("kong.vault.get", "'{vault://env/x}'", "{vault://env/x}"),
    "kong.vault.update": simple("kong.vault.update", "{['$refs'] = {a = '{vault://env/x}'}}",
                                {"$refs": {"a": "{vault://env/x}"}}),
    "kong.vault.warmup": simple("kong.vault.warmup", "{a = '{vault://env/x}'}", {"a": "{vault://env/x}"}),
    # what is done here
    "kong.log.inspect.off": Call(values=[]),
    "kong.log.inspect.on": Call(values=[]),
    "kong.log.set_format": Call("'%message'", values=[]),
    "kong.table.clear": Call("{1}", values=[]),
    "kong.table.merge": Call("{a = 1, b = 1}, {b = 2}", values=[{"a": 1, "b": 2}]),
    "kong.table.new": Call("1, 1", values=[{"empty": True}]),
    "kong.vault.init_worker": Call(values=[]),
    "kong.vault.is_reference": Call("'{vault://env/x}'", values=[True]),
    "kong.vault.parse_reference": Call(
        "'{vault://env/my/x?prefix=p#2}'",
        values=[{"name": "env", "resource": "my", "key": "x", "config": {"prefix": "p"}, "version": 2}]),
}

# Rows that are not sent as themselves by Lua code, which does more with functions and metatables than the
# wire can: the row that goes out is in CALLS.
BY_OTHERS = {"kong.log", "kong.log.deprecation", "kong.log.inspect", "kong.request.get_body",
             "kong.service.response.get_body", "kong.service.response.get_headers"}
# Functions of phases in which the gateway calls no external plugin.
UNREACHABLE = {"kong.client.tls.disable_http2_alpn", "kong.response.get_raw_body",
               "kong.response.set_raw_body"}
# The spans that record nothing: {"is": "function"} and so on say nothing of them.
SPANS = "kong.tracing."
# Refused by the table, since a C plugin can't have them; in Lua they are functions of our own.
OWN_IN_LUA = {"kong.log.new": ("'name'", [{"is": "table"}]),
              "kong.vault.try": ("function(t) return t.a end, {a = 5}", [5])}


def answer(row_of, call, method):
    """What the fake gateway answers."""
    if method in call.answers:
        return call.answers[method]
    if method == "kong.log.serialize":
        return json.dumps(SERIALIZED)
    return ANSWERS[row_of[method].returns]
