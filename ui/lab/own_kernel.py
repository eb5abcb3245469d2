"""The kernel that a visitor types in: an untrusted table becomes numbers, or a sentence that says what is wrong."""

from __future__ import annotations

import math

import numpy as np

from ui.lab.convolution import Floats
from ui.texts import ENGLISH, say

SIZES = (3, 5)
LARGEST = 100
_LONGEST = 30  # characters of a number
STARTS: dict[int, list[list[float]]] = {
    3: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    5: [[0.2 if row == column else 0 for column in range(5)] for row in range(5)],
}


class LabError(ValueError):
    """Something the lab cannot do. What to say, in any language: `say(error.key, language, **error.values)`."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(say(key, ENGLISH, **values))
        self.key, self.values = key, values


def own_kernel(rows: object) -> Floats:
    """The typed table as a kernel.

    Args:
        rows: what a table component hands out: 3 lists of 3 cells, or 5 of 5, each a number or text
            such as "-1", "0,5" or "1/9".

    Returns:
        float32 (3, 3) or (5, 5), -100 to 100.

    Raises:
        LabError: another size, or a cell that is empty, no number, or beyond ±100; it names the first such cell.
    """
    if not isinstance(rows, list) or len(rows) not in SIZES:
        raise LabError("lab.kernel_size_wrong", rows=len(rows) if isinstance(rows, list) else 0)
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list) or len(row) != len(rows):
            raise LabError("lab.kernel_row_wrong", row=number, rows=len(rows))
    cells = [[_number(cell, row, column) for column, cell in enumerate(cells, 1)] for row, cells in enumerate(rows, 1)]
    return np.array(cells, np.float32)


def _number(cell: object, row: int, column: int) -> float:
    text = "" if cell is None else str(cell).strip().replace(",", ".").replace("−", "-")
    if not text:
        raise LabError("lab.kernel_cell_empty", row=row, column=column)
    above, slash, below = (text if len(text) <= _LONGEST else "").partition("/")
    try:
        value = float(above) / (float(below) if slash else 1)  # 1/9 is a number, too
    except (ValueError, ZeroDivisionError):
        shown = "".join(letter for letter in text[:12] if letter.isalnum() or letter in " .+-*/")
        raise LabError("lab.kernel_cell_text", row=row, column=column, cell=shown) from None
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise LabError("lab.kernel_cell_large", row=row, column=column, largest=LARGEST)
    return value
