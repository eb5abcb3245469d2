"""What an error quotes of another one."""

from __future__ import annotations

import pytest
import torch

from model.errors import EntryPoint, ModelError, Option, few, first_line, first_mismatch


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


@pytest.mark.parametrize(
    ("option", "python", "command_line", "app"),
    [
        (Option("activation", "softmax"), 'activation="softmax"', "--activation softmax", "MODEL_ACTIVATION=softmax"),
        (Option("labels", ("dog", "cat")), 'labels=["dog", "cat"]', "--labels dog,cat", "MODEL_LABELS=dog,cat"),
        (Option("size", (224, 320)), "size=(224, 320)", "--size 224x320", "MODEL_SIZE=224x320"),
        (Option("size", (224, 224)), "size=(224, 224)", "--size 224", "MODEL_SIZE=224"),
        (Option("size"), "size", "--size", "MODEL_SIZE"),
    ],
)
def test_an_option_is_called_what_the_entry_point_calls_it(option, python, command_line, app):
    error = ModelError("say ", option, ", please")
    assert str(error) == error.at(EntryPoint.PYTHON) == f"say {python}, please"
    assert error.at(EntryPoint.COMMAND_LINE) == f"say {command_line}, please"
    assert error.at(EntryPoint.APP) == f"say {app}, please"
