"""Every sentence about a photo is there in every language, and a program gets the same one as the English page."""

from __future__ import annotations

import ast
import pickle
import string

import gradio as gr
import pytest

from model.errors import ModelError
from model.formats import FORMATS
from model.photo import PhotoError, PhotoFormatError, PhotoTooLarge, open_photo
from model.photo_problems import PROBLEMS
from tests.pictures import CAT
from tests.running import ROOT
from ui.desk import Busy, Desk
from ui.errors import UploadError, format_names, readable_errors, sentence
from ui.texts import ENGLISH, TEXTS, say

LANGUAGES = sorted(TEXTS)
KINDS = {"PhotoError", "PhotoTooLarge", "PhotoFormatError", "UploadError"}


def made_in(folder: str) -> list[ast.Call]:
    """Every place in the code that makes such an error."""
    nodes = (node for path in (ROOT / folder).rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KINDS]


def said_with(code: str) -> dict[str, object]:
    """Values for all that the sentence of a code names."""
    names = {name for _, name, _, _ in string.Formatter().parse(UploadError.problems[code]) if name}
    return {name: ("JPEG", "PNG") if name == "formats" else f"<{name}>" for name in names}


@pytest.mark.parametrize("code", PROBLEMS)
def test_the_english_page_says_what_programs_are_told(code):
    assert UploadError.problems[code] == PROBLEMS[code]
    error = PhotoError(code, **said_with(code))
    assert sentence(error, ENGLISH) == str(error)
    assert "{" not in str(error)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != ENGLISH])
@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_is_said_in_every_language(code, language):
    error = PhotoError(code, **said_with(code))
    said = sentence(error, language)
    assert said != str(error)
    for value in error.values.values():
        assert all(part in said for part in (value if isinstance(value, tuple) else [str(value)]))


def test_every_error_has_a_code_and_every_code_an_error():
    calls = [*made_in("model"), *made_in("ui")]
    codes = set()
    for call in calls:
        first = call.args[0]
        for part in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
            if isinstance(part, ast.Constant):
                codes.add(part.value)
            else:  # told by a table or a variable of codes, as in `told_format`
                assert isinstance(part, ast.Name), ast.unparse(call)
    assert codes <= UploadError.problems.keys()
    table = ast.walk(ast.parse((ROOT / "model/decode/source.py").read_text("utf-8")))
    codes |= {node.value for node in table if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert PROBLEMS.keys() - codes == set()


def test_a_choice_has_the_languages_own_or():
    with pytest.raises(PhotoFormatError) as caught:
        open_photo(b"no photo")
    assert str(caught.value).endswith("Send a JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC file.")
    assert "AVIF oder HEIC" in sentence(caught.value, "de")
    assert format_names("fr").endswith("AVIF ou HEIC")
    assert format_names("it").count(",") == len(FORMATS) - 2


def test_a_sentence_of_ones_own_stands_as_it_is():
    error = PhotoError("It is {gone}.")
    assert str(error) == sentence(error, "fr") == "It is {gone}."


def test_an_error_survives_the_way_from_another_process():
    with pytest.raises(PhotoTooLarge) as caught:
        open_photo(bytes(20_000_001))
    error = pickle.loads(pickle.dumps(caught.value))
    assert (str(error), error.code, error.values) == (str(caught.value), "bytes", {"mb": 20})


def test_busy_and_models_that_cannot():
    with pytest.raises(Busy) as caught, Desk(0).place():
        pass
    assert sentence(caught.value, ENGLISH) == str(caught.value)
    assert "warten" in sentence(caught.value, "de")
    assert sentence(ModelError("No maps."), ENGLISH) == "No maps."
    assert sentence(ModelError("No maps."), "es").endswith("No maps.")


@pytest.mark.parametrize("language", [*LANGUAGES, "it"])
def test_what_is_meant_for_visitors_is_shown_in_their_language(language):
    with pytest.raises(gr.Error) as shown, readable_errors(language):
        open_photo(CAT.read_bytes()[:3000])
    assert shown.value.message == say("photo.upper_part", language, percent=6)
    assert shown.value.title == say("photo.no_answer", language)
    assert not shown.value.print_exception


def test_a_mistake_of_ours_is_not():
    with pytest.raises(KeyError), readable_errors():
        raise KeyError("a secret")
