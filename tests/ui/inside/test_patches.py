from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.resize import fit
from tests.ui.inside.conftest import layer
from ui.inside.network import first_layer
from ui.inside.patches import Patches, part_of, stored_pictures


def test_the_patch_is_what_the_value_sees():
    picture = Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64).astype(np.uint8)).convert("RGB")
    part = part_of(picture, layer(field=5), 4, 2, 64, 64)
    assert part.size == (5, 5)
    assert np.asarray(part)[2, 2].tolist() == np.asarray(picture)[35, 19].tolist()


def test_a_channel_finds_the_picture_that_activates_it_most(inside, classifier):
    """Recomputed from every stored picture."""

    first = inside.graph.layers[0]
    found = Patches(classifier).best(inside, first, 5, 3)
    peaks = {
        name: float(inside.run(classifier.batch([fit(picture, classifier.config.input)]), [first.tensor])[0][0, 5].mean())
        for name, picture in stored_pictures()
    }
    assert len(peaks) == 24
    best = sorted(peaks, key=peaks.__getitem__, reverse=True)[:3]
    assert sorted(peaks[patch.name] for patch in found) == pytest.approx(sorted(peaks[name] for name in best), rel=1e-6)
    assert [patch.activation for patch in found] == sorted((patch.activation for patch in found), reverse=True)


def test_pictures_are_not_all_equal_at_the_limit(inside, classifier):
    chosen = first_layer(inside.graph)
    activations = [patch.activation for patch in Patches(classifier).best(inside, chosen, 143)]
    assert len({round(activation, 2) for activation in activations}) == 9
