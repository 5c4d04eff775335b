from snapshot_restore_py import register_after_restore


def refuse():
    raise RuntimeError("not to be thawed")


register_after_restore(refuse)


def handler(event, context):
    return "reached"
