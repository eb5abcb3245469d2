"""A trained model at prediction time: `Classifier.load().classify(["photo.jpg"])`.

A photo comes in by `photo` (untrusted bytes → an upright RGB photo, with `decode`, `formats` and `photo_problems`), `resize`
fits it to the input, `network` runs ONNX Runtime or torch, `classifier` makes probabilities of the logits, and `batching`
answers requests that arrive together in one call. A model comes in by `source`, from a `folder` that `config` describes, from
the Hub, or out of a fastai export (`fastai_export`). `inside` looks into a network that serves. Training needs
`architecture`, `head` with `onnx_head` and `torch_merge`, and `save`; `agreement` compares two versions of a model. `hub`
publishes one, and a Space that serves it. What strangers made is opened in processes of its own: photos by `decode.wall`,
networks by `onnx_trial` after a look by `onnx_file`, exports by `fastai_export.apart`; `own_limits` is what these do to
themselves, and `regular_file` opens no pipes. `errors` and `whole` serve all of them; `photo_files` lists the photos in a
folder; `telemetry` turns off that of ONNX Runtime; `commands` are those of `python -m model`.

The programs of this project decode photos behind `decode.wall`; in somebody's own program, `classify` decodes them where it
is called.

Nothing here imports torch, torchvision, timm or fastai before something needs them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import model.telemetry  # noqa: F401 - before ONNX Runtime is imported

if TYPE_CHECKING:
    from model.classifier import Classifier, Prediction
    from model.errors import ModelError
    from model.photo_problems import PhotoError

__all__ = ["Classifier", "ModelError", "PhotoError", "Prediction"]

_HOMES = {
    "Classifier": "model.classifier",
    "ModelError": "model.errors",
    "PhotoError": "model.photo_problems",
    "Prediction": "model.classifier",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for first then: a process that opens photos needs nothing else of this package."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
