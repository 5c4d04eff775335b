raise ValueError("init went wrong")


def handler(event, context):
    return None
