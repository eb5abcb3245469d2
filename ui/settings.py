"""What a deployment can choose, all of it through environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The app's settings. Gradio reads `GRADIO_SERVER_PORT`, `GRADIO_SERVER_NAME` and `GRADIO_ROOT_PATH` by itself.

    Attributes:
        model_repo: MODEL_REPO, a Hub repository `user/name`, a model folder or a fastai export (`model.pkl`); the embedded
            starter where it is not set.
        model_revision: MODEL_REVISION, the commit, tag or branch of that repository.
        model_labels: MODEL_LABELS, names for an export's labels, in its order, with commas: `dog,cat` for False, True.
        model_allow: MODEL_ALLOW, layer classes of yours that an export may use, with commas: `mypkg.MyLayer`.
        max_waiting: MAX_WAITING, how many photos may wait for an answer before new ones are turned away.
    """

    model_repo: str | None = None
    model_revision: str | None = None
    model_labels: tuple[str, ...] | None = None
    model_allow: tuple[str, ...] = ()
    max_waiting: int = 64

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the variables; an empty one counts as not set.

        Raises:
            ValueError: a variable has no usable value; the message names it.
        """
        repo = environment.get("MODEL_REPO", "").strip() or None
        revision = environment.get("MODEL_REVISION", "").strip() or None
        labels, allow = _names(environment, "MODEL_LABELS"), _names(environment, "MODEL_ALLOW")
        for name, value in (("MODEL_REVISION", revision), ("MODEL_LABELS", labels), ("MODEL_ALLOW", allow)):
            if value and not repo:
                raise ValueError(f"{name} is set but MODEL_REPO is not: name the repository it belongs to")
        waiting = environment.get("MAX_WAITING", "").strip() or str(cls.max_waiting)
        if not waiting.isascii() or not waiting.isdigit() or len(waiting) > 6 or int(waiting) < 1:
            raise ValueError(f"MAX_WAITING must be a whole number from 1 to 999999, not {waiting[:20]!r}")
        return cls(repo, revision, labels or None, allow, int(waiting))


def _names(environment: Mapping[str, str], variable: str) -> tuple[str, ...]:
    """Names with commas between them."""
    names = tuple(name.strip() for name in environment.get(variable, "").split(","))
    if names == ("",):
        return ()
    if not all(names):
        raise ValueError(f"{variable} must be names with commas between them, not {environment[variable][:60]!r}")
    return names
