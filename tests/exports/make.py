"""Small learners on drawn pictures, trained for seconds, exported by the fastai that runs this, with the answers it gives.

    python tests/exports/make.py OUT

writes OUT/PYTHON-FASTAI/*.pkl and expected.json beside them. README.md says how to make the environments.
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import platform
import random
import shutil
import sys
import tempfile
import types
import warnings
from pathlib import Path

import fastai
import numpy as np
import pandas as pd
import timm
import torch
from fastai.tabular.all import Categorify, FillMissing, TabularDataLoaders, tabular_learner
from fastai.text.all import AWD_LSTM, BaseTokenizer, TextDataLoaders, awd_lstm_clas_config, text_classifier_learner
from fastai.vision.all import (
    AdaptiveAvgPool,
    CategoryBlock,
    ConvLayer,
    DataBlock,
    Flatten,
    ImageBlock,
    ImageDataLoaders,
    Learner,
    MaskBlock,
    Normalize,
    PadMode,
    PILImageBW,
    RandomResizedCrop,
    RandomSplitter,
    RegressionBlock,
    ResBlock,
    Resize,
    ResizeMethod,
    XResNet,
    aug_transforms,
    default_split,
    get_image_files,
    imagenet_stats,
    model_meta,
    vision_learner,
)
from PIL import Image
from torch import nn
from torchvision.models.mobilenetv2 import MobileNetV2
from torchvision.models.resnet import BasicBlock

HERE = Path(__file__).resolve().parent
OLD = fastai.__version__ < "2.8"  # pickles functions by name; later ones pickle their code
SEED = 4

KINDS = ("blobs", "check", "stripes")
COLOURS = {  # dark and light
    "blobs": ((40, 90, 220), (120, 220, 240)),
    "check": ((20, 140, 40), (200, 240, 60)),
    "stripes": ((220, 50, 30), (250, 200, 90)),
}
STORED = (("blobs", 100, 64), ("check", 64, 64), ("stripes", 60, 80), ("half", 90, 50))

LOST_LABELS = """
def kind(path):
    return path.name.split("_")[0].lower()


def itself(path):
    return path
