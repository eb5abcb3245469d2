from __future__ import annotations

import zipfile
from pathlib import Path


def packed(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as zipped:
        for name, content in entries.items():
            zipped.writestr(name, content)
    return path
