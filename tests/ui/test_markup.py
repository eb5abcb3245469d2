from __future__ import annotations

import pytest

from ui.markup import Html, figure, image, markdown_text

EVIL = '<img src=x onerror="alert(1)">'


def test_texts_are_escaped_wherever_they_go():
    assert EVIL not in image("data:,", EVIL, title=EVIL)
    assert image("data:,", EVIL, title=EVIL).count('"') == 6
    assert EVIL not in figure("", EVIL)


def test_html_is_not_escaped_again():
    assert figure(image("data:,", "a cat"), Html("<b>Cat</b>"), "whole", "<p>below</p>") == (
        '<figure class="whole"><img src="data:," alt="a cat"><figcaption><b>Cat</b></figcaption><p>below</p></figure>'
    )
    assert figure("<svg></svg>", "a & b") == "<figure><svg></svg><figcaption>a &amp; b</figcaption></figure>"


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Cat", "Cat"),
        ("two\nlines", "two lines"),
        ("# Title", r"\# Title"),
        ("[a](https://x)", r"\[a\]\(https\:\/\/x\)"),
        ("<b>", r"\<b\>"),
        ("a_b*c", r"a\_b\*c"),
    ],
)
def test_a_label_cannot_bring_markdown(label, shown):
    assert markdown_text(label) == shown
