"""HTML for what the lab shows: pictures, tables of numbers and diagrams, in the page's colours, light and dark.

Whatever text comes in is escaped here; pictures come in as `data:` URLs, so that nothing is kept on the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Literal

import numpy as np
import numpy.typing as npt

from ui import markup
from ui.lab.drawing import Picture, data_url, thumbnail
from ui.texts import number

# for gr.HTML(css_template=...), which keeps it to that component
STYLE = """
.row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0 0 .5rem; flex: 1 1 14rem; min-width: 0; }
figure.whole { flex-basis: 100%; }
figure img { display: block; max-width: 100%; height: auto; border-radius: var(--radius-sm); }
.zoom { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fit, minmax(min(9.5rem, 45%), 1fr)); max-width: 66rem; }
.zoom img { border-radius: 0; }
.zoom .pixels img { image-rendering: pixelated; }
img[data-columns] { cursor: crosshair; }
.scroll { overflow-x: auto; max-width: 100%; }
figcaption, table.grid caption { color: var(--body-text-color); font-size: var(--text-sm); padding: .3rem 0; text-align: left; }
table.grid caption { caption-side: bottom; }
figure.thumbnail img { max-height: 17rem; width: auto; }
table.grid { border-collapse: collapse; color: var(--body-text-color); margin: 0 0 .5rem; width: auto; }
table.grid td { border: 1px solid var(--border-color-primary); font-size: .8rem; height: 1.9rem; line-height: 1.15;
  min-width: 3rem; padding: .1rem; text-align: center; }
table.grid.colours { table-layout: fixed; width: min(100%, 30rem); }
table.grid.colours td { font-size: clamp(.5rem, 2.4vw, .7rem); min-width: 0; padding: .15rem 0; }
table.grid.narrow td { font-size: clamp(.5rem, 2.6vw, .8rem); min-width: min(2.2rem, 9vw); padding: .1rem 0; }
table.grid td.marked { box-shadow: inset 0 0 0 2px var(--color-accent); font-weight: 600; }
table.grid td.group0 { background: rgb(230 159 0 / 35%); }
table.grid td.group1 { background: rgb(86 180 233 / 35%); }
table.grid td.group2 { background: rgb(0 158 115 / 35%); }
table.grid td.group3 { background: rgb(204 121 167 / 35%); }
.three { display: grid; gap: .5rem; grid-template-columns: repeat(3, minmax(0, 1fr)); max-width: 42rem; }
.three img { border-radius: 0; image-rendering: pixelated; width: 100%; }
.three figcaption { overflow-wrap: anywhere; }
img[data-place-rows] { cursor: crosshair; }
.tight { display: flex; flex-wrap: wrap; gap: .4rem; }
.tight table.grid td { font-size: clamp(.55rem, 2.5vw, .8rem); min-width: min(3rem, 8.5vw); }
table.ledger { border-collapse: collapse; color: var(--body-text-color); font-size: var(--text-sm); margin: 0 0 .5rem;
  width: auto; }
table.ledger, table.ledger * { border: 0; }
table.ledger :is(td, th) { border-bottom: 1px solid var(--border-color-primary); padding: .2rem .5rem;
  text-align: right; }
