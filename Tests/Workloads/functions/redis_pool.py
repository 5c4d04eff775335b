"""A pool of connections to a Redis outside, opened in init."""

import os

import redis

HOST, PORT = os.environ["OUTSIDE_REDIS"].split(":")
client = redis.Redis(HOST, int(PORT), protocol=2, socket_timeout=5, decode_responses=True)
client.set("init", "1")


def use(context):
    number = client.incr("calls")
    assert client.get("init") == "1"
    with client.pipeline(transaction=False) as pipe:
        assert pipe.set("a", "b").get("a").execute() == [True, "b"]
    return [str(number)]
