"""includes.py - includes follow the arrows: server -> plugins -> pdk-bridge -> protocol."""
import re

import tree

ORDER = ("protocol", "pdk-bridge", "plugins", "server")

# A system header that only some places may use.
SOCKETS = ("server/",)
LUA = ("plugins/lua/", "plugins/schema/", "pdk-bridge/lua_")
RESERVED = {
    "ev.h": SOCKETS, "sys/socket.h": SOCKETS, "sys/un.h": SOCKETS, "netdb.h": SOCKETS,
    "netinet/in.h": SOCKETS, "netinet/tcp.h": SOCKETS, "arpa/inet.h": SOCKETS,
    "poll.h": SOCKETS, "sys/epoll.h": SOCKETS, "sys/select.h": SOCKETS,
    "lua.h": LUA, "lauxlib.h": LUA, "lualib.h": LUA, "luajit.h": LUA,
    "dlfcn.h": ("plugins/native/", "plugins/late.c"),
    "microhttpd.h": ("server/admin/",), "curl/curl.h": ("server/admin/",),
    "seccomp.h": ("server/confine/",),
    "zmq.h": ("plugins/remote/",),
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


PUBLIC = re.compile(r"pdk-bridge/outrigger\w*\.h$")  # installed side by side, without our tree
PUBLIC_TARGET = re.compile(r"(outrigger\w*\.h|pdk\.def)$")


def check_own(path, target):
    """A quoted include: named from the root, and not against the arrows."""
    folder = target.split("/")[0]
    if folder not in ORDER:
        return 'write "%s" as a path from the root of the tree' % target
    if ORDER.index(folder) > ORDER.index(path.split("/")[0]):
        return "%s/ must not include %s" % (path.split("/")[0], target)
    return None


def check_system(path, target):
    allowed = RESERVED.get(target)
    if allowed and not path.startswith(allowed):
        return "<%s> belongs to %s" % (target, " ".join(allowed))
    return None


def check_file(path):
    for number, line in enumerate(tree.read(path).splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        if PUBLIC.match(path) and match.group(1) == '"':
            if not PUBLIC_TARGET.match(match.group(2)):
                yield "%s:%d: a public header can't include ours" % (path, number)
            continue
        check = check_own if match.group(1) == '"' else check_system
        problem = check(path, match.group(2))
        if problem:
            yield "%s:%d: %s" % (path, number, problem)


tree.report([p for f in tree.files(".c", ".h", ".def", under=tree.SOURCE_DIRS)
             for p in check_file(f)])
