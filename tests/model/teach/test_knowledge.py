from __future__ import annotations

import numpy as np
import pytest

from model.head import LinearHead
from model.teach.knowledge import Knowledge


@pytest.fixture
def old() -> LinearHead:
    """120 rows, each for a direction of its own: ten merged as one answer, five as another, the rest as neither."""
    return LinearHead(10 * np.eye(120, dtype=np.float32), np.zeros(120, np.float32), (10, 5, 105))


def test_rows_that_fire_on_a_class_are_claimed_and_neither_steps_back(old):
    knowledge = Knowledge.of(old, has_neither=True)
    photos = np.eye(120, dtype=np.float32)[[40, 40, 60, 60]]
    claims = knowledge.claims(old.scores(photos), np.array([0, 0, 1, 1]), np.ones(4), 2)
    assert [rows.tolist() for rows in claims.rows[:2]] == [[40], [60]]
    logits = claims.merged(old.scores(np.eye(120, dtype=np.float32)[[40, 60, 70]]))
    assert logits.argmax(axis=1).tolist() == [0, 1, 2]


def test_what_the_old_head_calls_one_answer_is_claimed_as_one(old):
    knowledge = Knowledge.of(old, has_neither=True)
    photos = np.eye(120, dtype=np.float32)[[0, 1, 60, 60]]  # two of ten kinds
    claims = knowledge.claims(old.scores(photos), np.array([0, 0, 1, 1]), np.ones(4), 2)
    assert set(range(10)) <= set(claims.rows[0].tolist())
    assert claims.merged(old.scores(np.eye(120, dtype=np.float32)[[7]])).argmax() == 0  # a kind that was not shown


def test_claims_and_new_rows_are_one_head(old):
    claims = Knowledge.of(old, has_neither=True).claims(
        old.scores(np.eye(120, dtype=np.float32)[[40, 60]]), np.array([0, 1]), np.ones(2), 2
    )
    dice = np.random.default_rng(0)
    rows = LinearHead(dice.normal(size=(3, 120)).astype(np.float32), dice.normal(size=3).astype(np.float32), (1, 1, 1))
    features = dice.normal(size=(5, 120)).astype(np.float32)
    together = claims.with_rows(rows).logits(features)
    assert together == pytest.approx(claims.merged(old.scores(features)) + rows.logits(features), abs=1e-4)


def test_a_head_of_few_rows_knows_nothing_of_the_world():
    assert Knowledge.of(LinearHead.blank(3, 16), has_neither=True) is None
