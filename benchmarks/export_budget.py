"""How much of their budget exports take: `python -m benchmarks.exports --budget [--only NAME…]`.

Honest ones are networks of torchvision and timm in a learner of two labels; hostile ones are those of `tests.expensive`.
Each is opened in a process of its own on one thread, after imports.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from benchmarks.machine import describe
from model.errors import ModelError
from model.fastai_export import learner as reader
from model.fastai_export.budget import Budget
from model.fastai_export.learner import read_learner
from model.fastai_export.load import build_network
from tests.expensive import expensive
from tests.hostile import Export, honest_export
from tests.model.fastai_export.small import exported, learner

SECONDS: Final = 120


def _torchvision(name: str) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        from torchvision.models import get_model

        network: nn.Module = get_model(name, num_classes=2)
        return network

    return make


def _timm(name: str, **how: Any) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        import timm

        network: nn.Module = timm.create_model(name, num_classes=2, **how)
        return network

    return make


HONEST: Final[dict[str, tuple[Callable[[], nn.Module], int]]] = {  # and the pixels of a photo
    "resnet34, 224": (_torchvision("resnet34"), 224),
    "resnet50, 512": (_torchvision("resnet50"), 512),
    "vgg16, 224": (_torchvision("vgg16"), 224),
    "vgg16, 512": (_torchvision("vgg16"), 512),
    "densenet201, 512": (_torchvision("densenet201"), 512),
    "mobilenet_v2, 512": (_torchvision("mobilenet_v2"), 512),
    "vit_base_patch16_224": (_timm("vit_base_patch16_224"), 224),
    "swin_base, 224": (_timm("swin_base_patch4_window7_224"), 224),
    "maxvit_tiny, 512": (_timm("maxvit_tiny_tf_512"), 512),
    "convnext_base, 512": (_timm("convnext_base"), 512),
    "efficientnet_b7, 600": (_timm("tf_efficientnet_b7"), 600),
}


def report(only: list[str]) -> None:
    """Print a table of honest exports and one of hostile ones."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pkl"
        print("| export | MB | steps | multiplications | memory of a photo | s of | s |\n|---|---|---|---|---|---|---|")
        for name, (make, side) in HONEST.items():
            if only and name not in only:
                continue
            exported(path, learner(model=make()))
            found = _opened(path, side)
            print(_row(name, path, found), flush=True)
        print("\n| hostile file | kB | what became of it | steps | s | MB |\n|---|---|---|---|---|---|")
        for name, content in expensive(Export(honest_export(path))).items():
            if only and name not in only:
                continue
            path.write_bytes(content)
            found = _opened(path, None)
            print(f"| {name} | {len(content) / 1000:,.0f} | {found.get('outcome', 'ended')} | {found.get('steps', 0):,} "
                  f"| {found.get('seconds', SECONDS):.1f} | {found.get('megabytes', 0):,.0f} |", flush=True)  # fmt: skip
    print(f"\n{describe()}; torch {torch.__version__}, one thread.")


def _row(name: str, path: Path, found: dict[str, Any]) -> str:
    shares = [found["steps"] / found["max_steps"], found["multiplications"] / found["max_multiplications"],
              found["peak_bytes"] / found["max_bytes"]]  # fmt: skip
    cells = [name, f"{path.stat().st_size / 1e6:,.0f}", *(f"{share:.1%}" for share in shares), f"{found['allowed']:.0f}"]
    refused = "" if found["outcome"] == "opened" else f" {found['outcome']}"
    return f"| {' | '.join(cells)} | {found['seconds']:.1f} |{refused}"


def _opened(path: Path, side: int | None) -> dict[str, Any]:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_measure, args=(path, side, sender))
    process.start()
    sender.close()
    try:
        found: dict[str, Any] = json.loads(receiver.recv()) if receiver.poll(SECONDS) else {}
    except EOFError:
        found = {}
    process.kill()
    process.join()
    return found


def _measure(path: Path, side: int | None, sender: Any) -> None:
    torch.set_num_threads(1)
    budgets: list[Budget] = []
    opened = reader.TorchFile

    class Watched(opened):  # type: ignore[valid-type, misc]
        def _read(self, file: Any) -> None:
            budgets.append(self.budget)
            super()._read(file)

    reader.TorchFile = Watched  # type: ignore[misc]
    base, start, outcome = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time(), "opened"
    try:
        learned = read_learner(path)
        if side is not None:
            learned.preparation.input = learned.preparation.input.model_copy(update={"height": side, "width": side})
        build_network(learned)
    except ModelError as error:
        outcome = f"refused: {str(error).replace(str(path), '').strip()[:80]}"
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base
    budget = budgets[0] if budgets else Budget("", 0)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    names = ("steps", "max_steps", "multiplications", "max_multiplications", "peak_bytes", "max_bytes")
    sender.send(json.dumps({"outcome": outcome, "seconds": seconds, "megabytes": peak / unit, "allowed": budget.seconds,
                            **{name: getattr(budget, name) for name in names}}))  # fmt: skip
