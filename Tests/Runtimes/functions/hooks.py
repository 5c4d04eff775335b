from snapshot_restore_py import register_after_restore, register_before_snapshot

log = []


@register_before_snapshot
def first():
    log.append("before first")


register_before_snapshot(log.append, "before second")
register_after_restore(log.append, "after first")


@register_after_restore
def second():
    log.append("after second")


def handler(event, context):
    return log