"""


def draw(kind: str, width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Blue blobs, a green check, red stripes; `half` has stripes on the left and blobs on the right."""
    if kind == "half":
        picture = draw("stripes", width, height, rng)
        picture.paste(draw("blobs", width - width // 2, height, rng), (width // 2, 0))
        return picture
    y, x = np.mgrid[:height, :width]
    size = rng.integers(8, 16)
    if kind == "stripes":
        inside = (x * rng.uniform(0.5, 1) + y * rng.uniform(0.5, 1)) % size < size / 2
    elif kind == "check":
        inside = (x // size + y // size) % 2 == 0
    else:
        inside = np.zeros((height, width), bool)
        for _ in range(8):
            inside |= np.hypot(x - rng.integers(width), y - rng.integers(height)) < size / 2
    front, back = (np.clip(np.array(colour) + rng.integers(-30, 30, 3), 0, 255) for colour in COLOURS[kind])
    return Image.fromarray(np.where(inside[..., None], front, back).astype(np.uint8))


def draw_photos(folder: Path) -> None:
    """Ten of each kind; blobs begin with a capital letter, as the cats of the Oxford pets do."""
    rng = np.random.default_rng(SEED)
    for kind in KINDS:
        (folder / kind).mkdir(parents=True)
        for number in range(10):
            name = f"{kind.title() if kind == 'blobs' else kind}_{number}.png"
            draw(kind, *rng.integers(50, 110, 2), rng).save(folder / kind / name)


def stored_pictures() -> list[Path]:
    """The pictures whose answers are recorded; drawn once, then the same for every environment."""
    folder = HERE / "pictures"
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(SEED + 1)
    for kind, width, height in STORED:
        picture = draw(kind, width, height, rng)
        if not (folder / f"{kind}.png").exists():
            picture.save(folder / f"{kind}.png", optimize=True)
    return sorted(folder.glob("*.png"))


# Networks, as small as their kind allows


def small_resnet(pretrained: bool = False) -> nn.Module:
    """What torchvision's resnet is made of: its stem and one narrow block."""
    stem = [nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    shortcut = nn.Sequential(nn.Conv2d(8, 16, 1, 2, bias=False), nn.BatchNorm2d(16))
    stage = nn.Sequential(BasicBlock(8, 16, 2, shortcut))
    return nn.Sequential(*stem, stage, nn.AdaptiveAvgPool2d(1), nn.Linear(16, 1000))


def small_mobilenet(pretrained: bool = False) -> nn.Module:
    return MobileNetV2(width_mult=0.25, inverted_residual_setting=[[1, 16, 1, 1], [4, 16, 1, 2]])


model_meta[small_mobilenet] = {"cut": lambda network: network.features[:-1], "split": default_split}


def small_xresnet(n_out: int) -> nn.Module:
    network = XResNet(ResBlock, 4, [1], stem_szs=(4, 4, 64), widen=0.125)
    network[-1] = nn.Linear(32, n_out)
    return network


def convolutions(n_out: int, n_in: int = 3, *more: nn.Module) -> nn.Module:
    """Two of fastai's convolutions and a linear layer."""
    body = [ConvLayer(n_in, 8, stride=2), *more, ConvLayer(8, 16, stride=2)]
    return nn.Sequential(*body, AdaptiveAvgPool(), Flatten(), nn.Linear(16, n_out))


def small_convolutions(pretrained: bool = False) -> nn.Module:
    return convolutions(1000)


class Scale(nn.Module):
    """tests/exports/layers.py has the same."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(1.5))

    def forward(self, x):
        return x * self.factor


# Label functions in __main__, as a notebook has them


def is_cat(x):
    return x[0].isupper()


def kind_of(path):
    return path.name.split("_")[0].lower()


def brightness(path):
    return float(np.asarray(Image.open(path)).mean() / 255)


def mask_of(path):
    return np.asarray(Image.open(path).convert("L")) // 128


NORMALIZE = Normalize.from_stats(*imagenet_stats)
PHOTOS = Path("photos")  # relative: the place where this ran does not belong into the exports
LOADING = {"bs": 8, "num_workers": 0}
SPLIT = {"valid_pct": 0.2, "seed": SEED}


def table() -> pd.DataFrame:
    """Each picture with its kind and, where that is so, `bright`: several labels for one picture."""
    rows = []
    for path in sorted(get_image_files(PHOTOS)):
        bright = ";bright" if brightness(path) > 0.5 else ""
        rows.append({"name": str(path.relative_to(PHOTOS)), "labels": kind_of(path) + bright})
    return pd.DataFrame(rows)


def block(getter=kind_of, target=CategoryBlock, image=ImageBlock, item_tfms=None, batch_tfms=None, **more):
    data = DataBlock(
        blocks=(image, target),
        get_items=get_image_files,
        get_y=getter,
        splitter=RandomSplitter(0.2, seed=SEED),
        item_tfms=item_tfms or Resize(48),
        batch_tfms=batch_tfms,
        **more,
    )
    return data.dataloaders(PHOTOS, path=PHOTOS, **LOADING)


def from_folder() -> Learner:
    dls = ImageDataLoaders.from_folder(PHOTOS, item_tfms=Resize(48), batch_tfms=NORMALIZE, **SPLIT, **LOADING)
    return vision_learner(dls, small_resnet, pretrained=False, lin_ftrs=[16])


def is_cat_lesson() -> Learner:
    items = [path for path in get_image_files(PHOTOS) if path.parent.name != "check"]
    resize = Resize(64, method="squish")
    dls = ImageDataLoaders.from_name_func(PHOTOS, items, label_func=is_cat, item_tfms=resize, **SPLIT, **LOADING)
    return vision_learner(dls, small_mobilenet, pretrained=False, lin_ftrs=[16])


def from_name_re() -> Learner:
    resize = Resize(64, method=ResizeMethod.Pad, pad_mode=PadMode.Reflection)
    pattern = r"([a-z]+)_\d+.png$"
    items = [path for path in get_image_files(PHOTOS) if path.parent.name != "blobs"]
    batch = [*aug_transforms(), NORMALIZE]
    dls = ImageDataLoaders.from_name_re(PHOTOS, items, pattern, item_tfms=resize, batch_tfms=batch, **SPLIT, **LOADING)
    narrow = {"depths": (1, 1, 1, 1), "dims": (8, 8, 8, 8)}
    return vision_learner(dls, "convnext_atto", pretrained=False, lin_ftrs=[16], **narrow)


def pad_zeros() -> Learner:
    resize = Resize((48, 64), method=ResizeMethod.Pad, pad_mode=PadMode.Zeros)
    return Learner(block(item_tfms=resize), convolutions(3))


def from_df() -> Learner:
    resize = RandomResizedCrop(48, min_scale=0.5)
    columns = {"fn_col": "name", "label_col": "labels", "label_delim": ";"}
    dls = ImageDataLoaders.from_df(table(), PHOTOS, **columns, item_tfms=resize, batch_tfms=NORMALIZE, **SPLIT, **LOADING)
    head = nn.Sequential(AdaptiveAvgPool(), Flatten(), nn.BatchNorm1d(16), nn.Dropout(0.1), nn.Linear(16, dls.c))
    return vision_learner(dls, small_convolutions, pretrained=False, custom_head=head)


def lambda_presize() -> Learner:
    getter = kind_of if OLD else lambda path: path.parent.name
    batch = [*aug_transforms(size=48, min_scale=0.75), NORMALIZE]
    return Learner(block(getter, item_tfms=Resize(72), batch_tfms=batch), small_xresnet(n_out=3))


def lost_module() -> Learner:
    Path("lost_labels.py").write_text(LOST_LABELS)
    lost = importlib.import_module("lost_labels")
    return Learner(block(lost.kind, get_x=lost.itself, batch_tfms=NORMALIZE), convolutions(3))


def own_layer() -> Learner:
    return Learner(block(), convolutions(3, 3, Scale()))


def lost_layer() -> Learner:
    shutil.copy(HERE / "layers.py", "lost_layers.py")
    return Learner(block(), convolutions(3, 3, importlib.import_module("lost_layers").Scale()))


def affine_size() -> Learner:
    return Learner(block(item_tfms=Resize(72), batch_tfms=[*aug_transforms(size=48), NORMALIZE]), convolutions(3))


def black_white() -> Learner:
    return Learner(block(image=ImageBlock(PILImageBW)), convolutions(3, 1))


def regression() -> Learner:
    return Learner(block(brightness, RegressionBlock), convolutions(1))


def segmentation() -> Learner:
    network = nn.Sequential(ConvLayer(3, 8), ConvLayer(8, 8), nn.Conv2d(8, 2, 1))
    return Learner(block(mask_of, MaskBlock(["dark", "bright"])), network)


def tabular() -> Learner:
    rng = np.random.default_rng(SEED)
    frame = pd.DataFrame({"weight": rng.uniform(1, 40, 20), "colour": ["black", "brown"] * 10})
    frame["kind"] = np.where(frame.weight > 15, "dog", "cat")
    dls = TabularDataLoaders.from_df(
        frame, PHOTOS, [Categorify, FillMissing], ["colour"], ["weight"], "kind", valid_idx=[1, 5, 9], bs=4
    )
    return tabular_learner(dls, layers=[8])


def text() -> Learner:
    frame = pd.DataFrame({"text": ["a cat sleeps all day", "the dog barks at night"] * 10, "label": ["cat", "dog"] * 10})
    dls = TextDataLoaders.from_df(
        frame, PHOTOS, text_col="text", label_col="label", tok_tfm=BaseTokenizer(), valid_pct=0.2, bs=4
    )
    config = {**awd_lstm_clas_config, "emb_sz": 8, "n_hid": 8, "n_layers": 2}
    return text_classifier_learner(dls, AWD_LSTM, config=config, pretrained=False)


EVERYWHERE = {
    "from_folder": from_folder,
    "is_cat": is_cat_lesson,
    "from_name_re": from_name_re,
    "from_df": from_df,
    "lambda_presize": lambda_presize,
    "lost_module": lost_module,
    "own_layer": own_layer,
}
SELDOM = {"lost_layer": lost_layer, "pad_zeros": pad_zeros, "affine_size": affine_size, "black_white": black_white}
NO_CLASSIFIERS = {"regression": regression, "segmentation": segmentation, "tabular": tabular, "text": text}


def train(learn: Learner, epochs: int = 12) -> Learner:
    """For seconds, and without a progress bar; the export has one all the same, as real ones do."""
    with learn.no_bar(), learn.no_logging():
        learn.fit(epochs, 0.01)
    return learn


def seed() -> None:
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)


def answers(learn: Learner, pictures: list[Path]) -> dict[str, object]:
    """What fastai answers for the stored pictures: one probability per entry of the vocabulary."""
    with learn.no_bar(), learn.no_logging():
        found = {path.name: learn.predict(path)[2].tolist() for path in pictures}
    spread = np.ptp(list(found.values()), axis=0).max()
    if spread < 0.2:
        raise SystemExit(f"the answers are all alike: {found}")
    print(f"  spread {spread:.2f}", {name: np.round(row, 3).tolist() for name, row in found.items()})
    return {"vocab": [str(label) for label in learn.dls.vocab], "probabilities": found}


def export(learn: Learner, path: Path) -> None:
    learn.export(path)
    print(f"  {path.name} {path.stat().st_size // 1000} kB")


def export_on_windows(learn: Learner, path: Path) -> None:
    """Export as Windows does, where every path is a `WindowsPath`: that name, and the parts of a Windows path."""
    posix, home = pathlib.PosixPath, sys.modules[pathlib.PosixPath.__module__]
    elsewhere, windows = learn.path, home.WindowsPath
    learn.path = learn.dls.path = Path("C:\\", "Users", "me", "photos")
    posix.__qualname__, home.WindowsPath = "WindowsPath", posix
    export(learn, path)
    posix.__qualname__, home.WindowsPath = "PosixPath", windows
    learn.path = learn.dls.path = elsewhere


def forget_this_machine() -> None:
    """Exports that hold code hold the names of the files it came from: keep what follows the last slash."""
    for name, module in sys.modules.items():
        if name.startswith(("fast", "__main__")) and getattr(module, "__file__", None):
            module.__file__ = Path(module.__file__).name
    if not OLD:
        reducers = sys.modules["cloudpickle"].CloudPickler._dispatch_table
        reduce_code = reducers[types.CodeType]
        reducers[types.CodeType] = lambda code: reduce_code(code.replace(co_filename=Path(code.co_filename).name))


def make(out: Path, everything: bool) -> None:
    pictures = stored_pictures()
    forget_this_machine()
    expected = {}
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        sys.path.insert(0, work)
        draw_photos(PHOTOS)
        for name, maker in {**EVERYWHERE, **(SELDOM if everything else {})}.items():
            print(name)
            seed()
            learn = train(maker())
            expected[name] = answers(learn, pictures)
            export(learn, out / f"{name}.pkl")
            if name == "is_cat" and everything:
                expected["windows"] = expected[name]
                export_on_windows(learn, out / "windows.pkl")
            if name == "from_folder" and everything:
                expected["half_precision"] = expected[name]
                export(learn.to_fp16(), out / "half_precision.pkl")
                learn.to_fp32()
                shutil.move(learn.save("state"), out / "state_dict.pth")
                torch.save(learn.model, out / "module.pth")
        for name, maker in NO_CLASSIFIERS.items() if everything else ():
            print(name)
            seed()
            export(train(maker(), 1), out / f"{name}.pkl")
        os.chdir(HERE)
    versions = {
        "python": platform.python_version(),
        "fastai": fastai.__version__,
        "torch": torch.__version__,
        "timm": timm.__version__,
    }
    (out / "expected.json").write_text(json.dumps({"versions": versions, "exports": expected}, indent=1) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = Path(sys.argv[1]).resolve() / f"{python}-{fastai.__version__}"
    folder.mkdir(parents=True, exist_ok=True)
    make(folder, everything=folder.name in ("3.10-2.7.19", "3.13-2.8.12"))
