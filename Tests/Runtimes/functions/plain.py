import os


def echo(event, context):
    print("served", context.aws_request_id)
    return {"event": event, "arn": context.invoked_function_arn, "version": context.function_version}


def fail(event, context):
    raise ValueError("no good")


def environment(event, context):
    return dict(os.environ)
