from __future__ import annotations

import numpy as np
import pytest

from model.calibration import calibrate
from model.head import LinearHead
from training.data.photos import Photos
from training.data.suspects import find_suspects
from training.fit.head import choose, folds_of, weights_of


def photos(count: int, sources: int) -> Photos:
    paths = tuple(f"{index}.jpg" for index in range(count))
    return Photos(paths, ("a", "b", "neither") * (count // 3), ("a", "b"), tuple(f"s{i % sources}" for i in range(count)))


def clouds(count: int, seed: int, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Two views of points of three classes."""
    dice = np.random.default_rng(seed)
    targets = np.arange(count) % 3
    return np.stack([np.eye(3, 20)[targets] * 2 + noise * dice.normal(size=(count, 20)) for _ in range(2)]), targets


def test_folds_are_sources_or_fifths_that_keep_duplicates_together():
    every = photos(60, 4)
    groups = np.arange(60) // 2
    assert len(set(zip(folds_of(every, groups, True, 0), every.sources, strict=True))) == 4
    fifths = folds_of(every, groups, False, 0)
    assert sorted(set(fifths)) == [0, 1, 2, 3, 4]
    assert (fifths[::2] == fifths[1::2]).all()


def test_a_class_of_a_source_weighs_as_the_root_of_its_photos():
    few = Photos(tuple("abcde"), ("a", "a", "a", "a", "b"), ("a", "b"))
    assert weights_of(few) == pytest.approx([1 / 6] * 4 + [1 / 3])


def test_left_out_answers_are_those_of_heads_that_never_saw_them():
    views, targets = clouds(240, seed=1)
    every = photos(240, 4)
    weights = weights_of(every)
    folds = folds_of(every, np.arange(240), True, 0)
    blank = LinearHead.blank(3, 20)
    choice = choose(views, targets, weights, blank, folds, np.arange(240), True, (0.1, 0.01))
    assert set(choice.losses) == {0.1, 0.01}
    assert choice.decay == min(choice.losses, key=choice.losses.get)
    # the photos of a source with labels that are all wrong do not change the answers for it
    wrong = np.where(folds == 2, (targets + 1) % 3, targets)
    again = choose(views, wrong, weights, blank, folds, np.arange(240), True, (choice.decay,))
    assert again.heads[2].logits(views[0, folds == 2]) - again.shift * np.eye(3)[2] == pytest.approx(
        choice.heads[2].logits(views[0, folds == 2]) - choice.shift * np.eye(3)[2], abs=0.05
    )


def test_near_duplicates_of_what_is_left_out_are_not_fitted_to():
    views, targets = clouds(120, seed=2)
    folds, groups, weights = np.arange(120) % 2, np.arange(120), np.full(120, 1 / 120)
    blank = LinearHead.blank(3, 20)
    without = choose(views, targets, weights, blank, folds, groups, True, (0.01,))
    copies = np.flatnonzero(folds == 0)[:30]  # once more in the other source, with labels that are all wrong
    every = np.r_[np.arange(120), copies]
    labels = np.r_[targets, (targets[copies] + 1) % 3]
    again = choose(
        views[:, every], labels, np.full(150, 1 / 120), blank, np.r_[folds, np.ones(30, int)], groups[every], True, (0.01,)
    )
    out = views[0, folds == 0]
    differences = [head.heads[0].logits(out) - head.shift * np.eye(3)[2] for head in (without, again)]
    assert differences[0] == pytest.approx(differences[1], abs=0.02)


def test_a_source_that_alone_has_a_class_cannot_be_answered_by_a_plain_head():
    views, targets = clouds(90, seed=3)
    folds = np.where(targets == 2, 0, 1 + np.arange(90) % 2)
    choice = choose(views, targets, np.full(90, 1 / 90), LinearHead.blank(3, 20), folds, np.arange(90), True, (0.01,))
    assert np.isnan(choice.logits[folds == 0]).all()
    assert not np.isnan(choice.logits[folds != 0]).any()


def test_temperature_and_shift_undo_what_was_done():
    dice = np.random.default_rng(4)
    honest = dice.normal(size=(3000, 3)) * 2
    probabilities = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    targets = np.array([dice.choice(3, p=row) for row in probabilities])
    distorted = honest * 1.6 - np.array([0, 0, 1.2]) * 1.6
    temperature, shift = calibrate(distorted, targets, np.full(3000, 1 / 3000), neither=True)
    assert temperature == pytest.approx(1.6, rel=0.1)
    assert shift == pytest.approx(1.2 * 1.6, abs=0.3)
    assert calibrate(distorted, targets, np.full(3000, 1 / 3000), neither=False)[1] == 0


def test_wrong_labels_are_suspected():
    dice = np.random.default_rng(5)
    targets = np.arange(200) % 2
    probabilities = np.clip(np.eye(2)[targets] * 0.9 + 0.05 + dice.normal(0, 0.02, (200, 1)) * [1, -1], 0.01, 0.99)
    labels = targets.copy()
    labels[7] = 1 - labels[7]
    every = Photos(tuple(f"{i}.jpg" for i in range(200)), tuple("ab"[label] for label in labels), ("a", "b"))
    found = find_suspects(every, labels, probabilities, ("a", "b"))
    assert [suspect.path for suspect in found] == ["7.jpg"]
    assert (found[0].label, found[0].answer) == ("a", "b")
