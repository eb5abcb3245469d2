"""The photos in a folder, by one rule for everybody who lists one: training, scoring, evaluating, converting, albums, archives.

A photo is what begins as one, whatever its name ends with; a file whose name says that it is a photo is listed too, so that
opening it says what is wrong with it. Hidden files and folders and those that systems put beside photos are left out at any
depth. Links are followed once: what is reached by two ways is listed once, and circles end. Whatever is left out is counted.
"""

from __future__ import annotations

import heapq
import os
import re
import stat
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.formats import HEAD, SUFFIXES, begins_as_photo

EXAMPLES = 3

HIDDEN = "hidden, or what systems put beside photos"
NOT_PHOTOS = "not photos"
ARCHIVE = "archives inside: unpack them, and name what is in them"
AGAIN = "links to what is listed already"
NOWHERE = "links that lead nowhere"
SPECIAL = "pipes, sockets and devices"
UNREADABLE = "cannot be read"

ARCHIVES = (".zip", ".tgz", ".tar.gz", ".tar", ".tar.bz2", ".tar.xz", ".7z", ".rar")
SYSTEM_NAMES = (
    "__MACOSX", "@eaDir", "@SynoEAStream", "@SynoResource", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot",
    "$RECYCLE.BIN", "RECYCLER", "System Volume Information", "lost+found", "Network Trash Folder", "Temporary Items",
    "Thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "Picasa.ini", "Icon\r", "__pycache__",
)  # fmt: skip
_SYSTEM = {name.lower() for name in SYSTEM_NAMES}


@dataclass
class _Tally:
    count: int = 0
    examples: list[str] = field(default_factory=list)


class LeftOut:
    """What is left out: for each reason how much, and three examples.

    Reasons are parts of a sentence: "not photos", "hidden"...
    """

    def __init__(self) -> None:
        self._tallies: dict[str, _Tally] = {}

    def __bool__(self) -> bool:
        return bool(self._tallies)

    @property
    def counts(self) -> Mapping[str, int]:
        """How much by each reason."""
        return {reason: tally.count for reason, tally in self._tallies.items()}

    def add(self, reason: str, example: str | os.PathLike[str], count: int = 1) -> None:
        """Count something that is left out.

        Args:
            example: its path, as it is to be shown. count: how many files it stands for.
        """
        tally = self._tallies.setdefault(reason, _Tally())
        tally.count += count
        if len(tally.examples) < EXAMPLES:
            tally.examples.append(shown(example))

    def update(self, other: LeftOut, below: str = "") -> None:
        """Count all that another left out.

        Args:
            below: the folder that the other's examples are relative to.
        """
        for reason, tally in other._tallies.items():
            mine = self._tallies.setdefault(reason, _Tally())
            mine.count += tally.count
            examples = [f"{shown(below)}/{example}" if below else example for example in tally.examples]
            mine.examples = [*mine.examples, *examples][:EXAMPLES]

    def sentences(self) -> list[str]:
        """A line for each reason: `left out, not photos: 12 (notes.txt, a.csv, b.csv, …)`."""
        return [
            f"left out, {reason}: {tally.count:,} ({', '.join(tally.examples)}{', …' * (tally.count > len(tally.examples))})"
            for reason, tally in self._tallies.items()
        ]

    def to_json(self) -> list[dict[str, Any]]:
        """The same as `{reason, count, examples}`."""
        return [
            {"reason": reason, "count": tally.count, "examples": list(tally.examples)}
            for reason, tally in self._tallies.items()
        ]

    @classmethod
    def from_json(cls, entries: Iterable[Mapping[str, Any]]) -> LeftOut:
        """What `to_json` gave."""
        left_out = cls()
        left_out._tallies = {entry["reason"]: _Tally(entry["count"], list(entry["examples"])) for entry in entries}
        return left_out

    def take_back(self, reason: str, names: Collection[str]) -> None:
        """Do not count `names` for a reason any more, since they are of use after all."""
        if tally := self._tallies.get(reason):
            tally.count -= len(names)
            tally.examples = [example for example in tally.examples if example not in names]
            if tally.count <= 0:
                del self._tallies[reason]


@dataclass(frozen=True)
class PhotoFiles:
    """What a folder holds.

    Attributes:
        root: the folder.
        names: the photos' paths relative to it, with forward slashes, sorted folder by folder. Names that are no UTF-8 hold
            surrogates, as everywhere in Python; `shown` makes them printable.
        folders: the paths of all folders below it, the empty ones too, sorted; not the hidden ones.
        others: the paths of the files that are no photos, sorted: tables, say. They are counted in `left_out`.
        left_out: the rest.
    """

    root: Path
    names: tuple[str, ...]
    folders: tuple[str, ...]
    others: tuple[str, ...]
    left_out: LeftOut

    @property
    def paths(self) -> tuple[Path, ...]:
        """The photos as they can be opened."""
        return tuple(self.root / name for name in self.names)


def photos_below(folder: Path) -> tuple[Path, ...]:
    """The photos anywhere below a folder, where nobody asks what was left out."""
    return list_photos(folder).paths


