"""How photos are prepared, compared with fastai itself."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from model.config import Input
from model.fastai_export.transforms import Crop, Preparation, Resample
from model.photo import PhotoTooLarge, fit

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fastai.vision.all import (
        PILImage,
        PILImageBW,
        RandomResizedCropGPU,
        Resize,
        TensorImage,
        aug_transforms,
    )

SIZES = [(40, 30), (30, 40), (33, 33), (200, 61), (61, 200), (37, 111), (500, 375), (1, 9), (96, 48), (199, 200)]


def picture(width: int, height: int) -> Image.Image:
    dice = np.random.default_rng(width * 1000 + height)
    return Image.fromarray(dice.integers(0, 256, (height, width, 3), dtype=np.uint8))


def settings(**values) -> Input:
    return Input(**{"height": 32, "width": 48, "resize": "squish", "mean": (0, 0, 0), "std": (1, 1, 1)} | values)


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("resize", ["squish", "crop", "pad"])
@pytest.mark.parametrize("size", SIZES)
def test_photos_are_resized_as_fastai_resizes_them_pixel_by_pixel(size, resize, padding):
    photo = picture(*size)
    expected = Resize((32, 48), method=resize, pad_mode=padding)(PILImage(photo), split_idx=1)
    assert np.array_equal(fit(photo, settings(resize=resize, padding=padding)), np.asarray(expected))


@pytest.mark.parametrize("resample", ["nearest", "bilinear", "box", "hamming", "bicubic", "lanczos"])
def test_every_filter(resample):
    mode = Image.Resampling[resample.upper()]
    expected = Resize((32, 48), resamples=(mode, mode))(PILImage(picture(61, 200)), split_idx=1)
    assert np.array_equal(fit(picture(61, 200), settings(resize="crop", resample=resample)), np.asarray(expected))


def test_grey_photos():
    expected = Resize((32, 48))(PILImageBW(picture(61, 50).convert("L")), split_idx=1)
    found = fit(picture(61, 50), settings(resize="crop", mode="L"))
    assert found.shape == (32, 48, 3)
    for channel in range(3):
        assert np.array_equal(found[..., channel], np.asarray(expected))


def test_a_photo_too_narrow_to_pad_is_refused():
    with pytest.raises(PhotoTooLarge, match="too narrow"):
        fit(picture(1, 20_000), settings(resize="pad"))


def prepared(steps: list[Crop | Resample], mode: str = "RGB") -> torch.nn.Module:
    from model.fastai_export.batch_steps import with_steps

    return with_steps(torch.nn.Identity(), Preparation(settings(mode=mode), steps))


@pytest.mark.parametrize(("height", "width", "size"), [(64, 64, 48), (64, 96, 48), (200, 160, 40), (30, 40, 80), (48, 48, 48)])
def test_a_batch_is_cropped_and_resized_as_fastai_does_it(height, width, size):
    batch = torch.rand(2, 3, height, width)
    crop = RandomResizedCropGPU(size, min_scale=0.5, ratio=(1, 1))
    expected = crop(TensorImage(batch.clone()), split_idx=1)
    side = min(height, width)
    steps = [Crop((height - side) // 2, (width - side) // 2, side, side), Resample(size, size)]
    assert torch.allclose(prepared(steps)(batch), torch.Tensor(expected), atol=1e-5)


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("size", [(48, 32), (20, 20), (16, 90)])
def test_an_affine_transform_only_resizes_a_validation_batch(size, padding, align_corners):
    batch = torch.rand(2, 3, 64, 72)
    flip = aug_transforms(size=size, pad_mode=padding, align_corners=align_corners)[0]
    expected = flip(TensorImage(batch.clone()), split_idx=1)
    step = Resample(*size, padding=padding, align_corners=align_corners)
    assert torch.allclose(prepared([step])(batch), torch.Tensor(expected), atol=1e-5)


def test_a_grey_batch_has_one_channel():
    batch = torch.rand(2, 1, 8, 8).expand(2, 3, 8, 8)
    assert torch.equal(prepared([], "L")(batch), batch[:, :1])
