"""What the common objects in a pickle stand for."""

from __future__ import annotations

import collections
import io
import pathlib
import pickle

import numpy as np
import pytest

from model.fastai_export.inert_pickle import read_pickle
from model.fastai_export.inert_tree import Global, Object
from model.fastai_export.inert_values import array, as_path, mapping, scalar, sequence


def read(content: bytes):
    return read_pickle(io.BytesIO(content), "model.pkl").value


@pytest.mark.parametrize("protocol", range(6))
def test_common_objects_keep_their_meaning(protocol):
    ordered = collections.OrderedDict(a=1, b=2)
    assert mapping(read(pickle.dumps(ordered, protocol))) == {"a": 1, "b": 2}
    assert scalar(read(pickle.dumps(np.float64(1.5), protocol))) == 1.5
    assert scalar(read(pickle.dumps(np.bool_(True), protocol))) is True
    assert scalar(read(pickle.dumps(np.str_("cat"), protocol))) == "cat"
    for numbers in (np.arange(6, dtype=">i4").reshape(2, 3), np.array(["cat", "dog"]), np.array([True, False])):
        found = array(read(pickle.dumps(numbers, protocol)))
        assert found is not None
        assert found.tolist() == numbers.tolist()
    assert sequence(array(read(pickle.dumps(np.array(["cat", "dog"], dtype=object), protocol))).tolist()) == ["cat", "dog"]


@pytest.mark.parametrize("module", ["pathlib", "pathlib._local"])
@pytest.mark.parametrize(
    ("kind", "parts", "expected"),
    [
        ("PosixPath", ("/", "home", "a b"), pathlib.PurePosixPath("/home/a b")),
        ("WindowsPath", ("C:\\", "photos", "cats"), pathlib.PurePosixPath("C:/photos/cats")),
        ("PurePosixPath", ("models",), pathlib.PurePosixPath("models")),
    ],
)
def test_paths_of_every_platform_and_python_become_paths_of_this_one(module, kind, parts, expected):
    found = as_path(Object(Global(module, kind), parts))
    assert type(found) is type(pathlib.Path())
    assert found.as_posix() == str(expected)
    assert issubclass(pathlib.PosixPath, pathlib.Path)  # pathlib is as it was
