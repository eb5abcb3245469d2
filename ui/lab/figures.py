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
from ui.lab.drawing import Picture, data_url
from ui.texts import number

# for gr.HTML(css_template=...), which keeps it to that component
STYLE = """
.row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0 0 .5rem; flex: 1 1 14rem; min-width: 0; }
figure.whole { flex-basis: 100%; }
figure img { display: block; max-width: 100%; height: auto; border-radius: var(--radius-sm); }
figure.pixels img { width: min(100%, 22rem); image-rendering: pixelated; }
figcaption, table.grid caption { color: var(--body-text-color); font-size: var(--text-sm); padding: .3rem 0; text-align: left; }
table.grid caption { caption-side: bottom; }
figure.thumbnail img { max-height: 13rem; width: auto; }
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
svg { display: block; max-width: 34rem; width: 100%; }
svg rect { fill: var(--color-accent); }
svg text { fill: var(--body-text-color); font-size: 9px; text-anchor: middle; }
svg path { stroke: var(--body-text-color); stroke-width: .6; }
svg polyline { fill: none; stroke-width: 1.2; }
p { color: var(--body-text-color); }
"""
_CHANNELS = ("#e0443e", "#2e9e4f", "#4a7fe0")  # seen on white and on black
_LIGHT = (299, 587, 114)  # parts of 1000: how bright red, green and blue look (ITU-R BT.601)


def size(shape: Sequence[int]) -> str:
    """A shape in words: (998, 998) is "998×998"."""
    return "×".join(map(str, shape))


def picture(pixels: Picture, alt: str, caption: str, look: Literal["", "whole", "thumbnail", "pixels"] = "") -> str:
    """A picture with its caption.

    Args:
        pixels: uint8 (H, W) or (H, W, 3).
        alt: what it shows, for those who do not see it.
        caption: the text below it.
        look: "whole" on a line of its own, "thumbnail" small, "pixels" so large that pixels are squares; shares a line
            with others by default.
    """
    return markup.figure(markup.image(data_url(pixels), alt), caption, look)


def sentence(text: str) -> str:
    """A paragraph."""
    return f"<p>{escape(text)}</p>"


def colour_table(pixels: Picture, caption: str) -> str:
    """RGB pixels (H, W, 3) as a table: each cell has the pixel's colour, and its three numbers written in it."""
    lines = []
    for line in pixels.tolist():
        cells = []
        for rgb in line:
            bright = sum(part * value for part, value in zip(_LIGHT, rgb, strict=True)) > 140_000
            style = f"background:rgb({','.join(map(str, rgb))});color:{'#000' if bright else '#fff'}"
            cells.append(f'<td style="{style}">{"<br>".join(map(str, rgb))}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'<table class="grid colours"><caption>{escape(caption)}</caption>{"".join(lines)}</table>'


def number_table(
    values: npt.NDArray[np.generic],
    caption: str,
    language: str,
    marked: tuple[slice, slice] | None = None,
    filled: int | None = None,
    window: int | None = None,
) -> str:
    """Numbers (H, W) as a table.

    Args:
        values: what is written in the cells.
        caption: says what they are.
        language: how numbers are written.
        marked: rows and columns of the cells to point out.
        filled: how many cells to write, line by line; all by default.
        window: gives each square of `window` × `window` cells a colour of its own, for at most four such squares.
    """
    chosen = np.zeros(values.shape, bool)
    if marked:
        chosen[marked] = True
    squares = -(-values.shape[1] // window) if window else 0
    lines = []
    for y, line in enumerate(values.tolist()):
        cells = []
        for x, value in enumerate(line):
            text = number(value, language) if filled is None or y * len(line) + x < filled else ""
            looks = ["marked"] if chosen[y, x] else []
            if window:
                looks.append(f"group{y // window * squares + x // window}")
            cells.append(f'<td class="{" ".join(looks)}">{text}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    narrow = " narrow" if values.shape[1] > 5 else ""
    return f'<table class="grid{narrow}"><caption>{escape(caption)}</caption>{"".join(lines)}</table>'


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
