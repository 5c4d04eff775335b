import os

os._exit(7)


def handler(event, context):
    return None
