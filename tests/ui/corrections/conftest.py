from __future__ import annotations

import pytest
from PIL import Image

from tests.pictures import encoded
from ui.corrections.store import CorrectionStore

ANSWERS = ("Cat", "Dog", "neither")
ABOUT = {"answer": "Dog", "probability": 0.6, "model": "pets", "revision": "abc"}


@pytest.fixture
def store(tmp_path) -> CorrectionStore:
    return CorrectionStore(tmp_path / "corrections", ANSWERS, 10_000_000)


def photo(shade: int) -> bytes:
    return encoded(Image.new("RGB", (40, 30), (shade, 255 - shade, 7)), "PNG")
