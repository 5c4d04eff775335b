from snapshot_restore_py import register_before_snapshot


@register_before_snapshot
def hook():
    raise RuntimeError("before failed")


def handler(event, context):
    return None
