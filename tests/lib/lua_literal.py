"""lua_literal.py - the values of a list of Lua literals: texts in single quotes, numbers, nil, true, false,
tables."""
import re

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^'\\]|\\\d{1,3})*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>\w+)"
                   r"|(?P<mark>[{}\[\]=,]))")
WORDS = {"nil": None, "true": True, "false": False}


def tokens(text):
    position = 0
    while text[position:].strip():
        match = TOKEN.match(text, position)
        if not match:
            raise ValueError("no literal: " + text[position:])
        position = match.end()
        yield match.lastgroup, match[match.lastgroup]
    yield "end", ""


class Reader:
    def __init__(self, text):
        self.tokens = list(tokens(text))

    def take(self, value=None):
        if value is not None and self.tokens[0][1] != value:
            raise ValueError("%s expected, got %s" % (value, self.tokens[0][1]))
        return self.tokens.pop(0)

    def key(self):
        """The key of an entry, or None."""
        if self.tokens[0] == ("mark", "["):
            self.take()
            key = self.value()
            self.take("]")
        elif self.tokens[0][0] == "word" and self.tokens[1] == ("mark", "="):
            key = self.take()[1]
        else:
            return None
        self.take("=")
        return key

    def table(self):
        array, pairs = [], {}
        while self.tokens[0] != ("mark", "}"):
            key = self.key()
            if key is None:
                array.append(self.value())
            else:
                pairs[key] = self.value()
            if self.tokens[0] == ("mark", ","):
                self.take()
        self.take("}")
        return pairs or array

    def value(self):
        kind, text = self.take()
        if kind == "text":
            bytes_ = re.sub(rb"\\(\d{1,3})", lambda m: bytes([int(m[1])]), text[1:-1].encode())
            return bytes_.decode("utf-8", "surrogateescape")
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "word":
            return WORDS[text]
        if text == "{":
            return self.table()
        raise ValueError("no value: " + text)

    def values(self):
        values = []
        while self.tokens[0][0] != "end":
            values.append(self.value())
            if self.tokens[0] == ("mark", ","):
                self.take()
        return values


def read(text):
    return Reader(text).values()
