from __future__ import annotations

import pytest

from model.config import Config
from model.errors import ModelError
from model.source import STARTER


def change(document: dict, path: str, value: object) -> None:
    *parents, last = path.split(".")
    for name in parents:
        document = document[name]
    if value is ...:
        del document[last]
    else:
        document[last] = value


def test_what_is_written_is_what_is_read(tmp_path):
    config = Config.read(STARTER / "config.json")
    copy = tmp_path / "config.json"
    copy.write_text(config.to_json(), "utf-8")
    assert Config.read(copy) == config


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("labels", ..., "is missing"),
        ("labels", ["Cat"], "at least 2"),
        ("labels", ["Cat", "Cat"], "distinct"),
        ("labels", ["Cat", "neither"], "distinct"),
        ("labels", "Cat", "'Cat'"),
        ("temperature", 0, "greater than or equal to 0.05"),
        ("temperature", 1e-300, "greater than or equal to 0.05"),
        ("temperature", float("inf"), "less than or equal to 20"),
        ("input.mean", [0.5, float("nan"), 0.5], "not nan"),
        ("temperature", "warm", "'warm'"),
        ("input.height", ..., "is missing"),
        ("input.height", 0, "greater than or equal to 16"),
        ("input.resize", "stretch", "'squish', 'crop' or 'pad'"),
        ("input.std", [0.2, 0, 0.2], "greater than or equal to 0.001"),
        ("input.mean", [0.5], "is missing"),
        ("neither.method", "guess", "'output'"),
        ("format_version", 2, "not 2"),
        ("temprature", 1, "misspelt"),
    ],
)
def test_a_wrong_field_is_one_sentence_that_names_file_and_field(folder, config, field, value, words):
    document, write = config
    change(document, field, value)
    write(document)
    with pytest.raises(ModelError) as caught:
        Config.read(folder / "config.json")
    message = str(caught.value)
    assert str(folder / "config.json") in message
    assert "labels" in message if "distinct" in words else field in message
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize(("text", "words"), [("{", "not valid JSON"), ("[]", "object"), ("\xff", "JSON")])
def test_what_is_not_a_config_is_refused(folder, text, words):
    (folder / "config.json").write_text(text, "latin-1")
    with pytest.raises(ModelError, match=rf"config\.json.*({words}|cannot be read)"):
        Config.read(folder / "config.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        Config.read(tmp_path / "config.json")


def test_answers_are_the_labels_and_neither():
    config = Config.read(STARTER / "config.json")
    assert config.answers == ("Cat", "Dog", "neither")
    assert config.model_copy(update={"neither": None}).answers == ("Cat", "Dog")


def test_rows_must_be_given_for_each_answer(folder, config):
    document, write = config
    write(document | {"architecture": document["architecture"] | {"rows": [1, 2]}})
    with pytest.raises(ModelError, match=r"architecture\.rows"):
        Config.read(folder / "config.json")
