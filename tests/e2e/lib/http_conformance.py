"""http_conformance.py - requests that Lua handles, once in a real nginx and once in a plugin in Outrigger.

A file in tests/conformance/http has many cases, each with a request, and Lua for phases (access, where nothing is said):

    --- what it is about
    -- POST /path?query
    -- Name: value
    -- > the body
    ngx.say("x")
    -- in log
    note(ngx.status)

note(...) writes values down, and try(fn, ...) what a call returns or raises. What is compared: the notes, the answer,
and what the upstream says it was asked.
"""

import json
import os
import re

import conformance
import harness
from code_plugins import code

# Notes are lines of the error log. The last one of a request says so.
PRELUDE = conformance.SHOW + """
    local function note(...)
        ngx.log(ngx.ERR, "<note>", show_all(...), "</note>")
    end
    local function try(...)
        note(tried(...))
    end
"""
END = "note('the end')"

# nginx has a page for each error, and the gateway another one.
ERROR_PAGE = re.compile(r"<html>.*<hr><center>nginx.*</html>\s*", re.S)

# What the judge runs in all phases.
JUDGE = """
    rewrite_by_lua_block { CASES.run("rewrite") }
    access_by_lua_block { CASES.run("access") }
    header_filter_by_lua_block { CASES.run("header_filter") }
    body_filter_by_lua_block { CASES.run("body_filter") }
    log_by_lua_block { CASES.run("log") }
    proxy_pass http://127.0.0.1:%d;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    default_type "";
    charset UTF-8;
"""
RUN = """
    function CASES.run(phase)
        local case = CASES[tonumber(ngx.var.http_x_case)]
        local fn = case and case[phase]
        if fn then
            fn()
        end
    end
"""

# Of the gateway and of the connection; how long a body is, is said by nginx of what comes at once only.
IGNORED = {"date", "server", "connection", "keep-alive", "via", "transfer-encoding", "content-length", "etag"}
SENT = re.compile(r"(x-(?!case$|forwarded|real-ip|kong|request-id)|content-type$|accept|user-agent)")


class Case:
    def __init__(self, path, text):
        lines = text.splitlines()
        self.name = "%s: %s" % (os.path.basename(path), lines[0].strip())
        self.method, self.path, self.headers, body = "GET", "/", [], []
        at = 1
        while at < len(lines) and lines[at].startswith("-- ") and not lines[at].startswith("-- in "):
            line = lines[at][3:]
            request = re.fullmatch(r"([A-Z]+) (/\S*)", line)
            if request:
                self.method, self.path = request.groups()
            elif line.startswith("> "):
                body.append(line[2:])
            else:
                name, _, value = line.partition(":")
                self.headers.append((name, value.strip()))
            at += 1
        self.body = "\n".join(body).encode() if body else None
        parts = re.split(r"^-- in (\w+)$", "\n".join(lines[at:]), flags=re.M)
        self.texts = dict(zip(["access"] + parts[1::2], parts[0::2]))

    def request(self, port, number):
        return harness.http_request(port, self.method, self.path, self.headers + [("X-Case", str(number))], self.body)

    def for_judge(self, number):
        texts = {**self.texts, "log": self.texts.get("log", "") + "\n" + END}
        return "CASES[%d] = {}\n" % number + "".join(
            "CASES[%d].%s = function()\n%s\nend\n" % (number, phase, text) for phase, text in texts.items())

    def plugin(self):
        """The Lua of each phase, for a plugin that has them."""
        texts = {phase: PRELUDE + text for phase, text in self.texts.items()}
        texts["log"] = PRELUDE + self.texts.get("log", "") + "\n" + END
        name = ("e2e-filter" if {"header_filter", "body_filter"} & set(texts) else
                "e2e-all" if "rewrite" in texts else "e2e-code")
        return code(name, **texts)


def read_cases(path):
    return [Case(path, text) for text in re.split(r"^--- ", harness.read_text(path), flags=re.M)[1:]]


def notes(log):
    """Those of one request; None while it has not come to its end."""
    found = re.findall(r"<note>(.*?)</note>", log, flags=re.S)
    return found if found and found[-1] == "'the end'" else None


def body_of(response):
    """What the upstream was asked, where it says so; else the text."""
    try:
        told = json.loads(response.body)
        sent = {k: v for k, v in told["headers"].items() if SENT.match(k)}
        return {"method": told["method"], "uri": told["uri"], "body": told["body"], "headers": sent}
    except (ValueError, KeyError, TypeError):
        return response.text


def whole(response):
    headers = sorted((k.lower(), v) for k, v in response.headers
                     if k.lower() not in IGNORED and not k.lower().startswith("x-kong"))
    return {"status": response.status, "headers": headers, "body": body_of(response)}


def without_page(outcome):
    """All but the page that a server has for an error, and its type."""
    response, found = outcome
    return {**response, "body": "", "headers": [h for h in response["headers"] if h[0] != "content-type"]}, found


class HttpConformance(conformance.Conformance):
    """PATTERN names the files."""

    NAMES = ("e2e-code", "e2e-filter", "e2e-all")

    @classmethod
    def setUpClass(cls):
        folder = harness.tempfile.mkdtemp()
        cls.addClassCleanup(harness.shutil.rmtree, folder)
        cls.cases = [case for path in cls.files() for case in read_cases(path)]
        program = os.path.join(folder, "cases.lua")
        with open(program, "w", encoding="utf-8") as file:
            file.write("CASES = {}\n" + PRELUDE + RUN + "".join(
                case.for_judge(number) for number, case in enumerate(cls.cases)))
        cls.SETTINGS = "init_by_lua_file %s;" % program
        super().setUpClass()

    @classmethod
    def locations(cls):
        return "location / { %s }" % (JUDGE % cls.gateway.echo_port)

    def outcome(self, read_log, ask):
        """What was answered to one request, and noted."""
        before = len(read_log())
        response = ask()
        found = harness.wait_for(lambda: notes(read_log()[before:]), "the notes of a request")
        return whole(response), found

    def compare_case(self, number, case):
        expected = self.outcome(lambda: harness.read_text(os.path.join(self.stage.path("judge"), "error.log")),
                                lambda: case.request(self.port, number))
        self.use(everywhere=[case.plugin()])  # in rewrite there is no route yet
        found = self.outcome(self.gateway.error_log, lambda: case.request(self.gateway.port, number))
        if ERROR_PAGE.fullmatch(expected[0]["body"] if isinstance(expected[0]["body"], str) else ""):
            found, expected = without_page(found), without_page(expected)
        self.assertEqual(found, expected)

    def compare(self):
        for number, case in enumerate(self.cases):
            with self.subTest(case.name):
                self.compare_case(number, case)
