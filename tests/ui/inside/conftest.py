from __future__ import annotations

import pytest

from model.inside.explain import Explainer
from model.inside.fields import Field
from model.inside.graph import Layer


@pytest.fixture(scope="module")
def inside(classifier):
    return Explainer(classifier).inside


def layer(field: int | None = 5, side: int = 8) -> Layer:
    """Maps of side×side values for 64×64 pixels; every value sees the middle `field` pixels of its own."""
    jump = 64 / side
    seen = Field((jump - (field or 64)) // 2, field or 64, jump)
    return Layer("x", 1, "conv", (3, 3), (1, 1), 4, side, side, field, jump, 10, seen, seen)
