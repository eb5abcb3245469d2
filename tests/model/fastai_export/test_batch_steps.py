"""What happens to a batch before the network, compared with fastai itself."""

from __future__ import annotations

import warnings

import pytest
import torch

from model.config import Input
from model.fastai_export.batch_steps import with_steps
from model.fastai_export.transforms import Crop, Preparation, Resample

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fastai.vision.all import RandomResizedCropGPU, TensorImage, aug_transforms


def prepared(steps: list[Crop | Resample], mode: str = "RGB") -> torch.nn.Module:
    size = Input(height=32, width=48, resize="squish", mean=(0, 0, 0), std=(1, 1, 1), mode=mode)
    return with_steps(torch.nn.Identity(), Preparation(size, steps))


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
