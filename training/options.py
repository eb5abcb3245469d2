"""Command lines out of dataclasses: a field is an option, its default and its help stand beside its name.

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        data: Path = option(help="a folder of photos", group="photos in")
        epochs: int = option(4, "of the whole network", check=at_least_one)

    settings = parse(Settings, "train", "Train a network.")

What follows below are checks: a wrong value is refused with what is allowed.
"""

from __future__ import annotations

import io
import math
import sys
import types
from argparse import ArgumentParser, ArgumentTypeError, HelpFormatter, RawDescriptionHelpFormatter, _ArgumentGroup
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, field, fields
from enum import Enum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

LEAVE_SOURCES_OUT = "leave-one-source-out"

Made = TypeVar("Made")


def option(
    default: Any = MISSING,
    help: str = "",
    *,
    check: Callable[[str], Any] | None = None,
    metavar: str | None = None,
    flag: str | None = None,
    group: str | None = None,
    positional: bool = False,
    const: Any = None,
) -> Any:
    """A field of a dataclass that is an option.

    Args:
        default: where the option is not given; it must be given where there is none. False and True make switches.
        check: turns the text into the value, or raises `ArgumentTypeError`. By default the field's type does; that of a Literal
            or an Enum allows its values alone.
        flag: the option, if it is not `--` and the field's name: a switch that is on by default has one that turns it off.
        group: the heading in the help, of this field and those that follow.
        positional: whether it is given by its place.
        const: the value where the option is given without one.
    """
    details = {
        "help": help,
        "check": check,
        "metavar": metavar,
        "flag": flag,
        "group": group,
        "positional": positional,
        "const": const,
    }
    return field(default=default, metadata=details)


def parse(
    kind: type[Made], program: str, description: str | None, epilog: str | None = None, arguments: Sequence[str] | None = None
) -> Made:
    """The settings of a program, from its command line. Ends the program where they make no sense.

    From now on whatever the program prints is printable: names of files may be no UTF-8, and a terminal may lack letters.

    Args:
        kind: a dataclass whose fields are made by `option`. A ValueError of its `__post_init__` is told as a wrong option.
        program: its name in `training/`.
        arguments: by default those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    layout = RawDescriptionHelpFormatter if "\n" in (description or "") else HelpFormatter
    parser = ArgumentParser(f"python -m training.{program}", None, description, epilog, formatter_class=layout)
    hints = get_type_hints(kind)
    group: ArgumentParser | _ArgumentGroup = parser
    for setting in fields(kind):  # type: ignore[arg-type]
        if title := setting.metadata["group"]:
            group = parser.add_argument_group(title)
        _add(group, setting, hints[setting.name])
    given = vars(parser.parse_args(arguments))
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    try:
        return kind(**values)
    except ValueError as error:
        parser.error(str(error))


def _add(group: ArgumentParser | _ArgumentGroup, setting: Field[Any], hint: Any) -> None:
    about = setting.metadata
    default = None if setting.default is MISSING else setting.default
    several, plain = _plain(hint)
    told = about["help"]
    if isinstance(default, (str, int, float)) and not isinstance(default, bool) and default != "" and "(default" not in told:
        told += " (default: %(default)s)"
    details: dict[str, Any] = {"help": told, "default": default}
    if plain is bool:
        details["action"] = "store_false" if default else "store_true"
    else:
        if isinstance(plain, type) and issubclass(plain, Enum):
            plain = _one_of(plain)
        choices = get_args(plain) if get_origin(plain) is Literal else None
        details |= {"type": about["check"] or (str if choices else plain), "metavar": about["metavar"], "choices": choices}
        if several:
            details["nargs"] = "+"
        if about["const"] is not None:
            details |= {"nargs": "?", "const": about["const"]}
    if about["positional"]:
        group.add_argument(setting.name, **details)
    else:
        flag = about["flag"] or "--" + setting.name.replace("_", "-")
        group.add_argument(flag, dest=setting.name, required=setting.default is MISSING, **details)


def _plain(hint: Any) -> tuple[bool, Any]:
    """Whether an annotation is a tuple, and the type of its values: of `tuple[Path, ...]` and `Path | None` it is Path."""
    if get_origin(hint) is tuple:
        return True, get_args(hint)[0]
    if get_origin(hint) in (Union, types.UnionType):
        return _plain(next(part for part in get_args(hint) if part is not type(None)))
    return False, hint


def _one_of(kind: type[Enum]) -> Callable[[str], Any]:
    def check(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise ArgumentTypeError(f"must be one of {', '.join(member.value for member in kind)}, not {text!r}") from None

    return check


def share(text: str) -> float:
    """A number above 0 and below 1."""
    value = _number(text)
    if not 0 < value < 1:
        raise ArgumentTypeError(f"must be above 0 and below 1, not {text}")
    return value


def part(text: str) -> float:
    """A number of at least 0 and at most 1."""
    value = _number(text)
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"must be from 0 to 1, not {text}")
    return value


def share_or_sources(text: str) -> float | str:
    """A number above 0 and below 1, or `leave-one-source-out`."""
    return text if text == LEAVE_SOURCES_OUT else share(text)


def above_zero(text: str) -> float:
    """A number above 0."""
    value = _number(text)
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"must be above 0, not {text}")
    return value


def at_least_zero(text: str) -> float:
    """A number of at least 0."""
    value = _number(text)
    if not 0 <= value < math.inf:
        raise ArgumentTypeError(f"must be at least 0, not {text}")
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
