"""What can be chosen for several programs. What is a program's own stands at its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import SpaceHardware

from model.hub.serving import WAIT_MINUTES
from model.photo_files import shown
from training.data.layout import Layout
from training.options import at_least_two, at_least_zero, count, option, repository, share


@dataclass(frozen=True, kw_only=True)
class PhotosIn:
    """Which photos, of what, and how they come."""

    data: tuple[str, ...] = option(
        help="a folder per class; train/, valid/ and test/ of such; a folder per source with a folder per class in each; a "
        "table (.csv, .tsv, .jsonl) of path, label and source, or a folder with a metadata.csv; a .zip or .tgz of photos, or "
        "its address; a fastai dataset (pets); a Hub dataset (microsoft/cats_vs_dogs, user/name:configuration). Several are "
        "several sources: data of one origin and one format each",
        group="photos in",
    )
    layout: Layout = option(
        "guess",
        "whether the folders in --data are classes or sources; guessed to be sources where folders in them share names",
    )
    labels: tuple[str, ...] = option((), "take these classes alone (default: all folders)", metavar="CLASS")
    label_from: str | None = option(
        None,
        "folder; name (capitalised file names are cats, others dogs); or a regular expression whose first group is the label "
        "in the file name (default: folder; name for pets)",
        metavar="RULE",
    )
    label_column: str | None = option(
        None, "the column of a table or dataset that holds the labels (default: label, class...)", metavar="NAME"
    )
    image_column: str | None = option(
        None, "the column that holds the photos or their paths (default: image, path...)", metavar="NAME"
    )
    neither: tuple[Path, ...] = option(
        (),
        "photos of other things, to answer 'neither'; a folder of that name beside the classes is one already",
        metavar="FOLDER",
    )
    test: float = option(
        0.0,
        "photos to keep aside for the final report; --valid 0.2 --test 0.2 splits 60/20/20 (default: none)",
        check=share,
        metavar="SHARE",
    )
    skip_bad: bool = option(False, "leave out photos that cannot be opened instead of stopping")


@dataclass(frozen=True, kw_only=True)
class ModelOut:
    """Where the model goes, and what it is called there."""

    out: Path = option(help="the model folder to write; an earlier one is replaced", metavar="FOLDER", group="model out")
    name: str = option("", "the model's name in its card (default: the name of the folder)")
    licence: str = option("apache-2.0", "the licence in the model card")
    data_name: str = option("", "what the card calls the photos (default: the names after --data)")
    push: str | None = option(None, "publish the model to this Hub repository", check=repository, metavar="USER/NAME")
    space: str | None = option(
        None, "publish the app with it to this Space (needs --push)", check=repository, metavar="USER/NAME"
    )
    private: bool = option(False, "make new repositories private")


@dataclass(frozen=True, kw_only=True)
class PhotosToModel(ModelOut, PhotosIn):
    """What the lessons on photos share.

    Raises:
        ValueError: the model cannot lie where `out` says, or there is a Space without a repository.
    """

    def __post_init__(self) -> None:
        if self.space and not self.push:
            raise ValueError("--space needs --push USER/NAME: the Space loads the model from the Hub")
        names = _names(self.out, self.name, self.data, self.data_name)
        for field, value in zip(("name", "data_name"), names, strict=True):
            object.__setattr__(self, field, value)


@dataclass(frozen=True, kw_only=True)
class SpaceOut:
    """How a Space runs."""

    private: bool = option(False, "create private repositories")
    hardware: SpaceHardware | None = option(
        None,
        "the machine of the Space: cpu-basic, zero-a10g... (default: as it is; a new one gets the free CPU)",
        metavar="NAME",
    )
    wait_minutes: float = option(WAIT_MINUTES, "until the Space must answer", check=at_least_zero)


@dataclass(frozen=True, kw_only=True)
class SmallLesson:
    """What the lessons that keep all pictures in memory share.

    Raises:
        ValueError: the model cannot lie where `out` says.
    """

    data: str = option(
        help="a folder per class, train/ and test/ of such, a .zip or .tgz of either, a table (.csv) of paths and labels, a "
        "Hub dataset (uoft-cs/cifar10), one of fastai (pets) or of torchvision (torchvision:CIFAR10), downloaded"
    )
    out: Path = option(help="the model folder to write; an earlier one is replaced", metavar="FOLDER")
    valid: float = option(0.1, "pictures to validate on", check=share, metavar="SHARE")
    per_class: int | None = option(
        None, "use only so many of each class, to try it (default: all)", check=at_least_two, metavar="N"
    )
    label_from: str | None = option(None, "where labels come from, as in training.fine_tune", metavar="RULE")
    label_column: str | None = option(
        None, "the column of a table or dataset that holds the labels (default: label, class...)", metavar="NAME"
    )
    image_column: str | None = option(
        None, "the column that holds the photos or their paths (default: image, path...)", metavar="NAME"
    )
    skip_bad: bool = option(False, "leave out pictures that cannot be opened instead of stopping")
    name: str = option("", "the model's name in its card (default: the name of the folder)")
    data_name: str = option("", "what the card calls the pictures (default: the name after --data)")
    licence: str = option("apache-2.0", "the licence in the model card")
    seed: int = option(42, "of the split, the shuffling and the new weights", check=count)

    def __post_init__(self) -> None:
        names = _names(self.out, self.name, [self.data], self.data_name)
        for field, value in zip(("name", "data_name"), names, strict=True):
            object.__setattr__(self, field, value)


def _names(out: Path, name: str, data: Sequence[str], data_name: str) -> tuple[str, str]:
    """What the model and its photos are called, where nobody says it.

    Raises:
        ValueError: `out` has no name, or lies among the photos.
    """
    if not out.name:
        raise ValueError(f"--out {out} has no name: name a folder to write")
    for folder in map(Path, filter(str.strip, data)):  # what is empty is refused when it is opened
        if folder.resolve() in out.resolve().parents and folder.is_dir():
            raise ValueError(f"--out {out} lies among the photos of --data: name a folder elsewhere")
    return shown(name or out.resolve().name), shown(data_name or ", ".join(Path(place).name for place in data))
