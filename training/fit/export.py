"""What a model folder has beside weights and graph: the int8 graph that serves, and the fastai export."""

from __future__ import annotations

import copy
import logging
import platform
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from model.architecture import linear_of
from model.config import Config
from model.save import INPUT

VERSIONED = ("torch", "torchvision", "fastai", "onnx", "onnxruntime", "pillow", "numpy")


def export_learner(network: nn.Sequential, config: Config, path: Path) -> None:
    """Write the network as a fastai export (`model.pkl`), for `load_learner` and what else expects one.

    It resizes and normalises as `config` says, its temperature is folded into the last layer, and no photo or function
    of this project goes with it; fastai's own functions name the folder it is installed in. It is a pickle; `model/` does
    not need it.

    Args:
        network: `Sequential(body, head)` whose last module is the linear layer.
    """
    from fastai.vision.all import (
        CategoryBlock,
        CrossEntropyLossFlat,
        DataBlock,
        ImageBlock,
        IndexSplitter,
        Learner,
        Normalize,
        Resize,
        parent_label,
    )

    network = copy.deepcopy(network).cpu()
    for weight in linear_of(network).parameters():
        weight.data /= config.temperature
    size = config.input
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=list(config.answers), sort=False)),
        get_y=parent_label,
        splitter=IndexSplitter([]),
        item_tfms=Resize((size.height, size.width), method=size.resize),
        batch_tfms=Normalize.from_stats(size.mean, size.std, cuda=False),
    )
    with tempfile.TemporaryDirectory() as folder:  # fastai builds a learner around a photo, and exports it without
        photo = Path(folder) / config.answers[0] / "photo.png"
        photo.parent.mkdir()
        Image.new("RGB", (size.width, size.height)).save(photo)
        dls = block.dataloaders([photo], bs=1, num_workers=0, device=torch.device("cpu"), path=Path())
        learn = Learner(dls, network, loss_func=CrossEntropyLossFlat(), path=Path())
        learn.export(path.resolve())


def quantise(source: Path, target: Path, batches: Sequence[np.ndarray]) -> None:
    """Write the int8 version of a float32 ONNX graph (static quantisation, Jacob et al. 2018).

    Weights are int8 per output channel, activations uint8 with ranges calibrated on `batches`. What lies behind the last
    convolution stays float32: pooling and head cost next to nothing, and logits are not cut off at the end of a range.
    Seven-bit weights, which would rule out saturating 16-bit sums on CPUs without VNNI, cost a MobileNetV2 0.9 points of
    validation accuracy.

    Args:
        batches: float32 (N, 3, H, W) inputs as the network will see them.
    """
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._rest: Iterator[np.ndarray] = iter(batches)

        def get_next(self) -> dict[str, np.ndarray] | None:
            batch = next(self._rest, None)
            return None if batch is None else {INPUT: batch}

    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with tempfile.TemporaryDirectory() as folder:
            prepared = Path(folder) / "prepared.onnx"
            quant_pre_process(source, prepared, skip_symbolic_shape=True)
            quantize_static(
                prepared,
                target,
                Reader(),
                nodes_to_exclude=_behind_the_last_convolution(prepared),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                calibrate_method=CalibrationMethod.MinMax,
                extra_options={"CalibMovingAverage": True},
            )
    finally:
        root.setLevel(level)


def _behind_the_last_convolution(path: Path) -> list[str]:
    """The names of the nodes of an ONNX file that pool its last maps and make logits of them."""
    import onnx

    nodes = list(onnx.load(path, load_external_data=False).graph.node)
    last = max((index for index, node in enumerate(nodes) if node.op_type == "Conv"), default=-1)
    activations = ("Relu", "Clip", "HardSwish", "Sigmoid", "Mul", "HardSigmoid")
    return [node.name for node in nodes[last + 1 :] if node.op_type not in activations]


def versions() -> dict[str, str]:
    """Python and the libraries that shaped a model, for its config."""
    return {"python": platform.python_version(), **{name: version(name) for name in VERSIONED}}
