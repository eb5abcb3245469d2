"""The files a visitor puts into the album: single photos, or a zip of them, as a list of what can be read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from model.photo import MAX_BYTES, PhotoError
from ui.album.archive import Archive, ArchiveError, is_archive

MAX_PHOTOS = 1_000
MAX_ARCHIVES = 20
_MOST_LEFT_OUT = 1_000_000
_LONGEST_NAME = 120


class Upload(NamedTuple):
    """An uploaded file: what the visitor calls it, and where it lies until it is deleted."""

    name: str
    path: Path


class Source(NamedTuple):
    """A photo to answer: its name, fit to be shown, and what gives its bytes or raises `PhotoError`."""

    name: str
    read: Callable[[], bytes]


def uploads(event: gr.EventData, cache: str | Path) -> tuple[list[Upload], list[str], int]:
    """What `drop.js` says was uploaded; every word of it is untrusted.

    Args:
        cache: the folder in which uploads lie; no file outside of it is ever opened.

    Returns:
        the files; names of files that were too large to upload; how many files were left out.

    Raises:
        gradio.Error: it makes no sense, or a file is not among the uploads.
    """
    try:
        said: dict[str, Any] = event._data
        given, too_large, folder = said["files"], said["too_large"], Path(cache).resolve()
        left_out = len(given[MAX_PHOTOS:]) + len(too_large[MAX_PHOTOS:]) + min(max(int(said["left_out"]), 0), _MOST_LEFT_OUT)
        files = [Upload(_shown(file["name"]), _inside(file["path"], folder)) for file in given[:MAX_PHOTOS]]
        return files, [_shown(name) for name in too_large[:MAX_PHOTOS]], left_out
    except (KeyError, TypeError, AttributeError, OSError, ValueError, OverflowError):
        message = "These files are not among the uploads, which are deleted after ten minutes. Upload them again."
        raise gr.Error(message, print_exception=False) from None


def _inside(path: str, cache: Path) -> Path:
    resolved = Path(path).resolve()
    if not resolved.is_relative_to(cache) or not resolved.is_file():
        raise ValueError
    return resolved


def sources(files: list[Upload]) -> tuple[list[Source], list[tuple[str, str]], int]:
    """Every photo in the files, zips opened.

    Returns:
        the first 1,000; (name, reason) of the zips that cannot be opened; how many files are left out.
    """
    photos: list[Source] = []
    bad: list[tuple[str, str]] = []
    archives = 0
    for number, upload in enumerate(files):
        if len(photos) >= MAX_PHOTOS:
            return photos[:MAX_PHOTOS], bad, len(photos) - MAX_PHOTOS + len(files) - number
        try:
            if not is_archive(upload.path):
                photos.append(Source(upload.name, partial(_read, upload.path)))
                continue
            archives += 1
            if archives > MAX_ARCHIVES:
                raise ArchiveError(f"At most {MAX_ARCHIVES} zips are opened at once. Put this one into the next album.")
            archive = Archive(upload.path)
        except ArchiveError as error:
            bad.append((upload.name, str(error)))
        except OSError:
            bad.append((upload.name, "It was deleted before it could be read. Upload it again."))
        else:
            photos += [
                Source(f"{upload.name}/{_shown(entry.filename)}", partial(archive.read, entry)) for entry in archive.entries
            ]
    return photos[:MAX_PHOTOS], bad, max(0, len(photos) - MAX_PHOTOS)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError:
        raise PhotoError("It was deleted before it could be read. Upload it again.") from None


def _shown(name: str) -> str:
    """A file's name without what would move the text around it, and not too long."""
    plain = "".join(character if character.isprintable() else "�" for character in name)
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[: _LONGEST_NAME // 2]}…{plain[-_LONGEST_NAME // 2 :]}"
