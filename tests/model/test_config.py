from __future__ import annotations

import json
import time

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
    copy.write_text(config.to_json(), "utf-8-sig")  # as editors on Windows save it
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


def placed(document: dict, field: str, value: str) -> bytes:
    """The file with the value of one field as it is written here, whatever JSON says to that."""
    text = json.dumps(document | {field: "@"})
    return text.replace('"@"', value, 1).encode("utf-8", "surrogatepass")


def built(rows: list[int]) -> dict:
    return {"architecture": {"library": "timm", "name": "x", "rows": rows}}


HOSTILE = {
    "50 MB of spaces": (lambda _: b" " * 50_000_000, "larger than 2 MB"),
    "2 million brackets": (lambda _: b"[" * 1_999_999, "recursion limit"),
    "a field 5,000 deep": (lambda d: placed(d, "training", "[" * 5000 + "]" * 5000), "recursion limit"),
    "a field twice": (lambda d: placed(d, "labels", '["x", "y"], "labels": ["Cat", "Dog"]'), "'labels' is given twice"),
    "a field twice within": (lambda d: placed(d, "training", '{"a": 1, "a": 2}'), "'a' is given twice"),
    "NaN": (lambda d: placed(d, "metrics", '{"accuracy": NaN}'), "NaN is no number"),
    "Infinity": (lambda d: placed(d, "metrics", '{"accuracy": -Infinity}'), "-Infinity is no number"),
    "1e999": (lambda d: placed(d, "training", '{"a": 1e999}'), "1e999 is no number"),
    "an integer of a megabyte": (lambda d: placed(d, "format_version", "9" * 1_000_000), "number out of range"),
    "half a character": (lambda d: placed(d, "name", '"\\ud800"'), "not valid JSON"),
    "half a character in UTF-8": (lambda d: placed(d, "name", '"\ud800"'), "cannot be read"),
    "UTF-16": (lambda d: json.dumps(d).encode("utf-16"), "cannot be read"),
    "100,000 labels": (lambda d: json.dumps(d | {"labels": [str(n) for n in range(100_000)]}).encode(), "at most 50000"),
    "600,000 labels that are none": (lambda d: json.dumps(d | {"labels": [1] * 600_000}).encode(), "'labels.0' is wrong"),
    "500,000 rows": (lambda d: json.dumps(d | built([0] * 500_000)).encode(), "more than there can be answers"),
    "rows of a billion": (lambda d: json.dumps(d | built([10**9] * 3)).encode(), "less than or equal to 10000"),
    "100,000 fields": (lambda d: json.dumps(d | {f"f{n}": 0 for n in range(100_000)}).encode(), "misspelt"),
    "nothing": (lambda _: b"", "not valid JSON"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_in_a_sentence_and_in_time(folder, config, name):
    make, words = HOSTILE[name]
    (folder / "config.json").write_bytes(make(config[0]))
    began = time.process_time()
    with pytest.raises(ModelError) as caught:
        Config.read(folder / "config.json")
    assert time.process_time() - began < 3  # it is some 0.4 s
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Cat\n", "U+000A"), ("Cat\0", "U+0000"), ("\x1b[31mCat", "U+001B"), ("Cat\u202e", "U+202E"), ("C\u200bat", "U+200B"),
        ("Cat\u2028", "U+2028"), ("\ufeffCat", "U+FEFF"), ("\u2066Cat", "U+2066"), ("C" * 201, "at most 200"),
        ("", "at least 1"),
    ],
)  # fmt: skip
def test_labels_and_names_show_all_that_is_in_them(folder, config, label, words):
    document, write = config
    for changed in ({"labels": [label, "Dog"]}, {"name": label}):
        write(document | changed)
        with pytest.raises(ModelError) as caught:
            Config.read(folder / "config.json")
        assert words in str(caught.value)
        assert not set(str(caught.value)) & {"\n", "\0", "\x1b", "\u202e", "\u2066"}


def test_labels_that_look_the_same_are_the_same(folder, config):
    document, write = config
    write(document | {"labels": ["\u00e9", "e\u0301"]})
    with pytest.raises(ModelError, match="distinct"):
        Config.read(folder / "config.json")


@pytest.mark.parametrize("label", ["\U0001f468\u200d\U0001f469", "می\u200cخواهم", "猫", "Gato ñ", "كلب", "golden retriever"])
def test_labels_of_all_languages_are_taken(folder, config, label):
    document, write = config
    write(document | {"labels": [label, "Dog"]})
    assert Config.read(folder / "config.json").labels == (label, "Dog")
