"""What the network is given, with the file's own numbers."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from tests.pictures import encoded
from ui.inside.given import given_html


def captions(data: bytes, classifier, inside) -> list[str]:
    html = given_html(data, classifier.open(data), inside, classifier, "en")
    return re.findall(r"<figcaption>(.*?)</figcaption>", html)


def with_input(classifier, **changes):
    """The same network, told to prepare photos otherwise."""
    from model.classifier import Classifier

    size = classifier.config.input.model_copy(update=changes)
    return Classifier(classifier.network, classifier.config.model_copy(update={"input": size}))


def test_a_large_photo_has_the_size_of_its_file(classifier, inside):
    data = encoded(Image.new("RGB", (4000, 3000), "green"), "JPEG")
    assert classifier.open(data).width < 4000  # it is decoded small
    photo, given, _ = captions(data, classifier, inside)
    assert photo == "Your photo: 4000×3000. The network sees only the bright middle, 3000×3000. This is resized to 256×256."
    assert given.startswith("256×256")


def test_a_photo_that_lies_on_its_side_is_said_as_it_is_seen(classifier, inside):
    image = Image.new("RGB", (800, 600), "green")
    exif = image.getexif()
    exif[0x0112] = 6
    assert captions(encoded(image, "JPEG", exif=exif), classifier, inside)[0].startswith("Your photo: 600×800. ")


def test_what_is_squeezed_is_said_to_be(classifier, inside):
    wide = captions(encoded(Image.new("RGB", (1000, 500)), "PNG"), classifier, inside)[0]
    assert "only the bright middle, 750×500" in wide
    assert "squeezed" in wide
    assert "squeezed" not in captions(encoded(Image.new("RGB", (500, 500)), "PNG"), classifier, inside)[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"resize": "squish"}, "sees all of it"), ({"resize": "pad"}, "extended to 1000×1000"), ({"keep": 0}, "middle, 500×500")],
)
def test_every_way_of_fitting_is_told(classifier, inside, changes, said):
    data = encoded(Image.new("RGB", (1000, 500)), "PNG")
    assert said in captions(data, with_input(classifier, **changes), inside)[0]


def test_a_photo_of_the_right_shape_is_seen_whole(classifier, inside):
    assert "sees all of it" in captions(encoded(Image.new("RGB", (512, 512)), "PNG"), classifier, inside)[0]
