"""upstream.py - an HTTP upstream that judges what reaches it. usage: upstream.py SECRET

Prints its port. A request under /guarded must carry the guard's signature of its nonce in x-verdict:
one that does not was let through without a verdict. When standard input ends it prints its counts
as JSON.
"""

import asyncio
import json
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


def sign(secret, nonce):
    """What the guards compute."""
    value = 7
    for byte in (secret + nonce).encode():
        value = (value * 31 + byte) % 2**32
    return str(value)


def headers_of(head):
    lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
    return lines[0], {name.strip().lower(): value.strip() for name, value in pairs}


class Upstream:
    def __init__(self, secret):
        self.secret = secret
        self.counts = {"guarded": 0, "unguarded": 0, "neighbour": 0, "neighbour_missed": 0}
        self.examples = []

    def judge(self, head):
        line, headers = headers_of(head)
        nonce = headers.get("x-nonce", "")
        if line.split(" ")[1].startswith("/guarded"):
            self.counts["guarded"] += 1
            if headers.get("x-verdict") != sign(self.secret, nonce):
                self.counts["unguarded"] += 1
                self.examples.append(nonce)
        else:
            self.counts["neighbour"] += 1
            self.counts["neighbour_missed"] += headers.get("x-neighbour") != (nonce or "none")

    async def serve(self, reader, writer):
        try:
            while True:
                self.judge(await reader.readuntil(b"\r\n\r\n"))
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()


async def main(secret):
    upstream = Upstream(secret)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps({**upstream.counts, "examples": upstream.examples[:5]}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
