"""peers.py - what sockets under test talk to: servers on loopback and Unix sockets that do what they are told.

A stream begins with a line from the client, steps with blanks: say:TEXT (percent-encoded), much:BYTES, line (reads
one), echo (repeats a line), rest (reads to the end, then says how many bytes), close, reset, hold (until the client has gone), deaf (the same, and reads nothing).
"""

import os
import select
import socket
import ssl
import struct
import subprocess
import threading
import urllib.parse

A, AAAA = 1, 28
FAMILIES = {A: socket.AF_INET, AAAA: socket.AF_INET6}
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


# ---- streams ----

def read_line(conn):
    line = b""
    while not line.endswith(b"\n"):
        byte = conn.recv(1)
        if not byte:
            raise EOFError
        line += byte
    return line


def read_rest(conn):
    count = 0
    while True:
        some = conn.recv(65536)
        if not some:
            return count
        count += len(some)


def wait_gone(conn):
    poll = select.poll()
    poll.register(conn, select.POLLRDHUP)
    poll.poll()


def do_step(conn, step):
    """One step. False ends the connection."""
    name, _, text = step.partition(":")
    if name == "say":
        conn.sendall(urllib.parse.unquote_to_bytes(text))
    elif name == "much":
        conn.sendall(b"x" * int(text))
    elif name == "line":
        read_line(conn)
    elif name == "echo":
        conn.sendall(read_line(conn))
    elif name == "rest":
        conn.sendall(b"%d" % read_rest(conn))
    elif name == "hold":
        read_rest(conn)
    elif name == "deaf":
        wait_gone(conn)
    elif name == "name":
        conn.sendall((conn.server_name or "none").encode() + b"\n")
    elif name == "cert":
        conn.sendall(b"%s\n" % (b"a certificate" if conn.getpeercert() else b"none"))
    elif name == "reset":
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    return name != "close"


def serve(conn, context=None):
    try:
        if context:
            conn = context.wrap_socket(conn, server_side=True)
        while True:
            for step in read_line(conn).decode().split():
                if not do_step(conn, step):
                    return
    except (EOFError, OSError):
        pass
    finally:
        conn.close()


class NamedSocket(ssl.SSLSocket):
    server_name = None


