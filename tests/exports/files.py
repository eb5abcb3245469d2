"""The exports that lie here, and copies of them with something changed."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

EXPORTS = Path(__file__).resolve().parent
PICTURES = sorted((EXPORTS / "pictures").glob("*.png"))
NEW = EXPORTS / "3.12-2.8.12"
IS_CAT = NEW / "is_cat.pkl"


def changed(path: Path, **entries: bytes | None) -> bytes:
    """An export with some of the files in it replaced, or left out where they are None."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            content = entries.get(info.filename.partition("/")[2], old.read(info))
            if content is not None:
                new.writestr(info.filename, content)
    return out.getvalue()


def renamed(path: Path, old: bytes, new: bytes) -> bytes:
    """An export with other bytes for some in its pickle."""
    with zipfile.ZipFile(path) as archive:
        pickled = archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
    assert old in pickled
    return changed(path, **{"data.pkl": pickled.replace(old, new)})
