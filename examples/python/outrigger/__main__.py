"""python3 -m outrigger FILE: serves a plugin's file as kong-python-pluginserver does, which needs no line of its own."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from types import ModuleType

from .program import start_dedicated_server


def load(path: str) -> ModuleType:
    name = os.path.splitext(os.path.basename(path))[0]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SystemExit("outrigger: %s is no Python file" % path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not isinstance(getattr(module, "Plugin", None), type):
        raise SystemExit("outrigger: %s has no class Plugin" % path)
    return module


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m outrigger")
    parser.add_argument("file", help="with a class Plugin, and Schema, version and priority as for kong-python-pdk")
    parser.add_argument("--name", help="of the plugin; that of the file otherwise")
    parser.add_argument("--no-lua-style", action="store_true",
                        help="calls return their result and raise, rather than return (result, error)")
    options = parser.parse_args()
    module = load(options.file)
    start_dedicated_server(options.name or module.__name__, module.Plugin, getattr(module, "version", None),
                           getattr(module, "priority", 0), getattr(module, "Schema", ()),
                           lua_style=not options.no_lua_style)


main()
