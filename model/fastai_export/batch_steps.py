"""What fastai does to a validation batch before the network, as layers: they go into the ONNX file with it."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from model.fastai_export.transforms import Crop, Preparation, Resample


class FirstChannel(nn.Module):
    """One channel of a grey photo: (N, 3, H, W) → (N, 1, H, W)."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:  # noqa: D102
        return batch[:, :1]


class CentreCrop(nn.Module):
    """(N, C, H, W) → (N, C, height, width)."""

    def __init__(self, step: Crop) -> None:
        super().__init__()
        self.step = step

    def forward(self, batch: torch.Tensor) -> torch.Tensor:  # noqa: D102
        top, left = self.step.top, self.step.left
        return batch[..., top : top + self.step.height, left : left + self.step.width]


class GridResample(nn.Module):
    """(N, C, H, W) → (N, C, height, width), as `fastai.vision.augment._grid_sample` does it on an unchanged grid."""

    def __init__(self, step: Resample) -> None:
        super().__init__()
        self.step = step
        theta = torch.eye(2, 3)[None]
        grid = functional.affine_grid(theta, [1, 1, step.height, step.width], align_corners=step.align_corners)
        self.register_buffer("grid", grid, persistent=False)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:  # noqa: D102
        step, (height, width) = self.step, batch.shape[-2:]
        grid: torch.Tensor = self.grid  # type: ignore[assignment]
        shrink = min(height / step.height, width / step.width) / 2
        zoom = 1.0 if step.align_corners else 1 / (1 - 1 / max(step.height, step.width))
        if step.mode == "bilinear" and shrink > 1 and shrink > zoom:  # fastai's smoother way down
            batch = functional.interpolate(batch, size=(int(height / shrink), int(width / shrink)), mode="area")
        return functional.grid_sample(
            batch,
            grid.expand(batch.shape[0], -1, -1, -1),
            mode=step.mode,
            padding_mode=step.padding,
            align_corners=step.align_corners,
        )


def with_steps(network: nn.Module, preparation: Preparation) -> nn.Module:
    """`network` behind the steps that a batch goes through first."""
    layers: list[nn.Module] = [CentreCrop(step) if isinstance(step, Crop) else GridResample(step) for step in preparation.steps]
    if preparation.input.mode == "L":
        layers.insert(0, FirstChannel())
    return nn.Sequential(*layers, network).eval() if layers else network
