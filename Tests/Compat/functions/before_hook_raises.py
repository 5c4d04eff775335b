from snapshot_restore_py import register_before_snapshot


def refuse():
    raise RuntimeError("not to be frozen")


register_before_snapshot(refuse)


def handler(event, context):
    return None
