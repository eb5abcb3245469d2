from __future__ import annotations

import pytest

from model.inside.explain import Explainer
from model.inside.graph import Layer


@pytest.fixture(scope="module")
def inside(classifier):
    return Explainer(classifier).inside


def layer(field: int | None = 5, side: int = 8) -> Layer:
    return Layer("x", 1, "conv", (3, 3), (1, 1), 4, side, side, field, 64 / side, 10)
