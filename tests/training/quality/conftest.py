from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.colours import paint
from training.data.photos import Photos
from training.quality.inputs import open_photos


@pytest.fixture(scope="package")
def data(tmp_path_factory) -> Path:
    """20 blue and 10 red pictures, one of the red ones in the blue folder's colour; 5 green ones beside them."""
    root = tmp_path_factory.mktemp("photos")
    paint(root / "data" / "blue", "blue", 20)
    paint(root / "data" / "red", "red", 9)
    paint(root / "data" / "red", "blue", 1)
    paint(root / "others", "green", 5)
    return root


@pytest.fixture(scope="package")
def photos(data) -> Photos:
    return open_photos(str(data / "data"), data / "others")
