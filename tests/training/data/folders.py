"""Folders of small photos for tests, and what is said of them."""

from __future__ import annotations

from pathlib import Path

from tests.pictures import encoded, quadrants
from training.data.photos import DataError, Found
from training.data.sources import open_data

JPEG = encoded(quadrants(), "JPEG")


def lay(root: Path, folders: dict[str, int]) -> Path:
    """Folders by their paths, each with so many photos directly in it."""
    for name, count in folders.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            (root / name / f"{index}.jpg").write_bytes(JPEG)
    return root


def classes(*places: str, count: int = 2) -> dict[str, int]:
    """Cats and dogs in each of the folders."""
    return {f"{place}/{label}": count for place in places for label in ("cat", "dog")}


def read(root: Path, **options: object) -> Found:
    """The photos of a folder or an archive, opened as training does."""
    return open_data(root, root.with_name("unpacked"), **options)


def counts(found: Found) -> dict[str, dict[str, int]]:
    """Photos of each class by split."""
    return {split: photos.counts() for split, photos in found.parts.items()}


def refusal(root: Path, **options: object) -> str:
    """What is said of data that cannot be used."""
    try:
        read(root, **options)
    except DataError as error:
        return str(error)
    raise AssertionError(f"{root} was read")
