"""Plugins for a Kong Gateway in Python, run by Outrigger (docs/remote-plugins.md).

    import outrigger

    class Plugin:
        def __init__(self, config):
            self.config = config

        def access(self, kong):
            kong.response.set_header("X-Hello", kong.request.get_header("host"))

    if __name__ == "__main__":
        outrigger.run("hello", Plugin, version="1.0.0", priority=10,
                      schema=[{"greeting": {"type": "string", "default": "hello"}}])
"""

from .event import Cancelled
from .pdk import AsyncKong, Kong, PDKException
from .program import run, start_dedicated_server

kong = Kong  # what kong-python-pdk calls the type

__all__ = ["AsyncKong", "Cancelled", "Kong", "PDKException", "kong", "run", "start_dedicated_server"]
