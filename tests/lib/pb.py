"""pb.py - messages of pluginsocket.proto to bytes and back, by the types in that file.

A message is a dict by field name; texts are bytes. Values of any type (Value, Struct, ListValue) and the
other messages of PDK calls are made from, and become, plain Python values as the gateway's Lua has them.
"""
import os
import re
import struct

SOURCE = os.environ.get("OUTRIGGER_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))))
PROTO = os.path.join(SOURCE, "protocol", "pluginsocket.proto")
FIELD = re.compile(r"(repeated\s+)?(\w+)\s+(\w+)\s*=\s*(\d+);")
TOKEN = re.compile(r"message\s+(\w+)\s*\{|oneof\s+(\w+)\s*\{|\}|" + FIELD.pattern)
RPC = re.compile(r"rpc (\w+)\((\w+)\) returns \((\w+)\);(?: // (\S+))?")


def _read_types(text):
    types, stack = {}, []
    for m in TOKEN.finditer(text):
        if m[0] == "}":
            if stack:
                stack.pop()
        elif m[1]:
            stack.append(m[1])
            types[m[1]] = []
        elif m[2]:
            stack.append(None)
        elif stack:
            name = next(x for x in reversed(stack) if x)
            # (name, number, type, repeated, in a oneof)
            types[name].append((m[5], int(m[6]), m[4], bool(m[3]), stack[-1] is None))
    return types


with open(PROTO, encoding="utf-8") as _file:
    _TEXT = re.sub(r"^//.*$", "", _file.read(), flags=re.M)
TYPES = _read_types(_TEXT.split("service Kong")[0])


def _snake(name):
    words = [re.sub(r"([a-z]\d*)([A-Z])", r"\1_\2", word) for word in name.split("_")]
    return "kong." + ".".join(words).lower()


def rpcs():
    """{function: (in, out)}"""
    return {m[4] or _snake(m[1]): (m[2], m[3]) for m in RPC.finditer(_TEXT)}


# ---- bytes ----

def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n > 0x7f:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def read_varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        at += 1
        n |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return n, at


def _encode_one(kind, number, value):
    if kind in ("int32", "int64", "bool"):
        return varint(number << 3) + varint(int(value))
    if kind == "double":
        return varint(number << 3 | 1) + struct.pack("<d", value)
    data = value if kind == "bytes" else encode(kind, value)
    return varint(number << 3 | 2) + varint(len(data)) + data


def encode(name, message):
    out = b""
    for field, number, kind, repeated, in_oneof in TYPES[name]:
        value = message.get(field)
        if value is None or (not repeated and not in_oneof and kind not in TYPES and not value):
            continue
        for item in value if repeated else [value]:
            out += _encode_one(kind, number, item)
    return out


def _signed(n):
    return n - (1 << 64) if n >> 63 else n


def _read_field(data, at, wire):
    if wire == 0:
        return read_varint(data, at)
    if wire == 1:
        return data[at:at + 8], at + 8
    n, at = read_varint(data, at)
    if at + n > len(data):
        raise ValueError("cut message")
    return data[at:at + n], at + n


def _convert(kind, raw):
    if kind == "bool":
        return bool(raw)
    if kind in ("int32", "int64"):
        return _signed(raw)
    if kind == "double":
        return struct.unpack("<d", raw)[0]
    return raw if kind == "bytes" else decode(kind, raw)


def decode(name, data):
    by_number = {f[1]: f for f in TYPES[name]}
    message, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        raw, at = _read_field(data, at, tag & 7)
        field, _, kind, repeated, _ = by_number[tag >> 3]
        if repeated:
            message.setdefault(field, []).append(_convert(kind, raw))
        else:
            message[field] = _convert(kind, raw)
    return message


# ---- values, as pb_rpc.lua wraps and unwraps them ----

def text(data):
    return data.decode("utf-8", "surrogateescape")


def untext(value):
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


def wrap(value):
    if value is None:
        return {"null_value": 1}
    if isinstance(value, bool):
        return {"bool_value": value}
    if isinstance(value, (int, float)):
        return {"number_value": float(value)}
    if isinstance(value, (str, bytes)):
        return {"string_value": untext(value)}
    if isinstance(value, list) and value:
        return {"list_value": encode("ListValue", {"values": [wrap(x) for x in value]})}
    return {"struct_value": wrap_struct(value or {})}


def wrap_struct(table):
    return encode("Struct", {"fields": [{"key": untext(k), "value": wrap(v)} for k, v in table.items()]})


def unwrap(value):
    if "list_value" in value:
        return [unwrap(x) for x in decode("ListValue", value["list_value"]).get("values", [])]
    if "struct_value" in value:
        return unwrap_struct(value["struct_value"])
    if "string_value" in value:
        return text(value["string_value"])
    number = value.get("number_value")
    if number is not None:
        return int(number) if number == int(number) else number
    return value.get("bool_value") or None  # false is lost


def unwrap_struct(data):
    return {text(f["key"]): unwrap(f.get("value", {})) for f in decode("Struct", data).get("fields", [])}


def arguments(kind, data):
    """What the gateway's function is called with."""
    m = decode(kind, data) if kind not in ("Struct", "ListValue") else {}
    return {
        "Empty": lambda: [],
        "String": lambda: [text(m.get("v", b""))],
        "ByteString": lambda: [text(m.get("v", b""))],
        "Int": lambda: [m.get("v", 0)],
        "Bool": lambda: [m.get("v", False)],
        "KV": lambda: [text(m.get("k", b"")), unwrap(m.get("v", {}))],
        "Target": lambda: [text(m.get("host", b"")), m.get("port", 0)],
        "ConsumerSpec": lambda: [text(m.get("id", b"")), m.get("by_username", False)],
        "Struct": lambda: [unwrap_struct(data)],
        "ListValue": lambda: [unwrap(x) for x in decode("ListValue", data).get("values", [])],
        "ExitArgs": lambda: [m.get("status", 0), text(m.get("body", b""))] +
                    ([{text(f["key"]): unwrap(f["value"]) for f in m["headers"].get("fields", [])}]
                     if "headers" in m else []),
        "AuthenticateArgs": lambda: [m.get("consumer"), m.get("credential")],
    }[kind]()


def read_result(kind, data):
    """What the bytes of the gateway's answer say; a message without bytes is the one of defaults."""
    if kind == "Struct":
        return unwrap_struct(data)
    m = decode(kind, data)
    if kind == "Value":
        return unwrap(m)
    if kind == "UriCapturesResult":
        m["named"] = {text(one["key"]): text(one["value"]) for one in m.get("named", [])}
    return m.get("v") if kind in ("String", "ByteString", "Int", "Bool", "Number") else m


def result(kind, value):
    """The bytes with which the gateway answers what its function returned."""
    if kind == "Empty":
        return b""
    if kind in ("String", "ByteString"):
        return encode(kind, {"v": untext(value or b"")})
    if kind in ("Int", "Bool", "Number"):
        return encode(kind, {"v": value})
    if kind == "Value":
        return encode(kind, wrap(value))
    if kind == "Struct":
        return wrap_struct(value)
    if kind == "RawBodyResult":
        return encode(kind, value if isinstance(value, dict) else {"content": untext(value)})
    return b"" if value is None else encode(kind, value)
