"""What the network sees of a photo: compared with fastai's own `Resize`, and with what the heat maps say it is."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from model.config import Input
from model.photo import PhotoTooLarge, open_photo
from model.resize import EXACT_OVERSAMPLING, OVERSAMPLING, crop_box, fit, open_for, seen_part
from tests.pictures import encoded

SIZES = [(40, 30), (30, 40), (33, 33), (200, 61), (61, 200), (37, 111), (500, 375), (1, 9), (96, 48), (199, 200)]


def picture(width: int, height: int) -> Image.Image:
    dice = np.random.default_rng(width * 1000 + height)
    return Image.fromarray(dice.integers(0, 256, (height, width, 3), dtype=np.uint8))


def settings(**values) -> Input:
    return Input(**{"height": 32, "width": 48, "resize": "squish", "mean": (0, 0, 0), "std": (1, 1, 1)} | values)


@pytest.fixture(scope="module")
def fastai():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import fastai.vision.all
    return fastai.vision.all


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("resize", ["squish", "crop", "pad"])
@pytest.mark.parametrize("size", SIZES)
def test_photos_are_resized_as_fastai_resizes_them_pixel_by_pixel(fastai, size, resize, padding):
    photo = picture(*size)
    expected = fastai.Resize((32, 48), method=resize, pad_mode=padding)(fastai.PILImage(photo), split_idx=1)
    assert np.array_equal(fit(photo, settings(resize=resize, padding=padding)), np.asarray(expected))


@pytest.mark.parametrize("resample", ["nearest", "bilinear", "box", "hamming", "bicubic", "lanczos"])
def test_every_filter(fastai, resample):
    mode = Image.Resampling[resample.upper()]
    expected = fastai.Resize((32, 48), resamples=(mode, mode))(fastai.PILImage(picture(61, 200)), split_idx=1)
    assert np.array_equal(fit(picture(61, 200), settings(resize="crop", resample=resample)), np.asarray(expected))


def test_grey_photos(fastai):
    expected = fastai.Resize((32, 48))(fastai.PILImageBW(picture(61, 50).convert("L")), split_idx=1)
    grey = fit(picture(61, 50), settings(resize="crop", mode="L"))
    assert grey.shape == (32, 48, 3)
    for channel in range(3):
        assert np.array_equal(grey[..., channel], np.asarray(expected))


def test_a_photo_too_narrow_to_pad_is_refused():
    with pytest.raises(PhotoTooLarge, match="too narrow"):
        fit(picture(1, 20_000), settings(resize="pad"))


def test_a_wide_photo_is_squished_or_cropped():
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    squished, cropped = (fit(wide, settings(width=32, resize=resize)) for resize in ("squish", "crop"))
    assert squished.shape == cropped.shape == (32, 32, 3)
    assert tuple(squished[16, 2]) == (255, 0, 0)
    assert tuple(cropped[16, 2]) == (0, 0, 255)


@pytest.mark.parametrize(
    ("options", "box"),
    [
        ({"resize": "squish"}, (0, 0, 1, 1)),
        ({"resize": "crop"}, (0.25, 0, 0.75, 1)),
        ({"resize": "crop", "keep": 0.8}, (0.1, 0, 0.9, 1)),
        ({"resize": "pad"}, (0, -0.5, 1, 1.5)),
    ],
)
def test_the_part_of_a_photo_that_the_network_sees(options, box):
    assert seen_part(Image.new("RGB", (200, 100)), settings(width=32, **options)) == pytest.approx(box)


@pytest.mark.parametrize("options", [{"resize": "squish"}, {"resize": "crop"}, {"resize": "crop", "keep": 0.7}])
@pytest.mark.parametrize("size", [(200, 100), (100, 200), (512, 333), (48, 32)])
def test_what_is_said_to_be_seen_is_what_fit_gives(size, options):
    across, down = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    where = Image.fromarray((255 * np.stack([across, down, 0 * down], axis=2)).astype(np.uint8))
    left, top, right, bottom = seen_part(where, settings(**options))
    seen = fit(where, settings(**options)).astype(float) / 255
    assert [seen[:, 0, 0].mean(), seen[:, -1, 0].mean()] == pytest.approx([left, right], abs=0.02)
    assert [seen[0, :, 1].mean(), seen[-1, :, 1].mean()] == pytest.approx([top, bottom], abs=0.02)


def test_padding_lies_outside_the_photo():
    white = Image.new("RGB", (96, 16), "white")
    left, top, right, bottom = crop_box(96, 16, settings(resize="pad"))
    assert (left, top, right, bottom) == (0, -24, 96, 40)
    rows = fit(white, settings(resize="pad", padding="zeros", resample="nearest"))[:, 24, 0]
    assert (rows == 255).tolist() == [24 <= 2 * row < 40 for row in range(32)]


def test_large_photos_are_opened_small_unless_the_input_is_exact():
    data = encoded(Image.effect_noise((2000, 1000), 50).convert("RGB"), "PNG")
    quick, exact = (open_for(data, settings(height=64, width=64, exact=exact)) for exact in (False, True))
    assert exact.height >= 64 * EXACT_OVERSAMPLING > quick.height >= 64 * OVERSAMPLING


def test_shrinking_changes_little():
    y, x = np.mgrid[0:1500, 0:2000]
    smooth = np.stack([x / 2000, y / 1500, (x + y) / 3500], axis=2)
    data = encoded(Image.fromarray((smooth * 255).astype(np.uint8)), "JPEG", quality=95)
    size = settings(height=224, width=224)
    exact = fit(open_photo(data), size).astype(int)
    quick = fit(open_photo(data, at_least=(336, 336)), size).astype(int)
    assert np.abs(exact - quick).max() <= 4
