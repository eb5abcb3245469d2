"""Types and checks for command line options: a wrong value is refused with what is allowed."""

from __future__ import annotations

import math
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

LEAVE_SOURCES_OUT = "leave-one-source-out"


def share(text: str) -> float:
    """A number above 0 and below 1."""
    value = _number(text)
    if not 0 < value < 1:
        raise ArgumentTypeError(f"must be above 0 and below 1, not {text}")
    return value


def share_or_sources(text: str) -> float | str:
    """A number above 0 and below 1, or `leave-one-source-out`."""
    return text if text == LEAVE_SOURCES_OUT else share(text)


def rate(text: str) -> float:
    """A number above 0."""
    value = _number(text)
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"must be above 0, not {text}")
    return value


def minutes(text: str) -> float:
    """A number of minutes, 0.5 to 1440."""
    value = _number(text)
    if not 0.5 <= value <= 1440:
        raise ArgumentTypeError(f"must be from 0.5 to 1440 minutes, not {text}")
    return value


def repository(text: str) -> str:
    """The name of a Hub repository, `user/name`."""
    if text.count("/") != 1 or not all(part.strip() for part in text.split("/")):
        raise ArgumentTypeError(f"must be USER/NAME, not {text!r}")
    return text


def count(text: str) -> int:
    """A whole number of at least 0."""
    return _whole(text, 0)


def at_least_one(text: str) -> int:
    """A whole number of at least 1."""
    return _whole(text, 1)


def at_least_two(text: str) -> int:
    """A whole number of at least 2."""
    return _whole(text, 2)


def side(text: str) -> int:
    """A whole number of pixels, 32 to 2048."""
    return _pixels(text, 32)


def small_side(text: str) -> int:
    """A whole number of pixels, 16 to 2048."""
    return _pixels(text, 16)


def _pixels(text: str, lowest: int) -> int:
    value = _whole(text, lowest)
    if value > 2048:
        raise ArgumentTypeError(f"must be at most 2048 pixels, not {text}")
    return value


def check_out(parser: ArgumentParser, out: Path, data: str) -> None:
    """Refuse an --out without a name, or among the photos of --data."""
    if not out.name:
        parser.error(f"--out {out} has no name: name a folder to write")
    if Path(data).resolve() in out.resolve().parents and Path(data).is_dir():
        parser.error(f"--out {out} lies among the photos of --data: name a folder elsewhere")


def _whole(text: str, lowest: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise ArgumentTypeError(f"must be a whole number, not {text!r}") from None
    if value < lowest:
        raise ArgumentTypeError(f"must be at least {lowest}, not {text}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError(f"must be a number, not {text!r}") from None