table.ledger th { font-weight: 400; }
table.ledger :is(td, th):first-child { text-align: left; }
table.ledger thead th, table.ledger .total :is(td, th) { font-weight: 600; }
table.ledger caption { caption-side: top; color: var(--body-text-color); padding: .3rem 0; text-align: left; }
table.ledger img { display: inline-block; height: 3rem; image-rendering: pixelated; vertical-align: middle; width: auto; }
.bar { background: var(--color-accent); display: block; height: .3rem; min-width: 1px; }
svg { display: block; max-width: 34rem; width: 100%; }
svg rect { fill: var(--color-accent); }
svg text { fill: var(--body-text-color); font-size: 9px; text-anchor: middle; }
svg path { stroke: var(--body-text-color); stroke-width: .6; }
svg polyline { fill: none; stroke-width: 1.2; }
p { color: var(--body-text-color); }
"""
_ZOOMED = 30  # rem along the longer side of a picture beside another
_SEEN = 800  # pixels along the longer side of a picture that only shows what was before
_SQUARES = 300  # up to so many pixels a side a picture is enlarged, and its pixels are shown as squares
# what is furthest below and above 0, white being 0: black can be read on both, on a light page and on a dark one
_NEGATIVE, _POSITIVE = (106, 170, 235), (245, 155, 70)
_CHANNELS = ("#e0443e", "#2e9e4f", "#4a7fe0")  # seen on white and on black
_LIGHT = (0.2126, 0.7152, 0.0722)  # how bright red, green and blue look (WCAG 2.2, relative luminance)
_EITHER = 0.179  # the luminance on which black and white can be read equally well: both at 4.6:1


def size(shape: Sequence[int]) -> str:
    """A shape in words: (998, 998) is "998×998"."""
    return "×".join(map(str, shape))


def picture(pixels: Picture, alt: str, caption: str, look: Literal["", "whole", "thumbnail"] = "", **attributes: int) -> str:
    """A picture with its caption.

    Args:
        pixels: uint8 (H, W) or (H, W, 3).
        alt: what it shows, for those who do not see it.
        caption: the text below it.
        look: "whole" on a line of its own, "thumbnail" small; shares a line with others by default.
        attributes: of the <img>.
    """
    return markup.figure(markup.image(data_url(pixels), alt, **attributes), caption, look)


def zoomed(pixels: Picture, alt: str, caption: str, of: npt.NDArray[np.generic], each: int = 1) -> str:
    """A picture with its caption for a `zoom`: as large as the part of `of` that it stands for.

    Args:
        pixels: uint8 (H, W) or (H, W, 3).
        alt: what it shows.
        caption: the text below it.
        of: what it was made from, and stands beside it at the same zoom.
        each: how many pixels of `of`, along each side, each of its pixels stands for: the stride.
    """
    height, width = of.shape[:2]
    limit, share = _ZOOMED * min(1, width / height), each * pixels.shape[1] / width
    size = f"width: calc(min(100%, {limit:.3g}rem) * {share:.5g})"
    look = "pixels" if max(pixels.shape[:2]) <= _SQUARES else ""
    return markup.figure(markup.image(data_url(pixels), alt, style=size), caption, look)


def before(pixels: Picture, alt: str, caption: str) -> str:
    """What a `zoom` begins with: the whole of a photo or map; where it is clicked is where the spot goes."""
    height, width = pixels.shape[:2]
    size = f"width: min(100%, {_ZOOMED * min(1, width / height):.3g}rem)"
    look = "pixels" if max(height, width) <= _SQUARES else ""
    attributes: dict[str, str | int] = {"style": size, "data-rows": height, "data-columns": width}
    return markup.figure(markup.image(data_url(thumbnail(pixels, _SEEN)), alt, **attributes), caption, look)


def zoom(*figures: str) -> str:
    """Before and after side by side, on a phone too."""
    return f'<div class="zoom">{"".join(figures)}</div>'


def sentence(text: str) -> str:
    """A paragraph."""
    return f"<p>{escape(text)}</p>"


def colour_table(pixels: Picture, caption: str) -> str:
    """RGB pixels (H, W, 3) as a table: each cell has the pixel's colour, and its three numbers written in it."""
    lines = []
    for line in pixels.tolist():
        cells = []
        for rgb in line:
            cells.append(f"<td{_cell(rgb)}>{'<br>'.join(map(str, rgb))}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'<table class="grid colours"><caption>{escape(caption)}</caption>{"".join(lines)}</table>'


def number_table(
    values: npt.NDArray[np.generic],
    caption: str,
    language: str,
    marked: tuple[slice, slice] | None = None,
    filled: int | None = None,
    window: int | None = None,
    colours: Literal["", "signed", "grey"] = "",
) -> str:
    """Numbers (H, W) as a table that scrolls by itself where the page is too narrow for it.

    Args:
        values: what is written in the cells.
        caption: says what they are.
        language: how numbers are written.
        marked: rows and columns of the cells to point out.
        filled: how many cells to write, line by line; all by default.
        window: gives each square of `window` × `window` cells a colour of its own, for at most four such squares.
        colours: of the cells: "signed" for blue below 0, white at 0 and orange above, "grey" for brightness 0-255.
    """
    chosen = np.zeros(values.shape, bool)
    if marked:
        chosen[marked] = True
    squares = -(-values.shape[1] // window) if window else 0
    most = float(np.abs(values).max()) or 1.0
    lines = []
    for y, line in enumerate(values.tolist()):
        cells = []
        for x, value in enumerate(line):
            written = filled is None or y * len(line) + x < filled
            text = number(value, language) if written else ""
            looks = ["marked"] if chosen[y, x] else []
            if window:
                looks.append(f"group{y // window * squares + x // window}")
            style = ""
            if written and colours:
                style = _cell(_signed(value / most)) if colours == "signed" else _cell([value] * 3)
            cells.append(f'<td class="{" ".join(looks)}"{style}>{text}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    narrow = " narrow" if values.shape[1] > 5 else ""
    return f'<div class="scroll"><table class="grid{narrow}"><caption>{escape(caption)}</caption>{"".join(lines)}</table></div>'


def _signed(share: float) -> list[int]:
    """The colour of a share of the largest number: -1 is blue, 0 white, 1 orange."""
    end = _NEGATIVE if share < 0 else _POSITIVE
    return [round(255 + (part - 255) * abs(share)) for part in end]


def _cell(rgb: Sequence[int]) -> str:
    """The style of a cell of this colour, on which its text can be read."""
    luminance = sum(part * (value / 255) ** 2.2 for part, value in zip(_LIGHT, rgb, strict=True))
    return f' style="background:rgb({",".join(map(str, rgb))});color:{"#000" if luminance > _EITHER else "#fff"}"'


def curves(counts: npt.NDArray[np.generic], description: str) -> str:
    """Three curves, red, green and blue, from counts (3, N); the highest point of all fills the height."""
    bins = counts.shape[1]
    highest = max(float(counts.max()), 1.0)
    lines = []
    for channel, colour in zip(counts.tolist(), _CHANNELS, strict=True):
        points = " ".join(
            f"{place * 256 / (bins - 1):.1f},{98 - 94 * count / highest:.1f}" for place, count in enumerate(channel)
        )
        lines.append(f'<polyline points="{points}" stroke="{colour}"/>')
    drawing = f'<path d="M0 98.5H256"/>{"".join(lines)}'
    return f'<svg viewBox="0 0 256 100" role="img" aria-label="{escape(description)}">{drawing}</svg>'


def bars(shares: npt.NDArray[np.floating], names: Sequence[str], description: str) -> str:
    """A bar with its name below for each share; the largest fills the height."""
    largest = float(shares.max()) or 1.0
    width = 300 / len(shares)
    parts = []
    for place, (share, name) in enumerate(zip(shares.tolist(), names, strict=True)):
        x, height = place * width, 80 * share / largest
        parts.append(
            f'<rect x="{x + 2:.1f}" y="{84 - height:.1f}" width="{width - 4:.1f}" height="{height:.1f}"/>'
            f'<text x="{x + width / 2:.1f}" y="95">{escape(name)}</text>'
        )
    return f'<svg viewBox="0 0 300 100" role="img" aria-label="{escape(description)}">{"".join(parts)}</svg>'
