from snapshot_restore_py import register_after_restore


@register_after_restore
def hook():
    raise RuntimeError("after failed")


def handler(event, context):
    return None
