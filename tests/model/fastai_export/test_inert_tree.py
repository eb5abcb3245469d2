"""Walking through an inert tree, and showing parts of it in an error."""

from __future__ import annotations

from model.fastai_export.inert_tree import Global, Object, Persistent, shown, walk


def test_a_value_that_contains_itself_is_walked_once():
    loop: list = []
    loop.append(loop)
    assert len(list(walk(loop))) == 1


def test_everything_in_a_tree_is_walked_through():
    inner = Object(Global("a", "B"), ("argument",), state=[{"key": {"set"}}], items=["item"], pairs=[("name", "value")])
    texts = [part for part in walk([inner, Persistent(("storage", "id"))]) if isinstance(part, str)]
    assert sorted(texts) == ["argument", "id", "item", "key", "name", "set", "storage", "value"]


def test_errors_never_show_more_than_a_line_of_a_value():
    assert shown("a" * 1000) == "a" * 80 + "…"
    assert shown("two\nlines\x1b[31m") == "two\\nlines\\x1b[31m"
    assert shown(10**5000) == "a huge number"
    assert shown([1, 2]) == "a list"
    assert shown(Object(Global("a", "B"))) == "an object of a.B"
    assert shown(Object([])) == "an object"
