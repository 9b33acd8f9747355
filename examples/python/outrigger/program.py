"""A program: serves one plugin, as Outrigger's child (plugin_NAME_exec) or by itself (plugin_NAME_listen)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any, Callable, Dict, Optional, Set

import zmq

from .link import Link

PHASES = ("certificate", "rewrite", "preread", "access", "response", "log")
AGAIN = 0.2  # seconds until Outrigger is looked for again


def describe_schema(name: str, schema: Any) -> str:
    """A whole schema, or the fields of `config` alone, as kong-python-pdk has them."""
    if not isinstance(schema, dict):
        schema = {"name": name, "fields": [{"config": {"type": "record", "fields": list(schema)}}]}
    return json.dumps(schema)


def read_keys(path: str) -> Dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Program:
    """Told to end (SIGTERM, SIGINT), it asks to be relieved, and ends when nothing is left to do; told again, at once."""

    def __init__(self, make_link: Callable[[], Link], address: str, keys: Optional[Dict[str, Any]] = None):
        self.make_link, self.address, self.keys = make_link, address, keys
        self.context = zmq.Context()
        self.serving: Set[Link] = set()
        self.spare: Optional[Link] = None  # a guest's, that waits for its turn
        self.leaving = False

    def begin(self, is_guest: bool) -> Link:
        link = self.make_link()
        link.open(self.context, self.address, self.keys, is_guest)
        return link

    def watch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.leave)

    def leave(self) -> None:
        if self.leaving or (not self.serving and self.spare is None):
            os._exit(0)
        self.leaving = True
        for link in self.serving:
            link.ask_to_leave()
        if self.spare is not None:
            self.spare.close(None)

    async def serve(self, link: Link) -> Optional[str]:
        """Why it ended."""
        self.serving.add(link)
        why = await link.ended
        self.serving.discard(link)
        return None if self.leaving else why

    async def be_child(self) -> Optional[str]:
        self.watch_signals()
        why = await self.serve(self.begin(False))
        self.context.term()  # what was said goes out
        return why

    async def be_guest(self) -> None:
        """While it serves, it waits already for Outrigger's next process, which comes with a reload, or a crash."""
        self.watch_signals()
        told = None
        while not self.leaving:
            link = self.spare = self.begin(True)
            if await link.welcomed:
                asyncio.ensure_future(self.serve(link))
                told = None
                continue
            why = link.ended.result()
            if why not in (told, "nobody is there") and not self.serving:
                told = why
                print("outrigger: %s: %s" % (self.address, why), file=sys.stderr, flush=True)
            await asyncio.sleep(AGAIN)
        self.spare = None
        while self.serving:
            await next(iter(self.serving)).ended
        self.context.term()


def run(name: str, plugin: type, version: str = "0.1.0", priority: int = 0, schema: Any = (),
        lua_style: bool = False, connect: Optional[str] = None, key: Optional[str] = None) -> None:
    """Serves the plugin until Outrigger says that it is enough. With lua_style a call returns (result, error) and
    raises nothing. A program that Outrigger doesn't start goes to `connect` with the keys in the file `key`; these are
    PLUGIN_CONNECT and PLUGIN_KEY otherwise."""
    address = os.environ.get("OUTRIGGER_REMOTE")
    connect = connect or os.environ.get("PLUGIN_CONNECT")
    key = key or os.environ.get("PLUGIN_KEY")
    description = {
        "name": name, "version": version, "priority": priority, "schema": describe_schema(name, schema),
        "phases": [phase for phase in PHASES if callable(getattr(plugin, phase, None))],
    }

    async def begin() -> Optional[str]:
        def make_link() -> Link:
            return Link(plugin, description, lua_style)
        if address:
            return await Program(make_link, address).be_child()
        return await Program(make_link, connect, read_keys(key) if key else None).be_guest()

    if not address and not connect:
        sys.exit("%s is started by Outrigger (plugin_NAME_exec = python3 %s), or goes to it: set PLUGIN_CONNECT" %
                 (name, sys.argv[0]))
    why = asyncio.run(begin())
    if why is not None:
        print("outrigger: %s" % why, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if why is None else 1)  # not waiting for threads of the plugin's own


def start_dedicated_server(name: str, plugin: type, version: Optional[str] = None, priority: int = 0,
                           schema: Any = (), lua_style: bool = True) -> None:
    """As kong-python-pdk has it."""
    run(name, plugin, version or "0.1.0", priority, schema, lua_style)
