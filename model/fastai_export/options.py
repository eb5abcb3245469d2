"""What a caller may say about an export, as the file itself does not, or says otherwise."""

from __future__ import annotations

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
