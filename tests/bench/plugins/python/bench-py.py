"""plugins/lua/bench in Python, without its conf: as a plain method, or as a coroutine (bench-py.py async)."""

import sys

import outrigger


class Plain:
    def __init__(self, config):
        self.config = config

    def access(self, kong):
        """Reads a header and sets one."""
        kong.response.set_header("x-two", kong.request.get_header("x-one"))


class Coroutine(Plain):
    async def access(self, kong):
        await kong.response.set_header("x-two", await kong.request.get_header("x-one"))


if __name__ == "__main__":
    outrigger.run("bench-py", Coroutine if sys.argv[1:] == ["async"] else Plain, version="1.0.0", priority=1)
