"""An inference session whose threads are bound to processors."""

import uuid

import numpy as np
import onnxruntime as ort


def field(number, content):
    """One of protobuf's, of fewer than 128 bytes."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    return bytes([number << 3 | 2, len(content)]) + content


def tensor(name):
    shape = field(2, field(1, field(1, 4)))
    return field(1, name) + field(2, field(1, field(1, 1) + shape))


# y = x + x, by onnx.proto's numbers.
node = field(1, b"x") + field(1, b"x") + field(2, b"y") + field(4, b"Add")
graph = field(1, node) + field(2, b"g") + field(11, tensor(b"x")) + field(12, tensor(b"y"))
model = field(1, 7) + field(7, graph) + field(8, field(2, 13))
session = ort.InferenceSession(model)


def use(context):
    found = session.run(None, {"x": np.arange(4, dtype=np.float32)})[0]
    assert found.tolist() == [0, 2, 4, 6]
    return [str(uuid.uuid4())]
