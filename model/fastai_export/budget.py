"""How much work one export may make: counted while it is read, rebuilt and tried, and refused before it is too much.

A file of kilobytes can ask for work without end: values used over and over, keys that hash alike, layers that make a huge
picture out of a small one. Clocks differ from machine to machine, so what is counted is the work itself: steps of about a
microsecond, multiplications of a network before it runs, and bytes. `apart` adds a clock and a wall for memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from model.errors import ModelError, Option

MEGABYTE: Final = 1_000_000
_STEPS: Final = 5_000_000  # a resnet34 takes about 1 % of it, a network of 1,500 layers about 10 %
_STEPS_PER_MEGABYTE: Final = 50_000
_MULTIPLICATIONS: Final = 200_000_000_000  # for one photo: a vgg16 at 224 pixels takes 15
_MULTIPLICATIONS_PER_MEGABYTE: Final = 2_000_000_000
_BYTES: Final = 1_000_000_000
_BYTES_PER_BYTE: Final = 4
_SECONDS: Final = 10.0
_SECONDS_PER_MEGABYTE: Final = 0.1


class BudgetError(ModelError):
    """An export that asks for more work than a classifier of its size may."""


@dataclass
class Budget:
    """What one file may cost, and what it has cost so far.

    Attributes:
        name: what the file is called in an error.
        size: of the file in bytes: large files may cost more.
        trusted: whether its owner lifts the limits; what they are for is counted in any case.
        stage: what is being done, for an error: `reading its pickle`.
        steps: of about a microsecond, so far. multiplications: for one photo. peak_bytes: of what one photo becomes.
    """

    name: str
    size: int
    trusted: bool = False
    stage: str = "reading it"
    steps: int = 0
    multiplications: int = 0
    peak_bytes: int = 0

    @property
    def max_steps(self) -> int:
        """Steps that the file may take."""
        return _STEPS + _STEPS_PER_MEGABYTE * self.size // MEGABYTE

    @property
    def max_multiplications(self) -> int:
        """Multiplications that its network may make for one photo."""
        return _MULTIPLICATIONS + _MULTIPLICATIONS_PER_MEGABYTE * self.size // MEGABYTE

    @property
    def is_quick(self) -> bool:
        """Whether the network takes a few seconds at most for one photo, so that it can be tried."""
        return self.multiplications <= self.max_multiplications // 4

    @property
    def max_bytes(self) -> int:
        """Memory that it may take, beside what imports take."""
        return _BYTES + _BYTES_PER_BYTE * self.size

    @property
    def seconds(self) -> float:
        """Time that it may take, beside what imports take."""
        return _SECONDS + _SECONDS_PER_MEGABYTE * self.size / MEGABYTE

    def spend(self, steps: int) -> None:
        """Count work of about as many microseconds.

        Raises:
            BudgetError: it is more than the file may take.
        """
        self.steps += steps
        if self.steps > self.max_steps:
            self._refuse(f"takes more than {self.max_steps:,} steps")

    def multiply(self, count: int) -> None:
        """Count the multiplications of a layer before it runs.

        Raises:
            BudgetError: they are more than the file's network may make for one photo.
        """
        self.multiplications += count
        if self.multiplications > self.max_multiplications:
            self._refuse(f"multiplies more than {self.max_multiplications // 10**9:,} billion times for one photo")

    def hold(self, count: int) -> None:
        """Note how many bytes are taken at once.

        Raises:
            BudgetError: they are more than the file may take.
        """
        self.peak_bytes = max(self.peak_bytes, count)
        if count > self.max_bytes:
            self._refuse(f"takes more than {self.max_bytes // MEGABYTE:,} MB of memory")

    def _refuse(self, what: str) -> None:
        if not self.trusted:
            raise over_budget(self.name, what, self.stage, self.size)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count what `spend` is told within the block on this budget."""
        token = _AT_WORK.set(self)
        try:
            yield
        finally:
            _AT_WORK.reset(token)


def over_budget(name: str, what: str, stage: str, size: int) -> BudgetError:
    """The refusal: which limit was met, how far the file got, and how its owner lifts it."""
    return BudgetError(
        f"{name} {what} (it was given up while {stage}), which is more than a classifier in a file of "
        f"{size / MEGABYTE:,.1f} MB may; nothing in it was run. If it is your own, lift the limits: ", Option("trust"),
    )  # fmt: skip


_AT_WORK: ContextVar[Budget | None] = ContextVar("budget", default=None)


def spend(steps: int) -> None:
    """Count work on the budget of the file that is being read, if one is.

    Raises:
        BudgetError: it is more than that file may take.
    """
    budget = _AT_WORK.get()
    if budget is not None:
        budget.spend(steps)


def is_trusted() -> bool:
    """Whether the owner of the file that is being read has lifted its limits."""
    budget = _AT_WORK.get()
    return budget is not None and budget.trusted
