"""How a learner prepares a photo, read from the transforms in its export.

fastai prepares a photo in two steps: item transforms work on the Pillow image (`Resize`), batch transforms on the tensor
(normalising, and for validation sometimes a centre crop and a second resize). The first step becomes the `Input` of a
config, the normalisation too; what is left of the second becomes layers in front of the network, so that an ONNX file
carries it. What only happens in training (flips, brightness, …) is left out, as `learn.predict` leaves it out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from model.config import Input, sentence
from model.errors import ModelError, Option
from model.fastai_export.inert_tree import shown, walk
from model.fastai_export.inert_values import array, attributes, described, name_of, scalar, sequence
from model.fastai_export.torch_file import TorchFile

_RESAMPLING: Final = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")  # by the numbers of Pillow's enum
_AFFINE: Final = ("AffineCoordTfm", "Flip", "DeterministicFlip", "Dihedral", "DeterministicDihedral", "Rotate", "Zoom", "Warp")
_TRAINING_ONLY: Final = (
    "FlipItem", "DihedralItem", "SpaceTfm", "LightingTfm", "Brightness", "Contrast", "Saturation", "Hue", "HSVTfm",
    "RandomErasing", "RandTransform",
)  # fmt: skip
_MAX_SIDE: Final = 2048  # pixels, as in a config
_MAX_TRANSFORMS: Final = 100
_MAX_STEPS: Final = 10  # that a batch goes through
_HARMLESS: Final = ("ToTensor", "IntToFloatTensor", "noop", "noops", "PILBase", "TensorImage", "Pipeline", "ToFloatTensor")


@dataclass
class Crop:
    """The centre of a batch: `batch[..., top : top + height, left : left + width]`."""

    top: int
    left: int
    height: int
    width: int

    def describe(self) -> str:
        """In words, for people."""
        return f"the centre of {self.width}×{self.height}"


@dataclass
class Resample:
    """A batch resized by bilinear sampling on a grid, as fastai resizes on the GPU (`fastai.vision.augment._grid_sample`)."""

    height: int
    width: int
    mode: str = "bilinear"
    padding: str = "reflection"
    align_corners: bool = True

    def describe(self) -> str:
        """In words, for people."""
        return f"resized to {self.width}×{self.height} as a batch, {self.mode}"


@dataclass
class Preparation:
    """All that happens to a photo before the network sees it.

    Attributes:
        input: the first step and the normalisation, for a config.
        steps: what happens to the normalised batch next, in order.
        remarks: transforms that are not known here, one sentence each.
    """

    input: Input
    steps: list[Crop | Resample] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def short_name(value: Any) -> str:
    """The class of a fastai transform without its module; "" where it is not one of fastai's."""
    name = name_of(value)
    return name.rpartition(".")[2] if name.startswith(("fastai.", "fasttransform.", "fastcore.")) else ""


def transforms_of(pipeline: Any) -> list[Any]:
    """The transforms of a fastcore `Pipeline`, in the order they are called.

    Raises:
        ModelError: there are more than anybody needs.
    """
    transforms = sequence(attributes(pipeline).get("fs")) or []
    if len(transforms) > _MAX_TRANSFORMS:
        raise ModelError(f"a pipeline has {len(transforms)} transforms; no classifier has more than {_MAX_TRANSFORMS}")
    return transforms


def read_preparation(
    file: TorchFile, images: Any, after_item: Any, after_batch: Any, size: tuple[int, int] | None
) -> Preparation:
    """The preparation that `learn.predict` uses, from a learner's three pipelines.

    Args:
        images: the pipeline that opens a photo. after_item, after_batch: the validation set's.
        size: (height, width) that photos are squished to where the learner has no `Resize`.

    Raises:
        ModelError: a transform changes photos in a way that a fixed input size cannot follow; the message names it.
    """
    reader = _Reader(file)
    mode = "L" if any(name_of(part) == "fastai.vision.core.PILImageBW" for part in walk(images)) else "RGB"
    for transform in transforms_of(after_item):
        reader.item(transform)
    if reader.input is not None and size is not None:
        raise ModelError(
            f"{file.path} resizes photos itself, to {reader.input['width']}×{reader.input['height']}: leave out ",
            Option("size"),
        )
    if reader.input is None and size is not None:
        reader.resize(size[0], size[1], {"method": "squish"})
    if reader.input is None:
        raise ModelError(
            f"{file.path} has no Resize among its item transforms, so its photos may have any size; say which one to use: ",
            Option("size", (224, 224)), ", or ", Option("size", (224, 320)), " for height × width",
        )  # fmt: skip
    for transform in transforms_of(after_batch):
        reader.batch(transform)
    if len(reader.steps) > _MAX_STEPS:
        raise ModelError(f"{file.path} crops and resizes photos {len(reader.steps)} times; no classifier does")
    mean, std = (tuple(float(v) for v in np.broadcast_to(part, 3)) for part in (reader.mean, reader.std))
    try:
        prepared = Input(**reader.input, mean=mean, std=std, mode=mode, exact=True)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ModelError(sentence(file.path, error)) from None
    return Preparation(prepared, reader.steps, reader.remarks)


