"""Files that a snapshot was taken on, lost while a server runs: the version is initialised again, and is served."""

import shutil

import botocore.exceptions
import pytest

import serving
from conftest import create, publish, wait_active

pytestmark = pytest.mark.process

LOST = {
    "code image": lambda state: [path.unlink() for path in (state / "images/code").iterdir()],
    "snapshot": lambda state: [shutil.rmtree(path) for path in (state / "snapshots").glob("snap-*")],
    "memory": lambda state: [path.unlink() for path in (state / "snapshots").glob("snap-*/memory")],
    "base image": lambda state: [shutil.rmtree(path) for path in (state / "images/base").iterdir()],
}


# With a template that goes as soon as nobody uses it, each clone needs the files again.
@pytest.mark.parametrize("lose", LOST.values(), ids=LOST.keys())
def test_what_is_lost_is_made_again_where_it_can_be(thaw, base, images, lose, request):
    lost = request.node.callspec.id
    state = serving.new_state(images, base / f"lost-{lost.replace(' ', '')}")
    server = serving.Server(thaw, state, "process", "--ready", "0", "--keep-warm", "0", "--template-memory", "0")
    try:
        create(server.client, "probe")
        publish(server.client, "probe")
        server.works("probe")
        lose(state)
        errors = [found for _ in range(3) if (found := attempt(server))]
        # At most one: the version is initialised again, or cannot be.
        if lost == "base image":
            assert errors
        else:
            assert not errors or errors == [("SnapStartNotReadyException", errors[0][1])], errors
            server.works("probe")
        assert not [text for _, text in errors if str(state) in text], errors
    finally:
        assert server.stop() == 0
        shutil.rmtree(state)


def attempt(server):
    """Invokes; gives the error, once the version is through with what it brought about."""
    try:
        server.works("probe")
        return None
    except botocore.exceptions.ClientError as error:
        try:
            wait_active(server.client, "probe")
        except AssertionError as failure:
            return error.response["Error"]["Code"], str(failure)
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
