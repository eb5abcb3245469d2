"""What `benchmarks.teach` teaches: classes, photos of other things, and photos of things that resemble a class.

Sources are folders of ../shared/data/photos; kinds are told by the beginnings of file names there.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

from model.photo_files import photos_below

# no photo of a group is used for what is taught on another's: heads that know cats and dogs are tuned without it
GROUPS = (
    ("animalpose-voc", "fyxx-crawler", "small-sources", "coco-subsets"),
    ("thegamer-cats", "animalpose-web", "pikapi-web"),
    ("happyhey-dogs", "coolsite-pixabay", "animalface-web", "knownphoto-web"),
)
KINDS = {
    "horse": ("animalpose-web", ("ho",)),
    "cow": ("animalpose-web", ("co",)),
    "sheep": ("animalpose-web", ("sh",)),
    "rabbit": ("animalface-web", ("rabbit",)),
    "fox": ("animalface-web", ("wild__fox",)),
    "flower": ("fyxx-crawler", ("flower",)),
    "snake": ("snakes-kaggle", ("",)),
    "ant": ("hymenoptera", ("ants",)),
    "scenery": ("ayesha-scenery", ("",)),
    "interior": ("rooms", ("furn", "inter", "design", "room")),
    # these are no classes, but resemble some
    "bee": ("hymenoptera", ("bees",)),
    "house": ("rooms", ("houses",)),
    "glass": ("trashnet", ("glass",)),
    "plastic": ("trashnet", ("plastic",)),
    "metal": ("trashnet", ("metal",)),
    "paper": ("trashnet", ("paper", "cardboard")),
}
TEN = tuple(KINDS)[:10]
PER_CIFAR_CLASS = 100  # to draw from, and to test on


@dataclass(frozen=True)
class Task:
    """Something to teach.

    Attributes:
        classes: the photos of each. others: photos of none of them. alike: of none of them, but much like one.
        group: which of `GROUPS` the old head must not have seen; None: it must be ImageNet's own.
        test: for each class, photos to test on; by default those that were not drawn.
    """

    name: str
    classes: tuple[tuple[Path, ...], ...]
    others: tuple[Path, ...] = ()
    alike: tuple[Path, ...] = ()
    group: int | None = None
    test: tuple[tuple[Path, ...], ...] = ()

    @property
    def photos(self) -> list[Path]:
        """All of them."""
        return [path for part in (*self.classes, *self.test, self.others, self.alike) for path in part]


def tasks(data: Path, scratch: Path) -> list[Task]:
    """Everything that is tried. data: ../shared/data. scratch: where CIFAR-10 is unpacked."""
    of_kind = {kind: _kind(data, *where) for kind, where in KINDS.items()}
    wild = [path for path in photos_below(data / "photos") if path.name.startswith("wild__")]
    bsds, trash = photos_below(data / "neither"), photos_below(data / "photos" / "trashnet" / "neither")
    found = []
    for number, group in enumerate(GROUPS):
        cats, dogs, others = (
            [path for source in group for path in _of_class(data / "photos" / source / label)]
            for label in ("Cat", "Dog", "neither")
        )
        found.append(Task(f"cat, dog {number + 1}", (tuple(cats), tuple(dogs)), tuple(others), tuple(wild), number))
    pets = [
        path for source in GROUPS[2] for label in ("Cat", "Dog") for path in _of_class(data / "photos" / source / label)
    ][::4]  # fmt: skip

    def things(*names: str) -> tuple[tuple[Path, ...], ...]:
        return tuple(of_kind[name] for name in names)

    found += [
        Task("horse, cow", things("horse", "cow"), (*bsds, *pets, *trash), of_kind["sheep"], 1),
        Task("ant, snake", things("ant", "snake"), (*bsds, *pets, *trash), of_kind["bee"]),
        Task("glass, plastic, metal", things("glass", "plastic", "metal"), (*bsds, *pets), of_kind["paper"]),
        Task("flower, snake", things("flower", "snake"), (*bsds, *pets, *trash), (*of_kind["ant"], *of_kind["bee"])),
        Task("ten kinds", things(*TEN), (*pets, *trash), (*of_kind["bee"], *of_kind["house"])),
        _cifar(data, scratch),
    ]
    return found


def _of_class(folder: Path) -> tuple[Path, ...]:
    """The photos of a class; not every source has each."""
    return photos_below(folder) if folder.is_dir() else ()


def _kind(data: Path, source: str, beginnings: tuple[str, ...]) -> tuple[Path, ...]:
    folder = data / "photos" / source
    places = [folder / "neither", folder / "hard"]
    return tuple(path for place in places if place.is_dir() for path in photos_below(place) if path.name.startswith(beginnings))


def _cifar(data: Path, scratch: Path) -> Task:
    with tarfile.open(data / "cifar10.tgz") as file:
        file.extractall(scratch, filter="data")
    root = next(scratch.glob("*/train")).parent
    classes = sorted(folder.name for folder in (root / "train").iterdir())
    train, test = (
        tuple(photos_below(root / split / name)[:PER_CIFAR_CLASS] for name in classes) for split in ("train", "test")
    )
    return Task("CIFAR-10", train, test=test)
