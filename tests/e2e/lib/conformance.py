"""conformance.py - the same Lua file, run once by a real nginx and once by a plugin in Outrigger."""

import glob
import itertools
import os

import harness
from code_plugins import CodePlugins, code

FOLDER = os.path.join(harness.SOURCE, "tests", "conformance")
MODULES = os.environ.get("GATEWAY_NGINX_MODULES", "/usr/lib/nginx/modules")

# How both write values: keys are sorted, texts quoted, errors without their position.
SHOW = """
    local function show(value)
        if type(value) == "string" then
            return "'" .. value:gsub("[%z\\1-\\31\\127-\\255\\\\']", function(c)
                return ("\\\\%d"):format(c:byte())
            end) .. "'"
        elseif type(value) ~= "table" then
            return tostring(value)
        end
        local parts = {}
        for k, v in pairs(value) do
            parts[#parts + 1] = "[" .. show(k) .. "]=" .. show(v)
        end
        table.sort(parts)
        return "{" .. table.concat(parts, " ") .. "}"
    end
    local function show_all(...)
        local parts = {}
        for i = 1, select("#", ...) do
            parts[i] = show((select(i, ...)))
        end
        return table.concat(parts, " ")
    end
    local function tried(fn, ...)
        local ok, err = pcall(fn, ...)
        if ok then
            return "returned", err
        end
        err = tostring(err):gsub("^.-:%d+: ", ""):gsub("^(bad argument #%d+ to ')[^']*", "%1?")
        return "raised", err
    end
"""

# Runs one file and gives the text of what it says.
RUN = SHOW.replace("%", "%%") + """
    local lines = {}
    local function say(...)
        lines[#lines + 1] = show_all(...)
    end
    local function try(...)
        say(tried(...))
    end
    local ok, err = pcall(%s, say, try, %s)
    if not ok then
        lines[#lines + 1] = "the file raised " .. tostring(err)
    end
    lines[#lines + 1] = #lines .. " lines"
    local text = table.concat(lines, "\\n")
"""

NGINX = """
load_module %(modules)s/ndk_http_module.so;
load_module %(modules)s/ngx_http_lua_module.so;
daemon off;
master_process off;
pid %(prefix)s/nginx.pid;
error_log %(prefix)s/error.log;
events {}
http {
    access_log off;
    %(settings)s
    lua_shared_dict small 64k;
    lua_shared_dict lists 64k;
    lua_shared_dict large 1m;
    client_body_temp_path %(prefix)s/1;
    proxy_temp_path %(prefix)s/2;
    fastcgi_temp_path %(prefix)s/3;
    uwsgi_temp_path %(prefix)s/4;
    scgi_temp_path %(prefix)s/5;
    server {
        listen 127.0.0.1:%(port)d;
        %(locations)s
    }
}
"""


def long_string(text):
    """A Lua literal of this text."""
    level = next("=" * n for n in itertools.count(2) if "]" + "=" * n + "]" not in text)
    return "[%s[\n%s]%s]" % (level, text, level)


class Conformance(CodePlugins):
    """One nginx and one Outrigger. PATTERN names the files, below tests/conformance."""

    PATTERN = None
    SETTINGS = ""  # of nginx
    ARGUMENT = "nil"  # what each file gets as the third one

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        prefix = cls.stage.prefix("judge")
        cls.port = harness.free_ports(1)[0]
        conf = os.path.join(prefix, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(NGINX % {
                "modules": MODULES, "prefix": prefix, "port": cls.port, "settings": cls.SETTINGS,
                "locations": cls.locations()})
        cls.judge = harness.Process(["nginx", "-p", prefix, "-c", conf], prefix, "judge")
        cls.stage.processes.append(cls.judge)
        cls.judge.wait_until(lambda: harness.connects(cls.port), "the judge's port")

    @classmethod
    def files(cls):
        return sorted(glob.glob(os.path.join(FOLDER, cls.PATTERN)))

    @classmethod
    def run_text(cls, function):
        return RUN % (function, cls.ARGUMENT)

    @classmethod
    def locations(cls):
        return "\n".join(map(cls.location, cls.files()))

    @classmethod
    def location(cls, path):
        return "location = /%s { content_by_lua_block { %s ngx.print(text) } }" % (
            os.path.basename(path), cls.run_text("dofile(%r)" % path))

    def in_nginx(self, path):
        return harness.http_request(self.port, path="/" + os.path.basename(path))

    def in_outrigger(self, path):
        # The text itself: a plugin may not read the source tree.
        function = "assert(loadstring(%s))()" % long_string(harness.read_text(path))
        return self.ask(code(access=self.run_text(function) + "kong.response.exit(200, text)"))

    def compare(self):
        """Outrigger says what nginx says, of each file."""
        for path in self.files():
            with self.subTest(os.path.basename(path)):
                expected, found = self.in_nginx(path), self.in_outrigger(path)
                self.assertEqual((expected.status, found.status), (200, 200),
                                 found.text + self.outrigger_log())
                self.assertNotIn("the file raised", expected.text)
                self.assertGreater(len(expected.text.splitlines()), 5)
                self.assertEqual(found.text.splitlines(), expected.text.splitlines())
