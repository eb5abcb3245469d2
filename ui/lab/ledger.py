"""Tables that write out a sum or a way of reckoning, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ui.markup import Html


def ledger(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], totals: int = 0) -> Html:
    """A table with a heading for each column and row, that scrolls by itself where the page is too narrow for it.

    Args:
        caption: says what it reckons.
        head: of the columns.
        rows: their cells, texts or `Html`; the first cell is the heading of its row.
        totals: how many rows at the end are results.
    """
    columns = "".join(f'<th scope="col">{_cell(name)}</th>' for name in head)
    lines = []
    for place, (name, *cells) in enumerate(rows):
        look = ' class="total"' if place >= len(rows) - totals else ""
        written = "".join(f"<td>{_cell(cell)}</td>" for cell in cells)
        lines.append(f'<tr{look}><th scope="row">{_cell(name)}</th>{written}</tr>')
    body = f"<thead><tr>{columns}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return Html(f'<div class="scroll"><table class="ledger"><caption>{escape(caption)}</caption>{body}</table></div>')


def _cell(text: str) -> str:
    return text if isinstance(text, Html) else escape(text)
