from __future__ import annotations

import pytest

from tests.ui.teach.clock import Clock
from ui.teach.budget import LEAST, PER_MINUTE, Budget


def test_it_is_used_up_and_fills_again():
    clock = Clock()
    budget = Budget(clock)
    photos = PER_MINUTE // 12_000_000
    assert photos >= 300  # at once, of 12 megapixels
    for _ in range(photos):
        assert budget.wait == 0
        budget.spend(12_000_000)
    assert 0 < budget.wait < 1
    assert not budget.is_full
    clock.now += budget.wait
    assert budget.wait == pytest.approx(0, abs=1e-6)
    clock.now += 60
    assert budget.is_full


def test_what_was_under_way_is_paid_for_later():
    clock = Clock()
    budget = Budget(clock)
    budget.spend(PER_MINUTE + PER_MINUTE // 2)
    assert budget.wait == pytest.approx(30, abs=1)


def test_a_small_photo_costs_something_too():
    budget = Budget(Clock())
    for _ in range(PER_MINUTE // LEAST):
        budget.spend(1)
    assert budget.wait > 0
