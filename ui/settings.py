"""What a deployment can choose, all of it through environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from model.config import Activation
from model.fastai_export.options import read_size
from ui.cors import ANY, is_origin

_ON, _OFF = ("on", "true", "1"), ("off", "false", "0")


@dataclass(frozen=True)
class Settings:
    """The app's settings. Gradio reads `GRADIO_SERVER_PORT`, `GRADIO_SERVER_NAME` and `GRADIO_ROOT_PATH` by itself.

    Attributes:
        model_repo: MODEL_REPO, a Hub repository `user/name`, a model folder or a fastai export (`model.pkl`); the embedded
            starter where it is not set.
        model_revision: MODEL_REVISION, the commit, tag or branch of that repository.
        model_labels: MODEL_LABELS, names for an export's labels, in its order, with commas: `dog,cat` for False, True.
        model_allow: MODEL_ALLOW, layer classes of yours that an export may use, with commas: `mypkg.MyLayer`.
        model_size: MODEL_SIZE, (height, width) in pixels for an export that does not resize photos itself: `224`, or `224x320`
            for height × width.
        model_activation: MODEL_ACTIVATION, `softmax` or `sigmoid`, for an export whose loss is a class of its maker's own.
        model_trust: MODEL_TRUST, whether an export of your own may take more time and memory than a stranger's: on or off.
        max_waiting: MAX_WAITING, how many photos may wait for an answer before new ones are turned away.
        cors_origins: CORS_ORIGINS, the sites whose pages may call the routes beside the page, with commas: `https://my.site`;
            `*` for every site.
        teach: TEACH, whether visitors can teach classes of their own; they can, unless it says off.
        agents: GRADIO_MCP_SERVER, whether agents find tools here; where the package `mcp` is installed, unless it says False.
        corrections_folder: CORRECTIONS_FOLDER, where photos that visitors correct are kept; nobody can correct without one of
            this and CORRECTIONS_REPO.
        corrections_repo: CORRECTIONS_REPO, a dataset `user/name` on the Hub to which they go; HF_TOKEN must be able to write.
        corrections_max_mb: CORRECTIONS_MAX_MB, how large that folder or dataset may become.
    """

    model_repo: str | None = None
    model_revision: str | None = None
    model_labels: tuple[str, ...] | None = None
    model_allow: tuple[str, ...] = ()
    model_size: tuple[int, int] | None = None
    model_activation: Activation | None = None
    model_trust: bool = False
    max_waiting: int = 64
    cors_origins: tuple[str, ...] = ()
    teach: bool = True
    agents: bool = False
    corrections_folder: Path | None = None
    corrections_repo: str | None = None
    corrections_max_mb: int = 200

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the variables; an empty one counts as not set.

        Raises:
            ValueError: a variable has no usable value; the message names it.
        """
        repo = environment.get("MODEL_REPO", "").strip() or None
        revision = environment.get("MODEL_REVISION", "").strip() or None
        labels, allow = _names(environment, "MODEL_LABELS"), _names(environment, "MODEL_ALLOW")
        size, activation = _size(environment), _activation(environment)
        trust = _switch(environment, "MODEL_TRUST", cls.model_trust)
        said = {"REVISION": revision, "LABELS": labels, "ALLOW": allow, "SIZE": size, "ACTIVATION": activation, "TRUST": trust}
        for name, value in said.items():
            if value and not repo:
                raise ValueError(f"MODEL_{name} is set but MODEL_REPO is not: name the repository it belongs to")
        waiting = _number(environment, "MAX_WAITING", cls.max_waiting)
        folder = environment.get("CORRECTIONS_FOLDER", "").strip()
        dataset = environment.get("CORRECTIONS_REPO", "").strip() or None
        if dataset and not re.fullmatch(r"[\w.-]+/[\w.-]+", dataset):
            raise ValueError(f"CORRECTIONS_REPO must be the name of a dataset, USER/NAME, not {dataset[:60]!r}")
        origins, agents = _origins(environment), _agents(environment)
        return cls(repo, revision, labels or None, allow, size, activation, trust, waiting, cors_origins=origins, agents=agents,
                   teach=_switch(environment, "TEACH", cls.teach),
                   corrections_folder=Path(folder) if folder else None, corrections_repo=dataset,
                   corrections_max_mb=_number(environment, "CORRECTIONS_MAX_MB", cls.corrections_max_mb))  # fmt: skip


def _number(environment: Mapping[str, str], variable: str, default: int) -> int:
    text = environment.get(variable, "").strip() or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) < 1:
        raise ValueError(f"{variable} must be a whole number from 1 to 999999, not {text[:20]!r}")
    return int(text)


def _switch(environment: Mapping[str, str], variable: str, default: bool) -> bool:
    said = environment.get(variable, "").strip().lower()
    if said not in ("", *_ON, *_OFF):
        raise ValueError(f"{variable} must be on or off, not {said[:20]!r}")
    return said in _ON if said else default


def _names(environment: Mapping[str, str], variable: str) -> tuple[str, ...]:
    """Names with commas between them."""
    names = tuple(name.strip() for name in environment.get(variable, "").split(","))
    if names == ("",):
        return ()
    if not all(names):
        raise ValueError(f"{variable} must be names with commas between them, not {environment[variable][:60]!r}")
    return names


def _size(environment: Mapping[str, str]) -> tuple[int, int] | None:
    text = environment.get("MODEL_SIZE", "").strip()
    try:
        return read_size(text) if text else None
    except ValueError:
        raise ValueError(
            f"MODEL_SIZE must be 224, or 224x320 for height x width, from 16 to 2048 pixels, not {text[:20]!r}"
        ) from None


def _activation(environment: Mapping[str, str]) -> Activation | None:
    said = environment.get("MODEL_ACTIVATION", "").strip().lower()
    match said:
        case "softmax" | "sigmoid":
            return said
        case "":
            return None
    raise ValueError(
        f"MODEL_ACTIVATION must be softmax, where one label is right, or sigmoid, where any number is, not {said[:20]!r}"
    )


def _origins(environment: Mapping[str, str]) -> tuple[str, ...]:
    origins = _names(environment, "CORS_ORIGINS")
    for origin in origins:
        if not is_origin(origin) and origins != (ANY,):
            raise ValueError(
                f"CORS_ORIGINS must be sites as browsers name them, `https://my.site` or `http://localhost:8000`, without a "
                f"path, with commas between them, or `*` alone; not {origin[:60]!r}"
            )
    return origins


def _agents(environment: Mapping[str, str]) -> bool:
    said = environment.get("GRADIO_MCP_SERVER", "").strip().lower()
    installed = find_spec("mcp") is not None
    if said == "true" and not installed:
        raise ValueError('GRADIO_MCP_SERVER is True but the package mcp is not installed: pip install "gradio[mcp]"')
    return installed if not said else said == "true"
