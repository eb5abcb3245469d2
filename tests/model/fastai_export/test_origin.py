"""What made an export, and what in it was not run."""

from __future__ import annotations

import pytest

from model.fastai_export.learner import read_learner
from tests.exports.files import EXPORTS, IS_CAT
from tests.hostile import Export, honest_export
from tests.payloads import call, stacked, text


@pytest.mark.parametrize(
    ("export", "words"),
    [
        ("3.10-2.7.19/is_cat", {"fastai": "2.7 or older", "torch": "2.0 to 2.6"}),
        ("3.11-2.8.12/is_cat", {"fastai": "2.8 or newer", "torch": "2.7 or newer"}),
        ("3.13-2.8.12/is_cat", {"python": "3.13", "fastai": "2.8 or newer", "torch": "2.7 or newer"}),
    ],
)
def test_what_made_a_file_is_told_from_its_traces(export, words):
    versions = read_learner(EXPORTS / f"{export}.pkl").origin.versions
    assert versions | words == versions


def test_a_file_from_windows():
    assert read_learner(EXPORTS / "3.13-2.8.12" / "windows.pkl").origin.platform == "Windows"
    assert read_learner(IS_CAT).origin.platform == "POSIX"


def test_the_files_functions_are_listed_and_not_run():
    by_value = read_learner(IS_CAT).origin
    assert any(name.startswith("is_cat ") for name in by_value.code)
    by_name = read_learner(EXPORTS / "3.12-2.7.19" / "is_cat.pkl").origin
    assert "__main__.is_cat" in by_name.strangers


def test_what_plain_pickle_would_call_of_strangers_is_said(tmp_path):
    honest = Export(honest_export(tmp_path / "honest.pkl"))
    for ops, words in (
        (call(stacked("webcolors", "fetch"), text("x")), "webcolors.fetch(…) when it opens this file; it is not called here"),
        (stacked("mine", "Label") + b")\x81", "mine.Label(…) when it opens this file; it is not called here"),
        (
            call(stacked("mine", "a")) + b"0" + call(stacked("mine", "b")),
            "mine.a(…), mine.b(…) when it opens this file; they are",
        ),
    ):
        path = tmp_path / "model.pkl"
        path.write_bytes(honest.archive(honest.pickle[:-1] + ops + b"0."))
        (remark,) = read_learner(path).remarks
        assert remark.startswith(f"plain pickle calls {words}")
    assert not any("plain pickle calls" in remark for remark in read_learner(IS_CAT).remarks)
