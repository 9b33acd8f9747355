#!/usr/bin/env python3
"""Says hello in headers. Written as for kong-python-pdk: only the imports are others."""

import os

import outrigger as kong

Schema = (
    {"message": {"type": "string", "default": "hello"}},
)
version = "0.1.0"
priority = 100


class Plugin:
    def __init__(self, config):
        self.config = config

    def access(self, kong: kong.kong):
        host, err = kong.request.get_header("host")
        if err:
            kong.log.err("no host: " + err)
        kong.response.set_header("X-Hello-From-Python", "%s to %s" % (self.config["message"], host))
        kong.response.set_header("X-Python-Pid", str(os.getpid()))


if __name__ == "__main__":
    from outrigger import start_dedicated_server
    start_dedicated_server("py-hello", Plugin, version, priority, Schema)
