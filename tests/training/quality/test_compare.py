from __future__ import annotations

import numpy as np
import pytest

from tests.training.colours import colours
from tests.training.quality.reading import read_report
from training.data.photos import DataError
from training.quality.compare import verdict
from training.quality.metrics import paired
from training.quality.report import write_report


def test_two_models_on_the_same_photos(photos, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"12345")
    mirrored = colours(labels=("red", "blue"))  # the same labels in another order, and so always wrong
    write_report(colours(), photos, tmp_path / "report", "counting", against=(mirrored, tmp_path))
    comparison = read_report(tmp_path / "report").comparison
    assert (comparison.both_right, comparison.only_a, comparison.only_b, comparison.both_wrong) == (0, 29, 1, 0)
    assert comparison.difference == pytest.approx(-28 / 30)
    assert comparison.mcnemar_p < 1e-6
    assert comparison.metrics.accuracy == pytest.approx(1 / 30)
    assert comparison.network_bytes == 5
    assert comparison.sentence.startswith("A makes 28 fewer mistakes in 30 photos than B (1 against 29).")


def test_models_with_different_labels_are_not_compared(photos, tmp_path):
    with pytest.raises(DataError, match="different labels cannot be compared: blue, red and Cat, Dog"):
        write_report(colours(), photos, tmp_path / "report", "x", against=(colours(labels=("Cat", "Dog")), tmp_path))
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((90, 2, 10, 3), "B makes 8 fewer mistakes in 105 photos than A (5 against 13). If both were equally good, such a "
                         "difference or a larger one would come by chance in 3.9 % of cases."),
        ((90, 0, 1, 0), "B makes 1 fewer mistake in 91 photos than A (0 against 1). If both were equally good, such a "
                        "difference or a larger one would come by chance in 100 % of cases; these photos do not settle "
                        "which one is better."),
        ((900, 40, 2, 0), "by chance in fewer than 1 in 1,000 cases."),
        ((1000, 0, 0, 5), "A and B make equally many mistakes, 5 in 1,005 photos, on the same photos."),
        ((10, 3, 3, 0), "A and B make equally many mistakes, 3 in 16 photos, though on different photos (3 each)."),
    ],
)  # fmt: skip
def test_what_a_comparison_says_in_words(counts, words):
    right_a = np.repeat([True, True, False, False], counts)
    right_b = np.repeat([True, False, True, False], counts)
    assert words in verdict(paired(right_a, right_b))