def tls_context(certificate, key, ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslsocket_class = NamedSocket
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda conn, name, _: setattr(conn, "server_name", name)
    if ca:
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


# ---- certificates ----

def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_certificates(folder):
    """ca.pem; server.pem for tls.test and client.pem, signed by it; stranger.pem, by another one. With NAME.key, and
    locked.key, which is client.key with the password "secret"."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name in ("ca", "other-ca"):
        openssl(folder, "req", "-x509", *key, "-keyout", name + ".key", "-out", name + ".pem",
                "-subj", "/CN=test-" + name, "-days", "30")
    for name, host, ca in (("server", "tls.test", "ca"), ("client", "client.test", "ca"),
                           ("stranger", "stranger.test", "other-ca")):
        openssl(folder, "req", *key, "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + host)
        with open(os.path.join(folder, name + ".ext"), "w", encoding="utf-8") as file:
            file.write("subjectAltName=DNS:%s\n" % host)
        openssl(folder, "x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key",
                "-CAcreateserial", "-out", name + ".pem", "-days", "30", "-extfile", name + ".ext")
    openssl(folder, "pkey", "-in", "client.key", "-aes128", "-passout", "pass:secret", "-out", "locked.key")


# ---- names ----

def encode_name(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def read_question(packet):
    parts, at = [], 12
    while packet[at]:
        parts.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += packet[at] + 1
    return ".".join(parts).lower(), struct.unpack(">H", packet[at + 1:at + 3])[0]


def answer(packet, names):
    name, kind = read_question(packet)
    code, known = names.get(name, (NXDOMAIN, ()))
    addresses = [socket.inet_pton(FAMILIES[kind], address) for address in known if (":" in address) == (kind == AAAA)]
    head = packet[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
    question = encode_name(name) + struct.pack(">HH", kind, 1)
    records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(address)) + address for address in addresses)
    return head + question + records


# ---- all of them ----

FOUR, SIX = ("127.0.0.1", 0), ("::1", 0)


def port_of(server):
    """The port; the path of a Unix socket."""
    name = server.getsockname()
    return name if isinstance(name, str) else name[1]


class Peers:
    NAMES = {"a.test": (NOERROR, ["127.0.0.1"]), "tls.test": (NOERROR, ["127.0.0.1"]),
             "six.test": (NOERROR, ["::1"]),
             "fails.test": (SERVFAIL, ()), "empty.test": (NOERROR, ()), "refused.test": (REFUSED, ())}

    def __init__(self, folder):
        self.folder = folder
        self.sockets = []
        self.questions = []
        make_certificates(folder)
        server, stranger = [[os.path.join(folder, name + end) for end in (".pem", ".key")]
                            for name in ("server", "stranger")]
        self.ca = os.path.join(folder, "ca.pem")
        self.ports = {
            "tcp": self.stream(), "tls": self.stream(tls_context(*server)),
            "stranger": self.stream(tls_context(*stranger)),
            "demanding": self.stream(tls_context(*server, self.ca)),
            "udp": self.datagrams(lambda data: data), "dns": self.datagrams(self.ask),
            "refused": self.bound(), "full": self.full(),
            "tcp6": self.stream(place=SIX), "tls6": self.stream(tls_context(*server), SIX),
            "udp6": self.datagrams(lambda data: data, SIX), "refused6": self.bound(SIX)}
        self.unix = self.stream(place=os.path.join(folder, "stream.sock"))
        self.unix_udp = self.datagrams(lambda data: data, os.path.join(folder, "datagram.sock"))

    def ask(self, packet):
        self.questions.append(read_question(packet))
        return answer(packet, self.NAMES)

    def open(self, kind, place=FOUR):
        """A place is an address with its port, or the path of a Unix socket."""
        server = socket.socket(socket.AF_UNIX if isinstance(place, str) else
                               socket.AF_INET6 if place == SIX else socket.AF_INET, kind)
        self.sockets.append(server)
        server.bind(place)
        return server

    def stream(self, context=None, place=FOUR):
        server = self.open(socket.SOCK_STREAM, place)
        server.listen(1024)

        def accept():
            while True:
                try:
                    conn = server.accept()[0]
                except OSError:
                    return
                threading.Thread(target=serve, args=(conn, context), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()
        return port_of(server)

    def datagrams(self, reply, place=FOUR):
        server = self.open(socket.SOCK_DGRAM, place)

        def work():
            while True:
                try:
                    data, client = server.recvfrom(65536)
                except OSError:
                    return
                if not client:  # closed
                    return
                if not data.startswith(b"silence"):
                    server.sendto(reply(data), client)
        threading.Thread(target=work, daemon=True).start()
        return port_of(server)

    def bound(self, place=FOUR):
        """A port on which nobody listens."""
        return port_of(self.open(socket.SOCK_STREAM, place))

    def full(self):
        """A port whose queue is full: connections to it neither succeed nor fail."""
        server = self.open(socket.SOCK_STREAM)
        server.listen(0)
        is_open = True
        while is_open:
            client = socket.socket()
            self.sockets.append(client)
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            is_open = bool(select.select([], [client], [], 0.5)[1])
        return server.getsockname()[1]

    def lua(self):
        """A table for Lua."""
        def text(name):
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                return "[[%s]]" % file.read()
        fields = ["%s = %d" % item for item in self.ports.items()]
        fields += ["unix = %r" % ("unix:" + self.unix), "unix_udp = %r" % ("unix:" + self.unix_udp)]
        fields += ["%s = %s" % (field, text(name)) for field, name in (
            ("cert", "client.pem"), ("key", "client.key"), ("locked_key", "locked.key"), ("ca", "ca.pem"))]
        return "{ %s }" % ", ".join(fields)

    def close(self):
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
