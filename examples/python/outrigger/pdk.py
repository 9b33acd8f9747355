"""The `kong` that a handler is given: the functions that Outrigger named when the program began, and no others."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Dict, Iterable, List, Tuple, Type, Union


class PDKException(Exception):
    """A call that the gateway or Outrigger refused; its text says why."""


Ask = Callable[[str, List[Any]], Union[List[Any], Awaitable[List[Any]]]]


class Namespace:
    """kong, kong.request and so on, for one event: attributes are functions or further namespaces."""

    _path = "kong"

    def __init__(self, ask: Ask):
        self._ask = ask

    def __getattr__(self, name: str) -> Any:
        raise AttributeError("the PDK has no %s.%s" % (self._path, name))


class Kong(Namespace):
    """For plain functions: a call returns when the answer is there, and raises PDKException."""


class AsyncKong(Namespace):
    """For coroutines: calls are awaited."""


class Inner:
    """A namespace as an attribute of another one, made at its first use."""

    def __init__(self, name: str, kind: Type[Namespace]):
        self.name, self.kind = name, kind

    def __get__(self, outer: Any, _: Any = None) -> Any:
        if outer is None:
            return self.kind
        found = outer.__dict__[self.name] = self.kind(outer._ask)
        return found


class Function:
    """One function of the PDK, as WELCOME describes it."""

    def __init__(self, row: Dict[str, Any]):
        self.name: str = row["name"]
        self.doc: str = row["doc"]
        self.names: List[str] = [arg["name"] for arg in row["args"]]

    def arguments(self, given: Tuple[Any, ...], named: Dict[str, Any]) -> List[Any]:
        """In the order of the function. Absent ones at the end are left out."""
        found = list(given)
        for name, value in named.items():
            if name not in self.names:
                raise TypeError("%s has no argument '%s'" % (self.name, name))
            place = self.names.index(name)
            if place < len(given):
                raise TypeError("%s has two values for '%s'" % (self.name, name))
            found.extend([None] * (place + 1 - len(found)))
            found[place] = value
        while found and found[-1] is None:
            found.pop()
        return found

    def describe(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """For help()."""
        call.__name__ = self.name.rpartition(".")[2]
        call.__qualname__ = self.name
        call.__doc__ = self.doc
        return call


def result(results: List[Any]) -> Any:
    """The first result; nil and a text behind it are an error, as everywhere in the PDK."""
    if len(results) > 1 and results[0] is None and isinstance(results[1], str):
        raise PDKException(results[1])
    return results[0] if results else None


def plain(function: Function) -> Callable[..., Any]:
    name, arguments = function.name, function.arguments

    def call(self: Any, *args: Any, **named: Any) -> Any:
        return result(self._ask(name, arguments(args, named)))
    return call


def plain_lua_style(function: Function) -> Callable[..., Any]:
    call = plain(function)

    def call_lua_style(self: Any, *args: Any, **named: Any) -> Any:
        try:
            return call(self, *args, **named), None
        except PDKException as error:
            return None, str(error)
    return call_lua_style


def awaited(function: Function) -> Callable[..., Any]:
    name, arguments = function.name, function.arguments

    async def call(self: Any, *args: Any, **named: Any) -> Any:
        return result(await self._ask(name, arguments(args, named)))
    return call


def awaited_lua_style(function: Function) -> Callable[..., Any]:
    call = awaited(function)

    async def call_lua_style(self: Any, *args: Any, **named: Any) -> Any:
        try:
            return await call(self, *args, **named), None
        except PDKException as error:
            return None, str(error)
    return call_lua_style


def make_kong(base: Type[Namespace], rows: Iterable[Dict[str, Any]], lua_style: bool) -> Type[Namespace]:
    """A class, of which an event's `kong` is made with its ask(name, arguments)."""
    make = {(Kong, False): plain, (Kong, True): plain_lua_style,
            (AsyncKong, False): awaited, (AsyncKong, True): awaited_lua_style}[base, lua_style]
    kinds: Dict[str, Type[Namespace]] = {"kong": type(base.__name__, (base,), {"__doc__": base.__doc__})}

    def namespace(path: str) -> Type[Namespace]:
        if path not in kinds:
            outer, _, name = path.rpartition(".")
            kinds[path] = type(path, (Namespace,), {"_path": path})
            setattr(namespace(outer), name, Inner(name, kinds[path]))
        return kinds[path]

    functions = [Function(row) for row in rows]
    for function in functions:
        namespace(function.name.rpartition(".")[0])
    for function in functions:
        outer, _, name = function.name.rpartition(".")
        call = function.describe(make(function))
        if function.name in kinds:
            setattr(kinds[function.name], "__call__", call)  # kong.log(...) and kong.log.info(...)
        else:
            setattr(kinds[outer], name, call)
    return kinds["kong"]
