"""OpenBLAS's threads, and generators made in init and anew."""

import numpy as np

a = np.random.default_rng(7).random((400, 400))
product = a @ a
legacy = np.random.random()
generator = np.random.default_rng()
generator.random()


def use(context):
    assert np.allclose(a @ a, product)
    assert np.allclose(np.linalg.solve(a, a @ np.ones(400)), np.ones(400))
    return [float(np.random.random()), float(np.random.default_rng().random())]
