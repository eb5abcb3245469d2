from __future__ import annotations

import numpy as np

from training.quality.by_source import by_source
from training.quality.rows import markdown
from training.quality.tables import metric_rows, source_table


def test_figures_by_source():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    figures = by_source(probabilities, np.array([0, 0, 1, 1]), ["x", "x", "x", "y"], None)
    assert (figures.accuracy, figures.mean_accuracy, figures.worst, figures.worst_accuracy) == (0.75, 0.5, "y", 0)
    assert figures.sources["x"].photos == 3
    assert figures.neither_false_accepts_at_95 is None
    assert markdown(*source_table(figures))[2].startswith("| y | 1 | 0.00% |")
    assert "| the worst of them, y | 0.00% |" in metric_rows(figures)


def test_a_source_of_few_photos_is_not_the_worst():
    figures = by_source(np.tile([[0.9, 0.1]], (90, 1)), np.array([0] * 89 + [1]), ["x"] * 89 + ["y"], 1)
    assert (figures.worst, figures.mean_accuracy) == ("x", 1)  # one photo of y says nothing
    assert figures.neither_false_accepts_at_95 == 1
