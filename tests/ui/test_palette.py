from __future__ import annotations

import numpy as np

from ui.palette import heat_colours


def test_more_is_brighter_at_every_step():
    colours = heat_colours(np.linspace(0, 1, 256, dtype=np.float32))
    assert colours.dtype == np.float32
    assert colours.shape == (256, 3)
    brightness = colours @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(brightness) > 0).all()
    assert brightness[0] < 60
    assert brightness[-1] > 220


def test_the_shape_of_a_map_stays():
    assert heat_colours(np.zeros((4, 5))).shape == (4, 5, 3)
