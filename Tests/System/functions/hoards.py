"""Makes others keep what is large: sparse and strange files in /tmp, half-sent requests to the Runtime API, lines without end."""

import json
import os
import socket

MEGABYTE = 1 << 20


def sparse(name, size, words=b""):
    with open(f"/tmp/{name}", "wb") as file:
        if words:
            file.seek(size // 2)
            file.write(words)
        file.truncate(size)


def strange():
    here = os.getcwd()
    os.mkfifo("/tmp/pipe")
    with open("/tmp/new\nline", "w") as file:
        file.write("named")
    os.link("/tmp/new\nline", "/tmp/link")
    with open("/tmp/unreadable", "w") as file:
        file.write("secret")
    os.chmod("/tmp/unreadable", 0)
    socket.socket(socket.AF_UNIX).bind("/tmp/socket")
    os.chdir("/tmp")
    for _ in range(200):
        os.mkdir("deep" * 10)
        os.chdir("deep" * 10)
    with open("bottom", "w") as file:
        file.write("end")
    os.chdir(here)
    os.mkdir("/tmp/many")
    for number in range(5000):
        open(f"/tmp/many/{number}", "w").close()


{"sparse": lambda: (sparse("sparse", 1500 * MEGABYTE, b"middle"), sparse("larger", 4096 * MEGABYTE)), "strange": strange}.get(
    os.environ.get("KEEPS"), lambda: None
)()

held = []


def half_sent(count):
    """Connections, each with most of a large answer to the invocation in progress or to none."""
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    for number in range(count):
        path = f"/2018-06-01/runtime/invocation/{number}/response"
        connection = socket.create_connection((host, int(port)))
        connection.setblocking(False)
        held.append(connection)
        data = f"POST {path} HTTP/1.1\r\nContent-Length: 6291000\r\n\r\n".encode() + b"x" * 6_000_000
        sent = 0
        for _ in range(1000):
            try:
                sent += connection.send(data[sent:])
            except BlockingIOError:
                connection.settimeout(0.2)
                try:
                    sent += connection.send(data[sent : sent + 65536])
                except OSError:
                    break
                connection.setblocking(False)
            except OSError:
                break
            if sent == len(data):
                break
    return len(held)


def look(name):
    status = os.stat(f"/tmp/{name}")
    with open(f"/tmp/{name}", "rb") as file:
        file.seek(status.st_size // 2)
        return [status.st_size, file.read(6).decode()]


def see_strange():
    here = os.getcwd()
    os.chdir("/tmp")
    depth = 0
    while os.path.isdir("deep" * 10):
        os.chdir("deep" * 10)
        depth += 1
    with open("bottom") as file:
        bottom = file.read()
    os.chdir(here)
    os.chmod("/tmp/unreadable", 0o600)
    with open("/tmp/unreadable") as file, open("/tmp/link") as other:
        return [depth, bottom, file.read(), other.read(), os.stat("/tmp/link").st_nlink, len(os.listdir("/tmp/many"))]


def handler(event, context):
    if event["do"] == "look":
        return look(event["name"])
    if event["do"] == "strange":
        return see_strange()
    if event["do"] == "half":
        return half_sent(event["count"])
    return json.dumps(event)
