"""What was listed of a folder, as a tree that is walked in memory: nothing is looked up on the disk again."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from tqdm.auto import tqdm

from model.photo_files import LeftOut, PhotoFiles, is_hidden, list_photos, shown


@dataclass(frozen=True)
class Branch:
    """A folder with all photos and folders below it.

    Attributes:
        path: the folder.
        below: its path from the folder that was listed, for people; empty for that folder itself.
        photos, folders: paths relative to it, sorted folder by folder; the empty folders are among them.
        title: what people called the folder that was listed, where it is not its path: the archive that it was unpacked from.
    """

    path: Path
    below: str
    photos: tuple[str, ...]
    folders: tuple[str, ...]
    title: str = ""

    @classmethod
    def of(cls, files: PhotoFiles, below: str = "", title: str = "") -> Branch:
        """All that was listed."""
        return cls(files.root, below, files.names, files.folders, title)

    @cached_property
    def inside(self) -> dict[str, Branch]:
        """The folders in it by their names, sorted."""
        photos: dict[str, list[str]] = {name: [] for name in self.folders if "/" not in name}
        folders: dict[str, list[str]] = {name: [] for name in photos}
        for paths, found in ((self.photos, photos), (self.folders, folders)):
            for path in paths:
                first, slash, rest = path.partition("/")
                if slash:
                    found[first].append(rest)
        return {
            name: Branch(self.path / name, self.name_of(name), tuple(photos[name]), tuple(folders[name]))
            for name in sorted(photos)
        }

    @cached_property
    def full(self) -> list[Branch]:
        """The folders in it that hold photos, at whatever depth."""
        return [branch for branch in self.inside.values() if branch.photos]

    @cached_property
    def loose(self) -> tuple[str, ...]:
        """The photos that lie in it directly."""
        return tuple(name for name in self.photos if "/" not in name)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.name

    @property
    def label(self) -> str:
        """The class that it is named after: its name without spaces around it."""
        return self.name.strip() or self.name

    @property
    def paths(self) -> tuple[Path, ...]:
        """The photos as they can be opened."""
        return tuple(self.path / name for name in self.photos)

    @property
    def told(self) -> str:
        """The folder for people."""
        return f"{self.where}/"

    @property
    def where(self) -> str:
        """The same, as the place that something is wrong with."""
        return shown(self.below or self.title or self.path).rstrip("/")

    def name_of(self, path: str) -> str:
        """A path in it, from the folder that was listed."""
        return f"{self.below}/{path}" if self.below else path

    def only(self, keep: Callable[[str], bool]) -> Branch:
        """The same with only those photos whose paths pass, and with all folders in it, be they empty now."""
        return replace(self, photos=tuple(filter(keep, self.photos)))

    def but(self, names: Collection[str]) -> Branch:
        """The same without some of the folders and photos in it, by their paths in it."""
        begins = tuple(f"{name}/" for name in names)
        photos, folders = (
            tuple(path for path in paths if path not in names and not path.startswith(begins))
            for paths in (self.photos, self.folders)
        )
        return replace(self, photos=photos, folders=folders) if names else self

    def without(self, others: Iterable[Path]) -> Branch:
        """The same without the folders `others`, where they lie in it."""
        own = self.path.resolve()
        return self.but([o.resolve().relative_to(own).as_posix() for o in others if own in o.resolve().parents])


@dataclass
class Notes:
    """How data was read: what was understood, in sentences, and what was left out."""

    left_out: LeftOut = field(default_factory=LeftOut)
    understood: list[str] = field(default_factory=list)

    def leave(self, reason: str, branch: Branch, photos: Iterable[str] | None = None) -> None:
        """Count photos of a folder that are left out: all of them by default."""
        for name in branch.photos if photos is None else photos:
            self.left_out.add(reason, branch.name_of(name))

    def say(self, *sentences: str) -> None:
        """Remember sentences, each once."""
        self.understood += [sentence for sentence in sentences if sentence not in self.understood]

    def add(self, other: Notes) -> None:
        """Take over what another has noted."""
        self.left_out.update(other.left_out)
        self.say(*other.understood)


def look_into(folder: Path) -> PhotoFiles:
    """What lies in a folder, listed with a progress bar where that takes long.

    Raises:
        OSError: it cannot be listed.
    """
    with tqdm(desc=f"looking into {shown(folder.name or folder)}", unit="file", delay=1, leave=False) as bar:
        return list_photos(folder, bar.update)


def has_files(folder: Path) -> bool:
    """Whether there is anything in a folder: it is no place that photos were meant for and are missing."""
    try:
        with os.scandir(folder) as entries:
            return any(not is_hidden(entry.name) for entry in entries)
    except OSError:  # which is said of it already
        return True
