"""What a caller may say about an export, as the file itself does not, or says otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from model.config import Activation


@dataclass(frozen=True)
class ExportOptions:
    """What replaces or completes what an export says; a model folder says all of it itself.

    Attributes:
        labels: names in place of the export's own, in its order; for a learner of False and True, `("dog", "cat")`.
        allow: layer classes of yours that it may contain: `mypkg.MyLayer`, or `name.in.File=mypkg.MyLayer` for a class that
            lived elsewhere when the file was written. Their modules are imported, which runs them.
        size: (height, width) in pixels, for an export that does not resize photos itself.
        activation: what turns logits into probabilities, for an export whose loss is a class of its maker's own.
    """

    labels: Sequence[str] | None = None
    allow: Sequence[str] = ()
    size: tuple[int, int] | None = None
    activation: Activation | None = None

    @property
    def change_the_model(self) -> bool:
        """Whether anything is said but which classes are allowed, which means nothing where none is needed."""
        return replace(self, allow=()) != ExportOptions()


NO_OPTIONS = ExportOptions()


def read_size(text: str) -> tuple[int, int]:
    """`224` or `224x320`: height and width in pixels.

    Raises:
        ValueError: it is neither, or a side is not from 16 to 2048.
    """
    match = re.fullmatch(r"(\d{1,4})(?:[x×](\d{1,4}))?", text)
    sides = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 16 <= min(sides) <= max(sides) <= 2048:
        raise ValueError(f"a size is 224, or 224x320 for height x width, from 16 to 2048, not {text[:20]!r}")
    return sides
