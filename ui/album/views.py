"""What the album shows: a gallery by answer, a table, a CSV file and the list of files that cannot be used."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from PIL import Image

from model.classifier import Prediction
from ui import markup
from ui.data_url import data_url
from ui.texts import say

THUMBNAIL = 112  # pixels a side
_SHOWN_PER_ANSWER = 60
_SHOWN_IN_ALL = 300
_SHOWN_ANSWERS = 20
_SHOWN_COLUMNS = 10
_SHOWN_PROBLEMS = 100
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is run by spreadsheets


@dataclass(frozen=True)
class Row:
    """One file of the album: its answer and a small JPEG of it, or the problem why there is none."""

    name: str
    prediction: Prediction | None = None
    thumbnail: bytes = b""
    problem: str = ""

    def answer(self, language: str) -> str:
        """What the photo shows, in one cell; empty where there is no answer."""
        if self.prediction is None:
            return ""
        return ", ".join(self.prediction.labels) or say("album.none", language)


def thumbnail(image: Image.Image) -> bytes:
    """A JPEG of at most 112×112 pixels, of an RGB photo that stays as it is."""
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75, exif=b"")
    return buffer.getvalue()


def gallery(rows: Sequence[Row], language: str) -> str:
    """HTML: a section per answer, the largest first; in each the photos, least certain first, up to a limit per page."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row.prediction is not None:
            groups.setdefault(row.answer(language), []).append(row)
    shown = sorted(groups.items(), key=lambda group: -len(group[1]))[:_SHOWN_ANSWERS]
    most = min(_SHOWN_PER_ANSWER, _SHOWN_IN_ALL // max(1, len(shown)))
    sections = [_section(answer, members, most, language) for answer, members in shown]
    if len(groups) > len(shown):
        sections.append(f"<p>{escape(say('album.more_answers', language, n=len(groups) - len(shown)))}</p>")
    return "".join(sections)


def _section(answer: str, members: list[Row], most: int, language: str) -> str:
    first = sorted(members, key=_certainty)[:most]
    how_many = say("album.photos", language, n=len(members))
    if len(first) < len(members):
        how_many = say("album.first_photos", language, shown=len(first), n=len(members))
    return (
        f'<section><h3>{escape(answer)}</h3><p>{escape(how_many)}</p><ul class="grid">'
        f"{''.join(_figure(row, answer) for row in first)}</ul></section>"
    )


def _certainty(row: Row) -> float:
    return row.prediction.probability if row.prediction else 0.0


def _figure(row: Row, answer: str) -> str:
    share = f"{100 * _certainty(row):.0f} %"
    picture = markup.image(
        data_url(row.thumbnail, "jpeg"), f"{row.name}: {answer}, {share}",
        title=row.name, width=THUMBNAIL, height=THUMBNAIL, loading="lazy", decoding="async",
    )  # fmt: skip
    return f"<li>{markup.figure(picture, share)}</li>"


def table(rows: Sequence[Row], answers: Sequence[str], language: str) -> dict[str, Any]:
    """What `table.js` shows: file, answer, probability, and a column for each answer where they are at most ten."""
    columns = list(answers) if len(answers) <= _SHOWN_COLUMNS else []
    headers = [say(f"album.{key}", language) for key in ("file", "answer", "probability")]
    data = []
    for row in rows:
        if row.prediction is not None:
            shares = dict(zip(row.prediction.answers, row.prediction.probabilities, strict=True))
            numbers = [row.prediction.probability, *(shares[answer] for answer in columns)]
            data.append([row.name, row.answer(language), *(round(number, 4) for number in numbers)])
    texts = {key: say(f"album.{key}", language) for key in ("caption", "previous", "next")}
    page = say("album.page", language, page="{page}", pages="{pages}")
    return {"headers": [*headers, *(f"p({answer})" for answer in columns)], "data": data, "page": page, **texts}


def problems(bad: Sequence[tuple[str, str]], left_out: int, language: str) -> str:
    """HTML: every file that cannot be used, with its reason, the first hundred of them; empty where all is well."""
    parts = []
    if left_out:
        parts.append(f"<p>{escape(say('album.left_out', language, n=left_out))}</p>")
    if bad:
        items = "".join(f"<li><b>{escape(name)}</b>: {escape(reason)}</li>" for name, reason in bad[:_SHOWN_PROBLEMS])
        more = f"<p>{escape(say('album.more_problems', language, n=len(bad) - _SHOWN_PROBLEMS))}</p>"
        title = escape(say("album.problems", language, n=len(bad)))
        parts.append(f"<h3>{title}</h3><ul>{items}</ul>{more if len(bad) > _SHOWN_PROBLEMS else ''}")
    return "".join(parts)


def write_csv(rows: Sequence[Row], answers: Sequence[str], language: str) -> bytes:
    """All files as CSV in UTF-8, with a byte-order mark, so that spreadsheets recognise it; a column for every answer.

    A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection).
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_safe(cell) for cell in ("file", "answer", "probability", *answers, "problem"))
    for row in rows:
        if row.prediction is None:
            writer.writerow([_safe(row.name), "", "", *("" for _ in answers), _safe(row.problem)])
        else:
            numbers = (f"{number:.6f}" for number in (row.prediction.probability, *row.prediction.probabilities))
            writer.writerow([_safe(row.name), _safe(row.answer(language)), *numbers, ""])
    return buffer.getvalue().encode("utf-8-sig")


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def csv_name(model: str, revision: str) -> str:
    """A file name that says which model answered."""
    return f"{re.sub(r'[^A-Za-z0-9._]+', '-', f'{model}-{revision[:12]}').strip('.-') or 'answers'}.csv"
