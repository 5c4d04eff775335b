#!/usr/bin/python3
"""Plays Firecracker and the guest in it: its API as far as the engine uses it, unless DEPARTURE says otherwise."""

import json
import os
import socket
import struct
import sys
import threading

# The path of a request, and what is done instead of answering it; a test writes its own here.
DEPARTURE = {}
HELLO, INITIALIZED, FROZEN, THAWED, RESTORED, RESPONSE, IDLE, REHEARSED = 129, 130, 132, 133, 134, 136, 138, 142
INITIALIZE, FREEZE, THAW, INVOKE, REHEARSE = 1, 2, 3, 4, 6
PORT = 1024


def text(value):
    return struct.pack("<I", len(value)) + value


def receive(connection, count):
    data = connection.recv(count, socket.MSG_WAITALL)
    if len(data) < count:
        raise EOFError
    return data


class Guest(threading.Thread):
    """Connects to the host, as the supervisor does."""

    def __init__(self, vsock, boots):
        super().__init__(daemon=True)
        self.boots = boots
        self.host = socket.socket(socket.AF_UNIX)
        self.host.connect(f"{vsock}_{PORT}")
        self.start()

    def say(self, kind, body=b""):
        self.host.sendall(struct.pack("<IBB", len(body) + 2, 2, kind) + body)

    def run(self):
        if self.boots:
            self.say(HELLO, text(b"6.1"))
        try:
            while True:
                (length,) = struct.unpack("<I", receive(self.host, 4))
                self.obey(receive(self.host, length))
        except (EOFError, ConnectionError):
            return

    def obey(self, frame):
        kind, body = frame[1], frame[2:]
        if kind == INITIALIZE:
            self.say(INITIALIZED, b"\1")
        elif kind == FREEZE:
            self.say(FROZEN)
        elif kind == REHEARSE:
            self.say(REHEARSED)
        elif kind == THAW:
            self.say(THAWED)
            self.say(RESTORED)
        elif kind == INVOKE:
            (length,) = struct.unpack_from("<I", body)
            self.say(RESPONSE, text(body[4 : 4 + length]) + text(b"{}"))
            self.say(IDLE, struct.pack("<Q", 1 << 20))


class Machine:
    def __init__(self):
        self.vsock = None
        self.guest = None

    def obey(self, method, path, body):
        if path == "/version":
            return {"firecracker_version": "1.12.1"}
        if path.startswith("/drives/"):
            os.close(os.open(body["path_on_host"], os.O_RDONLY if body["is_read_only"] else os.O_RDWR))
        elif path == "/vsock":
            self.vsock = body["uds_path"]
        elif path == "/actions":
            print("scripted", flush=True)
            self.guest = Guest(self.vsock, boots=True)
        elif path == "/snapshot/create":
            for name, content in (("snapshot_path", self.vsock), ("mem_file_path", "memory")):
                with open(body[name], "r+") as file:
                    file.write(content)
        elif path == "/snapshot/load":
            with open(body["mem_backend"]["backend_path"]) as file:
                assert file.read(6) == "memory"
            with open(body["snapshot_path"]) as file:
                self.vsock = file.read()
        elif path == "/vm" and body["state"] == "Resumed" and not self.guest:
            self.guest = Guest(self.vsock, boots=False)
        return None


def serve(connection, machine):
    stream = connection.makefile("rb")
    while line := stream.readline():
        method, path, _ = line.decode().split()
        headers = dict(field.decode().lower().rstrip().split(": ", 1) for field in iter(stream.readline, b"\r\n"))
        body = stream.read(int(headers.get("content-length", 0)))
        deed = DEPARTURE.get(path)
        if deed == "dies":
            os._exit(1)
        elif deed == "vanishes":
            answer(connection, "204 No Content", None)
            os._exit(1)
        elif deed == "garbles":
            connection.sendall(b"\1\2\3 this is no answer\r\n\r\n")
        elif deed == "refuses":
            answer(connection, "400 Bad Request", {"fault_message": "refused by the script"})
        else:
            said = machine.obey(method, path, json.loads(body) if body else None)
            answer(connection, "200 OK" if said else "204 No Content", said)


def answer(connection, status, body):
    content = json.dumps(body).encode() if body else b""
    length = f"Content-Length: {len(content)}\r\n" if body else ""
    connection.sendall(f"HTTP/1.1 {status}\r\nServer: scripted\r\n{length}\r\n".encode() + content)


def main(arguments):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(arguments[arguments.index("--api-sock") + 1])
    listener.listen()
    machine = Machine()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, machine), daemon=True).start()


main(sys.argv)
