"""What is in this data? Everything that training would say of it, and a contact sheet, without training anything.

    python -m training.data PHOTOS [--out FOLDER]

PHOTOS is whatever `--data` of `training.head` takes. How the data is read, what is left out and why, the photos of each class
and split, near-duplicates, shortcuts and photos that cannot be opened are printed, and written to FOLDER: `data.json`, and
`contact_sheet.jpg` with some photos of each class. Nothing is written among the photos.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.photo_files import shown
from training.data.check import Checked, check_photos
from training.data.contact_sheet import draw_contact_sheet
from training.data.layout import Layout
from training.data.photos import DataError, Found, Photos, bulleted
from training.data.report import describe, text, write
from training.data.sources import open_data
from training.data.split import split_found
from training.options import option, parse, side

JSON, SHEET = "data.json", "contact_sheet.jpg"
SHOWN_BAD = 20


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be chosen.

    Raises:
        ValueError: the report would lie among the photos.
    """

    data: tuple[str, ...] = option(help="photos, as training.head takes them; several are several sources", positional=True)
    layout: Layout = option("guess", "as in training.head")
    labels: tuple[str, ...] = option((), "take these classes alone (default: all)", metavar="CLASS")
    label_from: str | None = option(None, "where labels come from, as in training.head", metavar="RULE")
    label_column: str | None = option(None, "of a table or dataset, as in training.head", metavar="NAME")
    image_column: str | None = option(None, "of a table or dataset, as in training.head", metavar="NAME")
    neither: tuple[Path, ...] = option((), "folders of photos of other things", metavar="FOLDER")
    size: int = option(224, "side of the network's input, to tell photos that are smaller", check=side)
    out: Path = option(
        Path("data-report"), f"where {JSON} and {SHEET} are written, and archives are unpacked", metavar="FOLDER"
    )

    def __post_init__(self) -> None:
        out = self.out.resolve()
        for folder in map(Path, filter(str.strip, self.data)):  # what is empty is refused when it is opened
            if folder.is_dir() and folder.resolve() in (out, *out.parents):
                raise ValueError(f"--out {shown(self.out)} lies among the photos: name a folder elsewhere")


def main() -> None:
    """Look, tell, write."""
    settings = parse(Settings, "data", __doc__)
    rules = settings.label_from, settings.neither, settings.labels, settings.layout
    try:
        settings.out.mkdir(parents=True, exist_ok=True)
        found = open_data(settings.data, settings.out / "data", *rules, settings.label_column, settings.image_column)
        with tempfile.TemporaryDirectory() as copies:
            checked = check_photos(found, settings.size, Path(copies), skip_bad=True)
            splits = _as_they_came(checked)
            facts = describe(checked, splits, _resembling(found, checked), settings.size, found)
            write(facts, settings.out / JSON)
            not_drawn = draw_contact_sheet(splits, settings.out / SHEET)
    except (DataError, OSError) as error:
        with suppress(OSError):  # where there is something in it already, it stays
            settings.out.rmdir()
        raise SystemExit(f"Cannot look at the data: {error}") from None
    print(told(facts))
    rows = f", without {not_drawn:,} classes for which there is no room" if not_drawn else ""
    print(f"\nlook at {shown(settings.out / SHEET)}: photos of each class{rows}; and at {shown(settings.out / JSON)}")


def told(facts: Mapping[str, Any]) -> str:
    """The facts for the terminal, and the photos that cannot be opened."""
    bad = facts["cannot_be_opened"]
    more = [f"and {len(bad) - SHOWN_BAD:,} more"] if len(bad) > SHOWN_BAD else []
    return "\n".join([text(dict(facts)), *([f"cannot be opened\n{bulleted([*bad[:SHOWN_BAD], *more])}"] if bad else [])])


def _as_they_came(checked: Checked) -> dict[str, Photos | None]:
    """The photos of each split that the data comes in; of all, where it does not come split."""
    names = list(dict.fromkeys(checked.came.tolist()))
    if names == ["train"]:
        return {"photos": checked.photos}
    return {name: checked.photos.take([i for i, came in enumerate(checked.came) if came == name]) for name in names}


def _resembling(found: Found, checked: Checked) -> int:
    """How many photos training would leave out, since another split has nearly the same.

    Raises:
        DataError: see `split_found`.
    """
    if not found.valid and not found.test:
        return 0
    return split_found(checked.photos, checked.came, checked.groups, None, 0, 0)[1]


if __name__ == "__main__":
    main()
