"""Learners of a few pixels, made and exported while a test runs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tests.exports.files import PICTURES

SIDE = 32


def by_name(path: Path) -> str:
    """A label: half of the pictures are `a`."""
    return "a" if PICTURES.index(Path(path)) % 2 else "b"


def network(outputs: int = 2) -> nn.Module:
    """A network of one convolution."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, outputs))


def learner(get_y: Callable[[Path], Any] = by_name, model: nn.Module | None = None, **settings: Any) -> Any:
    """A learner of two labels, from four pictures."""
    from fastai.data.block import CategoryBlock, DataBlock
    from fastai.data.transforms import IndexSplitter
    from fastai.learner import Learner
    from fastai.vision.augment import Resize
    from fastai.vision.data import ImageBlock

    block = DataBlock((ImageBlock, CategoryBlock), get_items=lambda _: PICTURES, get_y=get_y, splitter=IndexSplitter([0, 1]),
                      item_tfms=Resize(SIDE))  # fmt: skip
    data = block.dataloaders(PICTURES[0].parent, bs=2, num_workers=0)
    return Learner(data, network() if model is None else model, **{"loss_func": nn.CrossEntropyLoss(), **settings})


def exported(path: Path, made: Any, **how: Any) -> Path:
    """What `learn.export()` writes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dill's, on what it pickles
        made.export(path, **how)
    return path


def with_vocabulary(made: Any, vocab: Any) -> Any:
    """The learner with other labels, as a data block may have been given them."""
    made.dls.train_ds.tls[1].tfms.fs[-1].vocab = vocab
    return made
