"""Where nothing can be written, nothing of a correction is left, the visitor is told, and the next one is kept again."""

from __future__ import annotations

import errno
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT
from tests.ui.corrections.conftest import ABOUT, ANSWERS, photo
from tests.ui.corrections.test_store import kept, lines
from ui.corrections import store as correction_store
from ui.corrections.store import CannotUndo, CannotWrite, CorrectionStore

CODES = [errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EROFS, errno.EIO]


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


class Failing:
    """Makes one step of the system's fail, the nth time that it is asked for."""

    def __init__(self, monkeypatch, code: int) -> None:
        self.code, self.left, self.patch = code, -1, monkeypatch

    def fail(self, *_: object, **__: object) -> None:
        raise OSError(self.code, os.strerror(self.code))

    def on(self, owner: object, name: str) -> None:
        self.patch.setattr(owner, name, self.fail)


STEPS = {
    "the folder of the label": (Path, "mkdir"),
    "the photo": (correction_store, "whole_file"),
    "the bytes on the disk": (os, "fsync"),
    "the name of the photo": (Path, "replace"),
    "the log": (CorrectionStore, "_append"),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("step", STEPS)
def test_nothing_is_left_of_what_cannot_be_written(store, monkeypatch, step, code):
    store.add(photo(1), "Dog", ABOUT)
    before = everything(store.folder)
    with monkeypatch.context() as patch:
        Failing(patch, code).on(*STEPS[step])
        with pytest.raises(CannotWrite, match=os.strerror(code)[:12]):
            store.add(photo(2), "Cat", ABOUT)
    assert everything(store.folder) == before
    store.undo(store.add(photo(2), "Cat", ABOUT))  # there is room again
    assert kept(store) == ["Dog"]


@pytest.mark.parametrize("step", ["the log", "the name of the photo"])
def test_another_label_is_taken_back_where_it_cannot_be_written_down(store, monkeypatch, step):
    receipt = store.add(photo(1), "Cat", ABOUT)
    before = everything(store.folder)
    with monkeypatch.context() as patch:
        Failing(patch, errno.ENOSPC).on(*STEPS[step])
        with pytest.raises(CannotWrite):
            store.add(photo(1), "Dog", ABOUT)
    after = everything(store.folder)
    after.pop("Dog", None)  # an empty folder
    assert after == before
    store.undo(receipt)
    assert kept(store) == []


def test_half_a_line_is_cut_off_again(store, monkeypatch):
    """A disk that fills up takes what there is room for, and says how much, without an error."""
    store.add(photo(1), "Cat", ABOUT)
    before = everything(store.folder)
    opened = Path.open

    class Short(io.FileIO):
        def write(self, data: bytes) -> int:
            return super().write(data[:20])

    def short(path: Path, mode: str = "r", buffering: int = -1, **how: object):
        return Short(path, "ab") if buffering == 0 else opened(path, mode, buffering, **how)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", short)
        with pytest.raises(CannotWrite, match="space"):
            store.add(photo(2), "Cat", ABOUT)
    assert everything(store.folder) == before
    assert len(lines(store)) == 1


def test_a_photo_can_be_taken_back_though_the_disk_is_full(store, monkeypatch, caplog):
    receipt = store.add(photo(1), "Cat", ABOUT)
    with monkeypatch.context() as patch:
        Failing(patch, errno.ENOSPC).on(CorrectionStore, "_append")
        store.undo(receipt)
    assert kept(store) == []
    assert len(caplog.records) == 1
    with pytest.raises(CannotUndo):
        store.undo(receipt)


def test_what_could_not_be_taken_back_can_be_tried_again(store, monkeypatch):
    receipt = store.add(photo(1), "Cat", ABOUT)
    with monkeypatch.context() as patch:
        Failing(patch, errno.EROFS).on(Path, "unlink")
        with pytest.raises(CannotWrite):
            store.undo(receipt)
    assert kept(store) == ["Cat"]
    store.undo(receipt)
    assert kept(store) == []


def test_a_folder_that_was_removed_is_made_again(store):
    receipt = store.add(photo(1), "Cat", ABOUT)
    shutil.rmtree(store.folder)
    store.undo(receipt)  # there is nothing to take back any more
    store.add(photo(2), "Dog", ABOUT)
    assert kept(store) == ["Dog"]


def test_a_file_in_place_of_the_folder_is_told(store):
    shutil.rmtree(store.folder)
    store.folder.write_bytes(b"")
    with pytest.raises(CannotWrite, match="exists"):
        store.add(photo(1), "Cat", ABOUT)


_FULL = """
import resource, signal, sys
from pathlib import Path
from tests.ui.corrections.conftest import ABOUT, ANSWERS, photo
from ui.corrections.store import CannotWrite, CorrectionStore
store = CorrectionStore(Path(sys.argv[1]), ANSWERS, 10_000_000)
store.add(photo(1), "Cat", ABOUT)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then the system says EFBIG, as ENOSPC
before = sorted((str(path), path.stat().st_size) for path in store.folder.rglob("*"))
for most in (0, 1, 100, 300, 600):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    for shade in range(20, 25):
        try:
            store.add(photo(shade), "Dog", ABOUT)
        except CannotWrite:
            assert sorted((str(path), path.stat().st_size) for path in store.folder.rglob("*")) == before, most
        else:
            raise SystemExit("it was kept")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.add(photo(2), "Dog", ABOUT)
print("kept again")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a system that bounds the size of files")
def test_a_system_that_gives_no_more_room(tmp_path):
    done = subprocess.run([sys.executable, "-c", _FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "kept again\n", done.stderr
    assert len(lines(CorrectionStore(tmp_path, ANSWERS, 10_000_000))) == 2
