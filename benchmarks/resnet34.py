"""Two resnet34 of the same shape to serve: as the tutorial exports one, and as a model folder. Their weights are random."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from model.config import FORMAT_VERSION, Architecture, Config, Input
from model.folder import CONFIG, ONNX


def make_models(folder: Path) -> tuple[Path, Path]:
    """Write a learner as fastai exports it, and a model folder; their paths."""
    from fastai.vision.all import ImageDataLoaders, Resize, resnet34, vision_learner

    from model.architecture import build
    from model.save import export_onnx
    from training.fit.export import quantise

    data = folder / "data"
    for label in ("Cat", "Dog"):
        (data / label).mkdir(parents=True)
        for index in range(4):
            Image.effect_noise((256, 256), 60 + index).convert("RGB").save(data / label / f"{index}.jpg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dls = ImageDataLoaders.from_folder(data, valid_pct=0.5, seed=0, item_tfms=Resize(224), bs=2, num_workers=0)
        learn = vision_learner(dls, resnet34, pretrained=False)
        learn.export(folder / "model.pkl")
    ours = folder / "resnet34"
    ours.mkdir()
    config = Config(
        format_version=FORMAT_VERSION,
        name="resnet34",
        labels=("Cat", "Dog"),
        input=Input(height=224, width=224, resize="crop", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        temperature=1,
        architecture=Architecture(library="torchvision", name="resnet34"),
        training={},
        metrics={},
        versions={},
    )
    (ours / CONFIG).write_text(config.to_json(), "utf-8")
    export_onnx(build("resnet34", 2), folder / "float.onnx", 224, 224)
    dice = np.random.default_rng(0)
    quantise(folder / "float.onnx", ours / ONNX, [dice.normal(size=(4, 3, 224, 224)).astype(np.float32)] * 4)
    return folder / "model.pkl", ours
