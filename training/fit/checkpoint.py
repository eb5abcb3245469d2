"""Nothing is lost when a run is interrupted, and the best epoch is the one that is kept."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fastai.callback.core import Callback
from fastai.distributed import num_distrib, rank_distrib
from fastai.learner import SkipToEpoch
from fastai.torch_core import default_device

from model.whole import whole_file
from training.data.photos import DataError

FILE = "checkpoint.pth"


class Checkpoint(Callback):
    """Write the state of training after every epoch; go on from it; end with the weights of the best epoch.

    A run has stages (calls of `fit`): the frozen epochs, then the unfrozen ones. The best epoch is the one with the
    lowest validation loss over all stages.

    Args:
        folder: where the state lies, between runs.
        settings: what the run was started with; a run with other settings does not go on from this state.
        resume: go on from the state in `folder`.

    Raises:
        DataError: there is no state to go on from, or it belongs to other settings.
    """

    order = 65  # after the recorder and the schedule

    def __init__(self, folder: Path, settings: dict[str, Any], resume: bool) -> None:
        self.path = folder / FILE
        self.settings = settings
        self.stage = -1
        self.state: dict[str, Any] = {"stage": 0, "next_epoch": 0, "best": float("inf"), "weights": None, "history": []}
        self.resumed = resume
        if not resume:
            self.path.unlink(missing_ok=True)
            return
        if not self.path.is_file():
            raise DataError(f"there is nothing to resume in {folder}; run once without --resume")
        try:
            self.state = torch.load(self.path, map_location=default_device(), weights_only=True)
        except Exception as error:  # unpicklers and archives raise many types
            raise DataError(f"{self.path} is damaged ({error}); run again without --resume") from None
        if changed := sorted(name for name, value in self.state["settings"].items() if settings.get(name) != value):
            options = ", ".join(f"--{name.replace('_', '-')} ({self.state['settings'][name]})" for name in changed)
            raise DataError(f"{self.path} was written with other settings; give the same as before: {options}")

    @property
    def history(self) -> list[dict[str, float]]:
        """What the recorder saw of every epoch."""
        rows: list[dict[str, float]] = self.state["history"]
        return rows

    def start(self, stage: int, epochs: int) -> int | None:
        """The epoch to begin stage number `stage` with, or None where nothing of it is left to do."""
        self.stage = stage
        first = self.state["next_epoch"] if self.state["stage"] == stage else 0
        return None if self.state["stage"] > stage or first >= epochs else first

    def before_fit(self) -> None:
        """Put weights and optimiser back, where this stage was interrupted."""
        if self.resumed:
            _plain(self.learn.model).load_state_dict(self.state["model"])
            if self.state["stage"] == self.stage and self.state["next_epoch"]:
                self.learn.opt.load_state_dict(self.state["optimiser"])
            _set_random_state(self.state["random"])
            self.resumed = False

    def before_train(self) -> None:
        """Note when the epoch starts."""
        self.started = time.monotonic()

    def after_train(self) -> None:
        """How many photos were trained on in a second, by this process."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.speed = self.learn.dls.train.n / max(1, num_distrib()) / (time.monotonic() - self.started)

    def after_epoch(self) -> None:
        """Write down where we are."""
        if not self.learn.recorder.values:
            return
        skipped = any(isinstance(cb, SkipToEpoch) and self.epoch < cb._skip_to for cb in self.learn.cbs)
        if skipped or rank_distrib():
            return
        row = dict(zip(self.learn.recorder.metric_names[1:], map(float, self.learn.recorder.values[-1]), strict=False))
        row["photos_per_second"] = self.speed
        state = self.state
        state["history"].append({"stage": self.stage, **row})
        weights = {name: w.detach().cpu().clone() for name, w in _plain(self.learn.model).state_dict().items()}
        if row["valid_loss"] < state["best"]:
            state |= {"best": row["valid_loss"], "weights": weights}
        state |= {
            "settings": self.settings,
            "stage": self.stage,
            "next_epoch": self.epoch + 1,
            "model": weights,
            "optimiser": _builtin(self.learn.opt.state_dict()),
            "random": _random_state(),
        }
        with whole_file(self.path) as file:
            torch.save(state, file)

    def restore_best(self) -> None:
        """Give the network the weights of the best epoch."""
        if self.state["weights"] is not None:
            self.learn.model.load_state_dict(self.state["weights"])

    def remove(self) -> None:
        """The model is written: the state is not needed any more."""
        self.path.unlink(missing_ok=True)


def _plain(model: torch.nn.Module) -> torch.nn.Module:
    """The network inside what several processes train together."""
    return model.module if isinstance(model, torch.nn.parallel.DistributedDataParallel) else model


def _builtin(value: Any) -> Any:
    """Lists, dictionaries, numbers and plain tensors: what a safe unpickler reads."""
    if isinstance(value, dict):
        return {key: _builtin(each) for key, each in value.items()}
    if isinstance(value, torch.Tensor):
        return value.detach().as_subclass(torch.Tensor)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    return [_builtin(item) for item in value]


def _random_state() -> dict[str, Any]:
    """Where the generators of torch, NumPy and Python are, as what a safe unpickler reads."""
    numbers = np.random.get_state(legacy=False)["state"]
    return {
        "torch": torch.get_rng_state(),
        "numpy": {"key": numbers["key"].tolist(), "pos": int(numbers["pos"])},
        "python": random.getstate(),
    }


def _set_random_state(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["torch"].cpu())
    key = np.array(state["numpy"]["key"], np.uint32)
    np.random.set_state({"bit_generator": "MT19937", "state": {"key": key, "pos": state["numpy"]["pos"]}})
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
