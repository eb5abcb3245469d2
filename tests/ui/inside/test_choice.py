from __future__ import annotations

import pytest

from ui.inside.choice import Choice


def test_what_a_browser_sends_is_read():
    assert Choice.of({"layer": 7, "channel": 3, "stamp": 12.5, "asked": 13, "network": {}}) == Choice(7, 3, 12.5, 13)


@pytest.mark.parametrize("sent", [None, "x", [], {}, {"layer": "7", "channel": None, "stamp": "now", "asked": []}])
def test_anything_else_is_no_choice(sent):
    assert Choice.of(sent) == Choice(None, -1, 0, 0)
