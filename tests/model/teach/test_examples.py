from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from model.photo import PhotoError, photo_facts
from model.teach.examples import alike, observe, together
from tests.model.teach.conftest import drawing
from tests.pictures import encoded, quadrants


def test_an_example_keeps_numbers_and_a_small_picture(body):
    data = encoded(quadrants(1600, 1200), "JPEG")
    example = observe(body, data)
    assert example.features.dtype == np.float16
    assert example.features.shape == (body.channels,)
    assert max(Image.open(io.BytesIO(example.thumbnail)).size) == 96
    assert (example.look.format, example.look.width, example.look.height) == ("JPEG", 1600, 1200)
    assert example.look.bytes == len(data)
    assert example.memory < 6_000


def test_the_features_do_not_depend_on_threads_or_company(classifier, body):
    from model.teach.body import Body

    photo = classifier.prepare(drawing("mug", 3))
    other = classifier.prepare(drawing("ball", 3))
    alone = body.features([photo])[0]
    assert np.array_equal(alone, body.features([other, photo])[1])
    assert np.array_equal(alone, Body(classifier, threads=2).features([photo])[0])


def test_a_sideways_photo_has_the_size_it_is_seen_with():
    exif = Image.Exif()
    exif[0x0112] = 6
    facts = photo_facts(encoded(quadrants(64, 48), "JPEG", exif=exif))
    assert (facts.width, facts.height) == (48, 64)


def test_what_is_no_photo_is_refused(body):
    with pytest.raises(PhotoError, match="not a photo"):
        observe(body, b"hello")


def test_copies_are_alike_and_bursts_stay_together(body):
    one, copy, other = (observe(body, data) for data in (drawing("mug", 1), drawing("mug", 1), drawing("ball", 9)))
    groups = alike(np.stack([e.features for e in (one, copy, other)]).astype(np.float32))
    assert groups[0] == groups[1] != groups[2]
    held = [observe(body, drawing("ball", number), burst="x") for number in (20, 21)]
    joined = together([one, copy, *held], np.array([0, 0, 1, 2]))
    assert joined[0] == joined[1] != joined[2]
    assert joined[2] == joined[3]
