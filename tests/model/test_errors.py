"""What an error quotes of another one."""

from __future__ import annotations

import pytest
import torch

from model.errors import few, first_line, first_mismatch


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("broken", "broken"),
        ("\n\n  broken here  \nand there", "broken here"),
        ("", "ValueError"),
        ("\n \n", "ValueError"),
        ("x" * 1000, "x" * 200),
    ],
)
def test_the_first_line_that_says_something(message, line):
    assert first_line(ValueError(message)) == line


def test_as_many_characters_as_are_asked_for():
    assert first_line(ValueError("broken"), limit=3) == "bro"


def test_what_does_not_fit_follows_torchs_heading():
    with pytest.raises(RuntimeError) as caught:
        torch.nn.Linear(2, 3).load_state_dict({"weight": torch.zeros(3, 4), "bias": torch.zeros(3)})
    assert first_mismatch(caught.value).startswith("size mismatch for weight: copying a param with shape torch.Size([3, 4])")
    with pytest.raises(RuntimeError) as caught:
        torch.nn.Linear(2, 3).load_state_dict({"weight": torch.zeros(3, 2)})
    assert first_mismatch(caught.value) == 'Missing key(s) in state_dict: "bias".'


@pytest.mark.parametrize(("message", "line"), [("only a heading", "only a heading"), ("", "RuntimeError")])
def test_a_message_without_a_list_is_quoted_as_it_is(message, line):
    assert first_mismatch(RuntimeError(message)) == line


def test_a_few_names_of_many():
    assert few(["a", "b"]) == "a, b"
    assert few(["a", "b", "c"], limit=2) == "a, b, …"
    assert few(["x" * 100]) == "x" * 80
