"""The script as it is run: a process of its own where it is stopped or uses Ray, `main` where it only answers."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from filelock import FileLock
from PIL import Image

from model.network import available_cores
from model.photo_files import AGAIN, ARCHIVE, HIDDEN, NOT_PHOTOS, NOWHERE
from tests.pictures import CAT, COFFEE, encoded, quadrants
from tests.running import ROOT
from training import score

COLUMNS = ["path", "label", "probability", "p_Cat", "p_Dog", "p_neither", "error"]
ENVIRONMENT = os.environ | {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes, pipes, limits of the system")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training.score", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, env=ENVIRONMENT, cwd="/", check=False)


def started(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "training.score", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


def drawn(folder: Path, count: int) -> Path:
    """A folder of pictures that all differ."""
    folder.mkdir(parents=True)
    dice = np.random.default_rng(7)
    for number in range(count):
        Image.fromarray(dice.integers(0, 255, (40, 40, 3), np.uint8)).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture
def main(monkeypatch, capsys):
    """Run the script in this process; what it prints."""

    def call(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["score.py", *map(str, arguments)])
        score.main()
        return capsys.readouterr().out

    return call


@pytest.fixture
def refused(main):
    """Run the script in this process; the sentence it ends with."""

    def call(*arguments: object) -> str:
        with pytest.raises(SystemExit) as caught:
            main(*arguments)
        sentence = str(caught.value)
        assert "\n" not in sentence
        return sentence

    return call


def test_a_folder_with_all_its_subfolders(main, classifier, tmp_path):
    photos = tmp_path / "photos"
    (photos / "a b" / "ç").mkdir(parents=True)
    shutil.copy(CAT, photos / "cat.JPG")
    shutil.copy(COFFEE, photos / "a b" / "ç" / '☕ it\'s, "hot".jpg')
    (photos / "notes.txt").write_text("not a photo")
    (photos / ".hidden.jpg").write_bytes(b"")
    printed = main(photos, tmp_path / "out")

    table = pd.read_parquet(tmp_path / "out")
    assert list(table.columns) == COLUMNS
    assert list(table["path"]) == ['a b/ç/☕ it\'s, "hot".jpg', "cat.JPG"]
    assert list(table["label"]) == ["neither", "Cat"]
    assert table["error"].isna().all()
    assert (table[["probability", "p_Cat", "p_Dog", "p_neither"]].dtypes == "float32").all()
    expected = classifier.classify([COFFEE, CAT])
    found = table[["p_Cat", "p_Dog", "p_neither"]].to_numpy()
    assert found == pytest.approx(np.array([each.probabilities for each in expected]), abs=1e-5)
    assert list(table["probability"]) == pytest.approx([each.probability for each in expected], abs=1e-5)
    assert "2 photos in" in printed
    assert "Cat              1\n" in printed
    assert "errors           0\n" in printed


def test_bad_photos_are_rows_with_an_error(main, tmp_path):
    photos = drawn(tmp_path / "photos", 1)
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "text.jpg").write_text("hello")
    (photos / "cut.jpg").write_bytes(encoded(quadrants(400, 300), "JPEG")[:900])
    (photos / "huge.jpg").write_bytes(b"\xff\xd8" + b"\0" * 20_000_001)
    printed = main(photos, tmp_path / "out")
    table = pd.read_parquet(tmp_path / "out").set_index("path")
    assert table.loc["000.png", "error"] is None or pd.isna(table.loc["000.png", "error"])
    bad = table.drop("000.png")
    assert bad[["label", "probability", "p_Cat", "p_Dog", "p_neither"]].isna().all().all()
    words = {"empty.jpg": "no bytes", "text.jpg": "not a photo", "cut.jpg": "cut off", "huge.jpg": "larger than 20 MB"}
    assert set(bad.index) == set(words)
    assert all(words[path] in error for path, error in bad["error"].items())
    assert "errors           4\n" in printed


def test_a_list_of_paths_starts_at_its_own_folder(main, tmp_path):
    drawn(tmp_path / "photos", 3)
    absolute = str(tmp_path / "photos" / "001.png")
    lines = ["photos/002.png", "", absolute, "photos/gone.png", "photos", "photos/002.png"]
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    main(tmp_path / "list.txt", tmp_path / "out")
    table = pd.read_parquet(tmp_path / "out")
    assert list(table["path"]) == [line for line in lines if line]
    assert list(table["error"].isna()) == [True, True, False, False, True]
    assert "There is no file" in table["error"][2]
    assert "is a folder" in table["error"][3]


@pytest.mark.parametrize(
    "text", ["label,Path\ncat,photos/000.png\n\ndog,photos/001.png\n", '"photos/000.png",cat\nphotos/001.png,dog']
)
def test_a_csv_list(main, tmp_path, text):
    drawn(tmp_path / "photos", 2)
    (tmp_path / "list.csv").write_text(text)
    main(tmp_path / "list.csv", tmp_path / "out")
    table = pd.read_parquet(tmp_path / "out")
    assert list(table["path"]) == ["photos/000.png", "photos/001.png"]
    assert table["error"].isna().all()


@needs_linux
def test_names_of_any_bytes_and_things_that_are_not_files(main, tmp_path):
    photos = drawn(tmp_path / "photos", 1)
    odd = [b"caf\xe9.png", b"two\nlines.png", b"\xe2\x80\xa8.png"]
    for name in odd:
        shutil.copy(photos / "000.png", os.fsencode(photos) + b"/" + name)
    os.mkfifo(photos / "pipe.png")
    printed = main(photos, tmp_path / "out")
    table = pd.read_parquet(tmp_path / "out").set_index("path")
    assert set(table.index) == {"000.png", "caf\\xe9.png", "two\nlines.png", "\u2028.png"}
    assert table["error"].isna().all()
    assert "left out, pipes, sockets and devices: 1 (pipe.png)" in printed

    (tmp_path / "list.txt").write_bytes(b"photos/caf\xe9.png\nphotos/\xe2\x80\xa8.png\nphotos/pipe.png\n")
    main(tmp_path / "list.txt", tmp_path / "listed")
    listed = pd.read_parquet(tmp_path / "listed")
    assert list(listed["path"]) == ["photos/caf\\xe9.png", "photos/\u2028.png", "photos/pipe.png"]
    assert list(listed["error"].fillna("")) == ["", "", "This is a pipe, not a photo."]


@needs_linux
def test_folders_of_any_bytes(main, tmp_path):
    photos = drawn(tmp_path / os.fsdecode(b"f\xfcr"), 2)
    out = tmp_path / os.fsdecode(b"\xfcber")
    assert "2 photos in " in main(photos, out, "--part-size", 1)
    (out / "part-00001.parquet").unlink()
    printed = main(photos, out)
    assert "\\xfcber, by cat-or-dog-starter" in printed
    assert "1 of them scored now" in printed


def test_a_photo_is_what_begins_as_one_and_the_rest_is_counted_and_said(main, tmp_path):
    photos = tmp_path / "photos"
    for name in ("cat", "a/cat.jfif", "a/b/IMG_1.jpg?width=800", "cat.JPE", ".ipynb_checkpoints/cat.jpg", "__MACOSX/._cat.jpg",
                 "a/.thumbs/cat.jpg", "@eaDir/cat.jpg"):  # fmt: skip
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CAT, photos / name)
    for number in range(4):
        (photos / f"{number}.txt").write_text("notes")
    (photos / "more.zip").write_bytes(b"PK\3\4")
    (photos / "thumbs.db").write_bytes(b"?")
    (photos / "broken.HEIC").write_text("hello")
    printed = main(photos, tmp_path / "out")
    table = pd.read_parquet(tmp_path / "out")
    assert list(table["path"]) == ["a/b/IMG_1.jpg?width=800", "a/cat.jfif", "broken.HEIC", "cat", "cat.JPE"]
    assert list(table["label"].fillna("")) == ["Cat", "Cat", "", "Cat", "Cat"]
    said = json.loads((tmp_path / "out" / "_run.json").read_text("utf-8"))["left_out"]
    assert {each["reason"]: each["count"] for each in said} == {HIDDEN: 5, NOT_PHOTOS: 4, ARCHIVE: 1}
    assert f"left out, {NOT_PHOTOS}: 4 (0.txt, 1.txt, 2.txt, …)" in printed.splitlines()
    assert f"left out, {ARCHIVE}: 1 (more.zip)" in printed.splitlines()


def test_links_are_followed_once_and_circles_end(main, tmp_path):
    photos = drawn(tmp_path / "photos", 1)
    elsewhere = drawn(tmp_path / "elsewhere", 2)
    (photos / "linked").symlink_to(elsewhere)
    (photos / "again").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(photos)
    (photos / "nowhere.jpg").symlink_to(photos / "gone.jpg")
    printed = main(photos, tmp_path / "out")
    assert list(pd.read_parquet(tmp_path / "out")["path"]) == ["000.png", "again/000.png", "again/001.png"]
    assert f"left out, {AGAIN}: 2" in printed
    assert f"left out, {NOWHERE}: 1 (nowhere.jpg)" in printed


def test_a_run_that_was_begun_before_goes_on(main, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    names = ["a-b/1.png", "a/1.png", "a/2.png", "z.png"]  # as text sorts them
    drawn(photos, 1)
    for name in names:
        (photos / name).parent.mkdir(exist_ok=True)
        shutil.copy(photos / "000.png", photos / name)
    (photos / "000.png").unlink()
    main(photos, out, "--part-size", 2)
    begun = json.loads((out / "_run.json").read_text("utf-8"))
    assert begun["paths_sha256"] == hashlib.sha256("\0".join(names).encode()).hexdigest()
    del begun["left_out"]  # which was not counted then
    (out / "_run.json").write_text(json.dumps(begun))
    (out / "part-00001.parquet").unlink()
    assert "2 of them scored now" in main(photos, out)
    assert list(pd.read_parquet(out)["path"]) == names


def test_a_killed_run_goes_on_and_every_photo_is_there_once(tmp_path):
    photos, out = drawn(tmp_path / "photos", 240), tmp_path / "out"
    process = started(photos, out, "--part-size", 8, "--workers", 1)
    while not list(out.glob("part-*.parquet")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    finished = {path: path.stat().st_mtime_ns for path in out.glob("part-*.parquet")}
    assert 1 <= len(finished) < 30
    (out / ".part-00029.parquet.part").write_bytes(b"PAR1 half of it")

    done = run(photos, out, "--workers", 1)  # the parts keep their size
    assert done.returncode == 0, done.stderr
    assert f"going on: {len(finished)} of 30 parts are finished, {8 * len(finished)} photos" in done.stdout
    assert f"{240 - 8 * len(finished)} of them scored now" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert {path.name for path in out.iterdir()} - {".lock"} == {"_run.json", *(f"part-{i:05}.parquet" for i in range(30))}
    table = pq.read_table(out)
    assert table["path"].to_pylist() == [f"{number:03}.png" for number in range(240)]
    assert table["error"].null_count == 240

    again = run(photos, out)
    assert "going on: 30 of 30 parts are finished, 240 photos" in again.stdout
    assert "scored now" not in again.stdout


def test_ctrl_c_ends_with_a_sentence(interruptible, tmp_path):
    photos, out = drawn(tmp_path / "photos", 240), tmp_path / "out"
    process = started(photos, out, "--part-size", 8, "--workers", 1)
    while not list(out.glob("part-*.parquet")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Stopped: the same command goes on where it stopped." in errors
    assert "Traceback" not in errors
    assert not list(out.glob(".part-*"))


@needs_linux
def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path):
    photos, out = drawn(tmp_path / "photos", 2), tmp_path / "out"
    code = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500));"
        f"sys.argv = ['score.py', {str(photos)!r}, {str(out)!r}];"
        "runpy.run_module('training.score', run_name='__main__', alter_sys=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 1
    assert f"{out / 'part-00000.parquet'} cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in out.iterdir()} - {".lock"} == {"_run.json"}
    assert run(photos, out).returncode == 0
    assert pq.read_table(out).num_rows == 2


def test_another_model_other_photos_and_a_run_at_the_same_time_are_refused(main, refused, folder, config, tmp_path):
    photos, out = drawn(tmp_path / "photos", 2), tmp_path / "out"
    main(photos, out)
    document, write = config
    write(document | {"name": "mine"})
    sentence = refused(photos, out, "--model", folder)
    assert "begun with the model cat-or-dog-starter, revision embedded" in sentence
    assert "mine, revision local" in sentence
    with FileLock(out / ".lock"):
        assert "another run is writing to" in refused(photos, out)
    shutil.copy(photos / "000.png", photos / "002.png")
    assert "another list: 2 photos then, 3 now" in refused(photos, out)
    (photos / "002.png").unlink()
    (out / "part-00000.parquet").write_bytes(b"PAR1")
    assert "is damaged" in refused(photos, out)
    (out / "part-00000.parquet").unlink()
    assert "2 of them scored now" in main(photos, out)
    (out / "_run.json").write_text("{}")
    assert "is damaged, or of another version" in refused(photos, out)


def test_the_columns_are_named_after_the_models_answers(main, folder, config, tmp_path):
    document, write = config
    write(document | {"labels": ["Kätzchen", "path"]})
    main(drawn(tmp_path / "photos", 1), tmp_path / "out", "--model", folder)
    names = ["path", "label", "probability", "p_Kätzchen", "p_path", "p_neither", "error"]
    assert pq.read_table(tmp_path / "out").column_names == names
    assert json.loads((tmp_path / "out" / "_run.json").read_text("utf-8"))["answers"] == ["Kätzchen", "path", "neither"]


def test_photos_that_cannot_be_found_end_with_a_sentence(refused, tmp_path):
    out = tmp_path / "out"
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing" / "notes.txt").write_text("")
    sentence = refused(tmp_path / "nothing", out)
    assert "holds no photos (JPEG, PNG" in sentence
    assert f"left out, {NOT_PHOTOS}: 1 (notes.txt)" in sentence
    (tmp_path / "bare").mkdir()
    assert "it is empty" in refused(tmp_path / "bare", out)
    assert "there is no folder and no list" in refused(tmp_path / "none", out)
    shutil.copy(CAT, tmp_path / "cat")
    (tmp_path / "list.jpg?x=1").write_text("a.jpg")
    for photo in (CAT, tmp_path / "cat", tmp_path / "list.jpg?x=1"):
        assert "is a photo, no folder and no list: `python -m model PHOTO`" in refused(photo, out)
    (tmp_path / "photos.tar.gz").write_bytes(b"\x1f\x8b")
    assert "is an archive: unpack it" in refused(tmp_path / "photos.tar.gz", out)
    assert "save it as UTF-8" in refused(ROOT / "model" / "starter" / "model.onnx", out)
    (tmp_path / "empty.txt").write_text("\n\n")
    assert "names no photos" in refused(tmp_path / "empty.txt", out)
    (tmp_path / "gap.csv").write_text("label,path\ncat,a.jpg\ndog\n")
    assert "gap.csv, line 3: there is no path" in refused(tmp_path / "gap.csv", out)
    assert not out.exists()


def test_an_out_that_is_something_else_is_left_alone(refused, tmp_path):
    photos = drawn(tmp_path / "photos", 1)
    assert "holds other things than results" in refused(photos, photos)
    assert "is a file" in refused(photos, photos / "000.png")
    assert "cannot be written to" in refused(photos, photos / "000.png" / "out")
    assert [path.name for path in photos.iterdir()] == ["000.png"]
    assert "no model folder" in refused(photos, tmp_path / "out", "--model", "nobody")
    assert not (tmp_path / "out").exists()


def test_ray_that_is_not_there_is_said(refused, monkeypatch, tmp_path):
    photos = drawn(tmp_path / "photos", 1)
    assert "no Ray cluster answers at 127.0.0.1:9" in refused(photos, tmp_path / "out", "--ray", "127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "ray", None)
    assert "--ray needs the package ray" in refused(photos, tmp_path / "out", "--ray")


@pytest.mark.slow
def test_ray_finishes_a_run_with_the_same_rows(tmp_path):
    photos, out = drawn(tmp_path / "photos", 60), tmp_path / "out"
    (photos / "broken.jpg").write_text("hello")
    (photos / "grün.jpg").write_bytes(encoded(quadrants(), "JPEG"))
    local = run(photos, tmp_path / "local", "--part-size", 20)
    assert local.returncode == 0, local.stderr
    expected = pd.read_parquet(tmp_path / "local")
    shutil.copytree(tmp_path / "local", out)
    for name in ("part-00000.parquet", "part-00002.parquet", "part-00003.parquet"):
        (out / name).unlink()

    done = run(photos, out, "--ray", "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "going on: 1 of 4 parts are finished, 20 photos" in done.stdout
    assert "42 of them scored now" in done.stdout
    assert pq.read_schema(out / "part-00000.parquet") == pq.read_schema(tmp_path / "local" / "part-00000.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(out), expected, rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(available_cores() < 2, reason="needs two cores")
def test_two_ray_workers_share_the_work_and_the_order_is_kept():
    code = """
import os, time
import pyarrow as pa
from training.scoring.ray import map_on_ray

def load():
    def scorer(paths):
        time.sleep(0.05 if os.getpid() % 2 else 0.1)
        return pa.table({"path": paths, "worker": [os.getpid()] * len(paths)})
    return scorer

paths = [f"{number}.jpg" for number in range(400)]
table = pa.concat_tables(map_on_ray(load, paths, 2, 2, None))
assert table["path"].to_pylist() == paths
assert len(set(table["worker"].to_pylist())) == 2, set(table["worker"].to_pylist())
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, env=ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stderr
