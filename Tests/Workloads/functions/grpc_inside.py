"""A gRPC server and its channel in one process: threads, epoll, eventfds and a connection with both ends inside."""

import uuid
from concurrent import futures

import grpc


def echo(request, context):
    return request + str(uuid.uuid4()).encode()


handlers = grpc.method_handlers_generic_handler(
    "thaw.Echo", {"Say": grpc.unary_unary_rpc_method_handler(echo), "Many": grpc.unary_stream_rpc_method_handler(
        lambda request, context: (request + bytes([n]) for n in range(50)))},
)  # fmt: skip
server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers([handlers])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
channel = grpc.insecure_channel(f"127.0.0.1:{port}")
say = channel.unary_unary("/thaw.Echo/Say")
many = channel.unary_stream("/thaw.Echo/Many")
assert say(b"warm", timeout=10).startswith(b"warm")


def use(context):
    answer = say(b"hello ", timeout=10)
    assert answer.startswith(b"hello ")
    assert len(list(many(b"x", timeout=10))) == 50
    return [answer.decode()]
