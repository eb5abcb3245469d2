"""Names that are the same to the eye: Unicode has several ways to write `ä`, and systems choose differently."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from model.photo_files import shown


def same(name: str) -> str:
    """A key that is equal for names that look the same: Unicode's normal form NFC."""
    return unicodedata.normalize("NFC", name)


class Spellings:
    """One spelling of each name: the one that came first."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._first: dict[str, str] = {}
        self._others: set[str] = set()
        for name in names:
            self.of(name)

    def of(self, name: str) -> str:
        """The spelling of a name that came first; this one, where there was none before."""
        first = self._first.setdefault(same(name), name)
        if name != first:
            self._others.add(first)
        return first

    def remarks(self) -> list[str]:
        """A sentence for each class that was written in two ways, and for those that differ by case alone."""
        alike: dict[str, list[str]] = {}
        for name in self._first.values():
            alike.setdefault(same(name).casefold(), []).append(name)
        return [
            f"{' and '.join(map(shown, sorted(names)))} differ by upper and lower case alone; they are {len(names)} classes"
            for names in alike.values()
            if len(names) > 1
        ] + [
            f"class {name!r} is written in two ways, with composed and decomposed letters; they are one class"
            for name in sorted(self._others)
        ]
