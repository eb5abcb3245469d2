"""web/resize.js, run by Node, against `model.resize.fit` and Pillow: pixel for pixel."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from model.config import Input
from model.resize import fit
from tests.static_site import WEB

PHOTO = np.random.default_rng(0).integers(0, 256, (83, 131, 4), np.uint8)
FRAMES = [("squish", "reflection"), ("crop", "reflection"), ("pad", "zeros"), ("pad", "border"), ("pad", "reflection")]
SCRIPT = """
import { readFileSync } from "node:fs";
import { fit, reduce, shrinking } from "./resize.js";
const [width, height, call] = JSON.parse(process.argv[1]);
const picture = { width, height, data: new Uint8ClampedArray(readFileSync(0)) };
const out = eval(call);
process.stdout.write(out.data ? Buffer.from(out.data) : JSON.stringify(out));
"""


def javascript(pixels: np.ndarray, call: str) -> bytes:
    """What a call gives for `picture`, the pixels (height, width, 4)."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node (https://nodejs.org)")
    arguments = json.dumps([pixels.shape[1], pixels.shape[0], call])
    command = [node, "--input-type=module", "-e", SCRIPT, arguments]
    return subprocess.run(command, cwd=WEB, input=pixels.tobytes(), capture_output=True, check=True).stdout


def rgb(raw: bytes, shape: tuple[int, ...]) -> np.ndarray:
    return np.frombuffer(raw, np.uint8).reshape(*shape[:2], 4)[..., :3]


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("resample", ["nearest", "bilinear", "box", "hamming", "bicubic", "lanczos"])
@pytest.mark.parametrize(("resize", "padding"), FRAMES)
def test_every_way_to_fit(resize, padding, resample, mode):
    options = {"height": 32, "width": 48, "resize": resize, "padding": padding, "resample": resample, "mode": mode}
    expected = fit(Image.fromarray(PHOTO[..., :3]), Input(mean=(0, 0, 0), std=(1, 1, 1), **options))
    assert (rgb(javascript(PHOTO, f"fit(picture, {json.dumps(options)})"), expected.shape) == expected).all()


@pytest.mark.parametrize("shape", [(83, 131), (131, 83), (40, 200), (64, 64)])
def test_a_crop_that_keeps_most_of_a_wide_photo(shape):
    options = {"height": 32, "width": 32, "resize": "crop", "keep": 0.75}
    photo = np.random.default_rng(1).integers(0, 256, (*shape, 4), np.uint8)
    expected = fit(Image.fromarray(photo[..., :3]), Input(mean=(0, 0, 0), std=(1, 1, 1), **options))
    assert (rgb(javascript(photo, f"fit(picture, {json.dumps(options)})"), expected.shape) == expected).all()


def test_a_photo_can_grow():
    options = {"height": 100, "width": 300, "resize": "pad"}
    expected = fit(Image.fromarray(PHOTO[..., :3]), Input(mean=(0, 0, 0), std=(1, 1, 1), **options))
    assert (rgb(javascript(PHOTO, f"fit(picture, {json.dumps(options)})"), expected.shape) == expected).all()


@pytest.mark.parametrize("factor", [1, 2, 3, 7])
@pytest.mark.parametrize("corner", [(False, False), (True, False), (False, True), (True, True)])
def test_shrinking_by_a_whole_number_starts_where_the_file_starts(factor, corner):
    turn = tuple(slice(None, None, -1 if far else 1) for far in reversed(corner))
    stored = Image.fromarray(np.ascontiguousarray(PHOTO[turn][..., :3]))
    expected = np.asarray(stored.reduce(factor))[turn]
    assert (rgb(javascript(PHOTO, f"reduce(picture, {factor}, {json.dumps(corner)})"), expected.shape) == expected).all()


@pytest.mark.parametrize(
    ("size", "is_jpeg", "exact", "steps"),
    [
        ((4000, 3000), True, False, [8, 1]),
        ((4000, 3000), False, False, [1, 8]),
        ((8000, 6000), True, False, [8, 2]),
        ((1300, 1000), True, False, [2, 1]),
        ((715, 715), True, False, [1, 1]),
        ((4000, 3000), True, True, [1, 1]),
    ],
)
def test_large_photos_shrink_in_the_same_steps_as_on_the_server(size, is_jpeg, exact, steps):
    call = f"shrinking({size[0]}, {size[1]}, {json.dumps(is_jpeg)}, {{ width: 256, height: 256, exact: {json.dumps(exact)} }})"
    assert json.loads(javascript(PHOTO, call)) == steps
