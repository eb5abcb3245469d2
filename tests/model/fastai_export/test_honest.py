"""Honest exports open whatever stands in their inert parts, also those that dill wrote; what was not run is listed."""

from __future__ import annotations

import functools
import operator
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from model import Classifier
from model.fastai_export.learner import read_learner
from tests.exports.files import PICTURES
from tests.model.fastai_export.small import by_name, exported, learner

dill = pytest.importorskip("dill")
BY = {"cloudpickle": {}, "dill": {"pickle_module": dill}}


def labellers() -> dict[str, Any]:
    """Label functions as notebooks have them: nested, so that their code goes into the file."""

    def by_listdir(path):
        return by_name(path) if os.listdir(path.parent) else ""  # noqa: PTH208 - as people do

    def by_defaults(path, run=subprocess.run, others=(shutil.rmtree, eval, os.remove)):
        return by_name(path)

    opener = urlopen

    def by_closure(path):
        return by_name(path) if opener else ""

    def by_environment(path, environment=os.environ):
        return by_name(path)

    class ByClass:
        run = staticmethod(subprocess.check_output)

        def __init__(self):
            self.tools = {"list": os.listdir, "open": open}

        def __setstate__(self, state):
            self.__dict__.update(state)

        def __call__(self, path):
            return by_name(path)

    class Meta(type):
        pass

    class ByMetaclass(metaclass=Meta):
        remove = os.remove

        def __call__(self, path):
            return by_name(path)

    return {
        "by_listdir": by_listdir,
        "by_defaults": by_defaults,
        "by_closure": by_closure,
        "by_environment": by_environment,
        "by_lambda": lambda path: os.fspath(path) and by_name(path),
        "by_class": ByClass(),
        "by_metaclass": ByMetaclass(),
        "by_partial": functools.partial(by_defaults, others=os.listdir),
        "by_method": functools.partial(lambda path, lower: lower(by_name(path)), lower=operator.methodcaller("lower")),
        "by_attribute": functools.partial(
            lambda path, get: get(path) and by_name(path), get=operator.attrgetter("parent.name")
        ),
    }


@pytest.mark.parametrize("how", BY)
@pytest.mark.parametrize("name", labellers())
def test_names_in_a_label_function_refuse_nothing(tmp_path, how, name):
    classifier = Classifier.load(exported(tmp_path / "model.pkl", learner(labellers()[name]), **BY[how]))
    assert classifier.config.labels == ("a", "b")


@pytest.mark.parametrize("how", BY)
def test_it_answers_as_fastai_does(tmp_path, how):
    from fastai.callback import progress
    from fastai.losses import CrossEntropyLossFlat

    assert progress.Learner.no_bar
    made = learner(loss_func=CrossEntropyLossFlat())
    with made.no_bar(), made.no_logging():
        expected = made.predict(PICTURES[0])[2].tolist()
    classifier = Classifier.load(exported(tmp_path / "model.pkl", made, **BY[how]))
    assert list(classifier.classify(PICTURES[:1])[0].probabilities) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("how", BY)
def test_what_stands_in_metrics_callbacks_and_optimizers_refuses_nothing(tmp_path, how):
    from fastai.callback.core import Callback
    from fastai.callback.progress import CSVLogger
    from fastai.callback.tracker import SaveModelCallback
    from fastai.optimizer import Adam

    class Report(Callback):
        def after_epoch(self):
            subprocess.run(["true"], check=True)

    def measure(predictions, targets):
        return os.getpid()

    made = learner(
        cbs=[Report(), CSVLogger(tmp_path / "log.csv"), SaveModelCallback()],
        metrics=[measure, os.stat],
        opt_func=functools.partial(Adam, decouple_wd=True),
        splitter=lambda model: [list(model.parameters())],
    )
    learned = read_learner(exported(tmp_path / "model.pkl", made, **BY[how]))
    assert any("Report is not run" in remark for remark in learned.remarks)


def test_what_was_not_run_is_listed_and_what_only_runs_programs_is_warned_of(tmp_path):
    def by_system(path, system=os.system, listdir=os.listdir):
        return by_name(path)

    found = read_learner(exported(tmp_path / "model.pkl", learner(by_system)))
    home = os.system.__module__  # posix or nt
    assert {f"{home}.system", f"{home}.listdir"} <= set(found.origin.strangers)
    assert [remark for remark in found.remarks if "named by" in remark] == [
        f"{home}.system is named by a function in this file; neither is run here, and calling that function elsewhere would "
        "run it"
    ]


def test_programs_that_code_runs_by_a_module_are_warned_of(tmp_path):
    module, other = os, subprocess

    def by_module(path):
        return by_name(path) if path else module.system("true") or other.run(["true"], check=True)

    found = read_learner(exported(tmp_path / "model.pkl", learner(by_module)))
    assert {"os", "subprocess"} <= set(found.origin.strangers)
    assert found.origin.runners == ("os.system", "subprocess.run")
    assert any(remark.startswith("os.system, subprocess.run are named by functions in this file") for remark in found.remarks)


def test_nothing_is_warned_of_where_nothing_runs_programs(tmp_path):
    found = read_learner(exported(tmp_path / "model.pkl", learner(labellers()["by_listdir"])))
    assert found.origin.runners == ()
    assert not [remark for remark in found.remarks if "named by" in remark]


@pytest.mark.parametrize("how", BY)
def test_a_layer_of_the_notebook_is_named_as_it_is_to_be_allowed(tmp_path, how):
    from torch import nn

    from model import ModelError

    class Twice(nn.Module):
        def forward(self, x):
            return 2 * x

    Twice.__module__ = "__main__"
    made = learner(model=nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 2), Twice()))
    with pytest.raises(ModelError, match=r'allow=\["__main__\.Twice=mypkg\.Twice"\]'):
        Classifier.load(exported(tmp_path / "model.pkl", made, **BY[how]))


def test_the_library_of_dill_is_no_stranger(tmp_path):
    found = read_learner(exported(Path(tmp_path) / "model.pkl", learner(labellers()["by_lambda"]), pickle_module=dill)).origin
    assert not [name for name in found.strangers if name.startswith("dill")]
    assert any("<lambda>" in name for name in found.code)
