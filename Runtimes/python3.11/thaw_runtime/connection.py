"""The connection to the Runtime API: as much of HTTP/1.1 as its server speaks, on one socket that stays open.

A clone finds a live connection under the number of the one that its original waited on, so it goes on with what is here:
one call to send, one to receive.
"""

import socket

# An answer to be expected fits; what is longer is received in one more call, into memory of its size.
_FIRST_BYTES = 16384
_LONGEST_HEAD = 1 << 20
# Copying a body behind its head is cheaper than a second buffer up to about here.
_SHORT_BODY = 1 << 16


class Connection:
    __slots__ = ("address", "socket")

    def __init__(self, address):
        """`address` is HOST:PORT; it is connected to when there is something to ask."""
        self.address = address
        self.socket = None

    def exchange(self, head, body=b""):
        """Sends a request; returns status, header fields (names in lower case) and body of the answer.

        An OSError says that there was none, or none that can be understood.
        """
        try:
            return self._read(self._first_bytes(head, body))
        except BaseException:
            # Its answer may still come and must not be taken for that to another request.
            self.close()
            raise

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _first_bytes(self, head, body):
        if self.socket is not None:
            try:
                self._send(head, body)
                if answer := self.socket.recv(_FIRST_BYTES):
                    return answer
            except (BrokenPipeError, ConnectionResetError):
                pass
            # Closed while nothing was asked. The server answers whatever it has read before it closes, so it has not
            # read this; and should it get it twice, it refuses the second.
            self.close()
        self._connect()
        self._send(head, body)
        return self._receive(_FIRST_BYTES)

    def _connect(self):
        host, _, port = self.address.rpartition(":")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _send(self, head, body):
        if len(body) <= _SHORT_BODY:
            self.socket.sendall(head + body)
        else:
            sent = self.socket.sendmsg((head, body))
            # Less than all only if a signal came between.
            if sent < len(head) + len(body):
                self.socket.sendall(memoryview(head + body)[sent:])

    def _receive(self, count, flags=0):
        received = self.socket.recv(count, flags)
        if not received:
            raise ConnectionError("the Runtime API closed the connection before it had answered")
        return received

    def _read(self, answer):
        while (end := answer.find(b"\r\n\r\n")) < 0:
            if len(answer) > _LONGEST_HEAD:
                raise ConnectionError("the head of the Runtime API's answer does not end")
            answer += self._receive(_FIRST_BYTES)
        status_line, *lines = answer[:end].decode("utf-8", "replace").split("\r\n")
        fields = {}
        for line in lines:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        status, length = status_line[9:12], fields.get("content-length", "")
        if not (status_line.startswith("HTTP/1.") and status.isdecimal()):
            raise ConnectionError(f"the Runtime API's answer begins with {status_line[:40]!r}")
        if not length.isdecimal() or "transfer-encoding" in fields:
            raise ConnectionError("the Runtime API's answer does not say how long it is (Content-Length)")
        body, length = answer[end + 4:], int(length)
        while len(body) < length:
            body += self._receive(length - len(body), socket.MSG_WAITALL)
        if len(body) > length:
            raise ConnectionError("the Runtime API's answer is longer than it says")
        if "connection" in fields and fields["connection"].lower() == "close":
            self.close()
        return int(status), fields, body
