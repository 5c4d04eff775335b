"""Extensions in the runtime's own process."""

import pytest
from conftest import zip_of_function
from lambdas import invoke, wait


@pytest.mark.once
def test_an_internal_extension_is_handed_each_event(client, throwaway):
    name = throwaway(Code={"ZipFile": zip_of_function("watched")}, Handler="watched.handler", Timeout=30)["FunctionName"]
    wait(client, "function_active_v2", FunctionName=name)
    for _ in range(2):
        answer, response = invoke(client, name, {})
        assert "FunctionError" not in response, answer
        assert answer["function"] == {"functionName": name, "functionVersion": "$LATEST", "handler": "watched.handler"}
        event = answer["event"]
        assert event["eventType"] == "INVOKE"
        assert event["requestId"] == response["ResponseMetadata"]["RequestId"]
        assert event["invokedFunctionArn"].endswith(f":function:{name}")
        assert event["tracing"]["type"] == "X-Amzn-Trace-Id"
        assert isinstance(event["deadlineMs"], int)
