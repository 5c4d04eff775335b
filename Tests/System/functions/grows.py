"""Uses as much memory as the event asks, and gives it back."""

count = 0


def handler(event, context):
    global count
    count += 1
    # Each page is written.
    block = bytearray(event["megabytes"] << 20)
    block[::4096] = b"x" * len(block[::4096])
    return {"count": count, "token": event["token"], "pages": block.count(b"x")}
