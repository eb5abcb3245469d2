from __future__ import annotations

import os

import pytest
from PIL import Image

from tests.training.data.test_check import ODD_NAMES, scene
from training.data.suspects import Suspect, draw_suspects


@pytest.mark.skipif(os.name == "nt", reason="names are UTF-16 there")
def test_suspects_of_any_name_are_drawn(tmp_path):
    suspects = []
    for index, name in enumerate(ODD_NAMES):
        path = tmp_path / os.fsdecode(name)
        scene(index).save(path)
        suspects.append(Suspect(path, "a", "b", 0.9))
    draw_suspects(suspects, tmp_path / "suspects.jpg")
    with Image.open(tmp_path / "suspects.jpg") as sheet:
        assert sheet.size == (150 * len(suspects), 178)