def list_photos(root: Path, progress: Callable[[int], object] = lambda files: None) -> PhotoFiles:
    """List the photos anywhere below a folder.

    Args:
        progress: called with the number of files that were looked at since it was called last.

    Raises:
        OSError: the folder itself cannot be listed. Of those below it, it is said in `left_out`.
    """
    os.scandir(root).close()  # so that what is wrong with the folder itself is raised
    walk = _Walk(root)
    while folder := walk.next_folder():
        progress(walk.list_folder(*folder))
    names, folders, others = (tuple(sorted(paths, key=by_folder)) for paths in (walk.names, walk.folders, walk.others))
    return PhotoFiles(root, names, folders, others, walk.left_out)


def by_folder(path: str) -> list[str]:
    """The key that sorts paths as folders list them: a folder's content stays together."""
    return path.split("/")


def is_hidden(path: str) -> bool:
    """Whether a path, with forward slashes, leads through a name that begins with a dot, or one that systems use."""
    return any(part.startswith(".") or part.lower() in _SYSTEM for part in path.split("/"))


def is_photo_name(name: str) -> bool:
    """Whether a file's name says that it is a photo: `IMG_1.JPG`, and `1.jpg?width=800` as downloads are named."""
    return re.split(r"[?#]", name.rpartition("/")[2], maxsplit=1)[0].lower().endswith(tuple(SUFFIXES))


def shown(path: str | os.PathLike[str]) -> str:
    r"""A path as text that can be printed and written: bytes that are no UTF-8 as \xNN, control characters as \n and \x07."""
    return "".join(c if c.isprintable() else _escaped(c) for c in os.fspath(path))


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # how Python keeps a byte that is no UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


class _Walk:
    """A folder that is being listed: what was found so far, and what is still to be looked into."""

    def __init__(self, root: Path) -> None:
        self.names: list[str] = []
        self.folders: list[str] = []
        self.others: list[str] = []
        self.left_out = LeftOut()
        self._root = root
        self._seen = {_identity(root.stat())}
        self._waiting = deque([("", False)])  # paths of folders, and whether a link leads there
        self._links: list[tuple[list[str], str]] = []  # a heap: followed when all that lies here itself is listed

    def next_folder(self) -> tuple[str, bool] | None:
        """The path of the next folder to list, and whether a link leads there; None where all are listed."""
        while not self._waiting and self._links:
            self._follow(heapq.heappop(self._links)[1])
        return self._waiting.popleft() if self._waiting else None

    def list_folder(self, name: str, is_linked: bool) -> int:
        """Find what lies in a folder, by its path from the root. Returns how much it is."""
        try:
            entries = sorted(os.scandir(self._root / name if name else self._root), key=lambda entry: entry.name)
        except OSError:
            self.left_out.add(UNREADABLE, name + "/")
            return 0
        for entry in entries:
            path = f"{name}/{entry.name}" if name else entry.name
            try:
                if is_hidden(entry.name):
                    _count_hidden(entry, path, self.left_out)
                elif entry.is_symlink():
                    heapq.heappush(self._links, (by_folder(path), path))
                else:
                    self._find(path, entry.stat(), is_linked)
            except OSError:
                self.left_out.add(UNREADABLE, path)
        return len(entries)

    def _follow(self, path: str) -> None:
        try:
            status = (self._root / path).stat()
        except OSError:
            self.left_out.add(NOWHERE, path)
            return
        self._find(path, status, is_linked=True)

    def _find(self, path: str, status: os.stat_result, is_linked: bool) -> None:
        if is_linked and _identity(status) in self._seen:  # without a link, a file with two names is two files
            self.left_out.add(AGAIN, path)
            return
        self._seen.add(_identity(status))
        if stat.S_ISDIR(status.st_mode):
            self.folders.append(path)
            self._waiting.append((path, is_linked))
        elif not stat.S_ISREG(status.st_mode):
            self.left_out.add(SPECIAL, path)
        elif is_photo_name(path):
            self.names.append(path)
        else:
            self._tell_apart(path)

    def _tell_apart(self, path: str) -> None:
        """Whether a file is a photo, by its beginning."""
        try:
            with (self._root / path).open("rb") as opened:
                head = opened.read(HEAD)
        except OSError:
            self.left_out.add(UNREADABLE, path)
            return
        if begins_as_photo(head):
            self.names.append(path)
            return
        self.others.append(path)
        self.left_out.add(ARCHIVE if path.lower().endswith(ARCHIVES) else NOT_PHOTOS, path)


def _count_hidden(entry: os.DirEntry[str], path: str, left_out: LeftOut) -> None:
    if not entry.is_dir(follow_symlinks=False):
        left_out.add(HIDDEN, path)
    elif files := _files_below(entry.path):
        left_out.add(HIDDEN, path + "/", files)


def _files_below(folder: str) -> int:
    """How many files lie below a folder, however deep; os.walk calls itself for each level."""
    files, waiting = 0, [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if not entry.is_dir():
                    files += 1
                elif not entry.is_symlink():
                    waiting.append(entry.path)
    return files