class _Reader:
    def __init__(self, file: TorchFile) -> None:
        self.file = file
        self.input: dict[str, Any] | None = None
        self.steps: list[Crop | Resample] = []
        self.remarks: list[str] = []
        self.mean = np.zeros(1)
        self.std = np.ones(1)
        self._height = self._width = 0  # of a batch, after the steps so far

    def item(self, transform: Any) -> None:
        given = attributes(transform)
        match short_name(transform):
            case "Resize" if self.input is None:
                width, height = self._size(transform, given.get("size"))
                self.resize(height, width, given)
            case "RandomResizedCrop" if self.input is None:
                width, height = self._size(transform, given.get("size"))
                extra = math.ceil(max(width, height) * float(scalar(given.get("val_xtra", 0.14))) / 8) * 8
                self.resize(height + extra, width + extra, {**given, "method": "squish"})
                self._crop((height + extra - height) // 2, (width + extra - width) // 2, height, width)
            case "RandomCrop" | "CropPad" | "OldRandomCrop" if self.input is not None:
                width, height = self._size(transform, given.get("size"))
                if width > self._width or height > self._height:
                    raise self._refusal(transform, "enlarges photos by padding them after they are resized")
                self._crop((self._height - height) // 2, (self._width - width) // 2, height, width)
            case "Resize" | "RandomResizedCrop":
                raise self._refusal(transform, "resizes photos a second time")
            case "RandomCrop" | "CropPad" | "OldRandomCrop":
                raise self._refusal(transform, "crops photos before they have a common size")
            case "RatioResize":
                raise self._refusal(transform, "leaves every photo in a size of its own")
            case name if name in _TRAINING_ONLY or name in _HARMLESS:
                pass
            case _:
                self._unknown(transform, "item")

    def resize(self, height: int, width: int, given: Mapping[Any, Any]) -> None:
        method, padding = scalar(given.get("method", "crop")), scalar(given.get("pad_mode", "reflection"))
        first = sequence(given.get("resamples")) or [2]
        resample = scalar(given.get("mode", first[0]))
        if not isinstance(resample, int) or not 0 <= resample < len(_RESAMPLING):
            resample = 2
        if method not in ("squish", "crop", "pad") or padding not in ("zeros", "border", "reflection"):
            raise ModelError(f"{self.file.path} resizes photos by an unknown method: {shown(method)}, {shown(padding)}")
        self.input = {"height": height, "width": width, "resize": method, "resample": _RESAMPLING[resample]}
        if method == "pad":
            self.input["padding"] = padding
        self._height, self._width = height, width

    def batch(self, transform: Any) -> None:
        given = attributes(transform)
        match short_name(transform):
            case "Normalize":
                mean, std = self._statistics(given.get("mean")), self._statistics(given.get("std"))
                if mean is None or std is None:
                    self._unknown(transform, "batch")
                    return
                self.mean, self.std = self.mean + mean * self.std, self.std * std
            case "IntToFloatTensor":
                if scalar(given.get("div", 255.0)) != 255:
                    raise self._refusal(transform, f"divides pixels by {shown(scalar(given.get('div')))}, not by 255")
            case "RandomResizedCropGPU":
                self._crop_gpu(transform, given)
            case name if name in _AFFINE:
                if given.get("size") is not None:
                    height, width = self._size(transform, given["size"])
                    padding = scalar(given.get("pad_mode", "reflection"))
                    self._resample(height, width, given, str(padding), bool(given.get("align_corners", True)))
            case name if name in _TRAINING_ONLY or name in _HARMLESS:
                pass
            case _:
                self._unknown(transform, "batch")

    def _crop_gpu(self, transform: Any, given: Mapping[Any, Any]) -> None:
        low, high = (float(scalar(side)) for side in sequence(given.get("ratio")) or (3 / 4, 4 / 3))
        height, width = self._height, self._width
        if width / height < low:
            height = int(width / low)
        elif width / height > high:
            width = int(height * high)
        scale = float(scalar(given.get("valid_scale", 1.0)))
        height, width = int(height * scale), int(width * scale)
        self._crop((self._height - height) // 2, (self._width - width) // 2, height, width)
        self._resample(*self._size(transform, given.get("size")), given, "reflection", align_corners=True)

    def _crop(self, top: int, left: int, height: int, width: int) -> None:
        if (height, width) != (self._height, self._width):
            self.steps.append(Crop(top, left, height, width))
            self._height, self._width = height, width

    def _resample(self, height: int, width: int, given: Mapping[Any, Any], padding: str, align_corners: bool) -> None:
        mode = str(scalar(given.get("mode", "bilinear")))
        if mode not in ("bilinear", "nearest", "bicubic") or padding not in ("zeros", "border", "reflection"):
            raise ModelError(f"{self.file.path} resizes batches by an unknown method: {shown(mode)}, {shown(padding)}")
        if (height, width) != (self._height, self._width):
            self.steps.append(Resample(height, width, mode, padding, align_corners))
            self._height, self._width = height, width

    def _size(self, transform: Any, size: Any) -> tuple[int, int]:
        """Two sides in the file's own order: item transforms keep (width, height), batch transforms (height, width)."""
        sides = sequence(size) if not isinstance(size, int) else [size, size]
        pair = [scalar(side) for side in sides or ()]
        if len(pair) != 2 or not all(isinstance(side, int) and 1 <= side <= _MAX_SIDE for side in pair):
            raise self._refusal(transform, "has no usable size")
        return pair[0], pair[1]

    def _statistics(self, value: Any) -> np.ndarray | None:
        numbers = self.file.array(value)
        if numbers is None:
            numbers = array(value)
        if numbers is None:
            members = [scalar(member) for member in sequence(value) or ()]
            numbers = np.array(members, dtype=np.float64) if members and None not in members else None
        if numbers is None or numbers.size not in (1, 3):
            return None
        return numbers.astype(np.float64).reshape(-1)

    def _refusal(self, transform: Any, what: str) -> ModelError:
        return ModelError(
            f"{self.file.path}: its transform {described(transform)} {what}, which a fixed input size cannot follow"
        )

    def _unknown(self, transform: Any, which: str) -> None:
        self.remarks.append(
            f"the {which} transform {described(transform)} is not known here and is left out: answers may differ"
        )
