"""The model folder: the unit that is trained, published and loaded.

config.json          labels, input, temperature, provenance (`model.config.Config`)
model.onnx           int8 graph that serves
model.safetensors    weights, to continue training and to look inside
background.npz       features of other photos, to teach it new classes by (`model.teach.background`)
README.md            model card
model.pkl, report/   where there are any: a fastai export of it, and how good it is
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from model import whole
from model.architecture import build
from model.classifier import Classifier
from model.config import Config
from model.errors import ModelError, first_line, first_mismatch
from model.network import OnnxNetwork, TorchNetwork
from model.onnx_file import check_onnx
from model.onnx_trial import try_onnx
from model.regular_file import open_regular

if TYPE_CHECKING:
    from torch import nn

CONFIG = "config.json"
ONNX = "model.onnx"
WEIGHTS = "model.safetensors"
CARD = "README.md"
LEARNER = "model.pkl"
BACKGROUND = "background.npz"
REPORT = "report"
SERVING_FILES = (CONFIG, ONNX)
_KIND = "a model folder"


def load_folder(folder: Path, revision: str = "local") -> Classifier:
    """The classifier in a model folder.

    Raises:
        ModelError: a file is missing or wrong; the message names it.
    """
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a folder")
    config = Config.read(folder / CONFIG)
    path = folder / ONNX
    check_onnx(path)
    try_onnx(path, config.input.height, config.input.width, config.answers)
    return Classifier(OnnxNetwork(path), config, revision)


def load_torch(folder: Path) -> Classifier:
    """The same classifier computed by torch in float32 from `model.safetensors`: a yardstick for the int8 graph.

    Raises:
        ModelError: a file is missing or wrong; the message names it.
    """
    config = Config.read(folder / CONFIG)
    architecture = config.architecture
    module = build(architecture.name, len(config.answers), architecture.library, architecture.rows)
    load_weights(module, folder / WEIGHTS)
    return Classifier(TorchNetwork(module), config)


def load_weights(module: nn.Module, path: Path) -> None:
    """Fill `module` with the weights of a .safetensors file, cast to float32.

    Raises:
        ModelError: the file is missing, damaged, or belongs to another network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        open_regular(path).close()  # a pipe would wait for ever
        weights = load_file(path)
    except FileNotFoundError:
        raise ModelError(f"{path} is missing") from None
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is not a safetensors file: {first_line(error)}") from None
    try:
        module.load_state_dict({name: w.float() if w.is_floating_point() else w for name, w in weights.items()})
    except RuntimeError as error:
        raise ModelError(f"{path} belongs to another network: {first_mismatch(error)}") from None


def new_model_folder(target: Path) -> AbstractContextManager[Path]:
    """A folder to fill that becomes the model folder `target` when the block ends, as `model.whole.whole_folder` has it.

    Raises:
        OutputError: `target` exists and is something else, or cannot be written to.
    """
    return whole.whole_folder(target, CONFIG, _KIND)


def check_replaceable(target: Path) -> None:
    """Refuse a place that is taken by anything but a model folder or an empty one.

    Raises:
        OutputError: `target` holds something else.
    """
    whole.check_replaceable(target, CONFIG, _KIND)
