"""Uploads that never arrived do not fill the disk; those that did stay as long as they may."""

from __future__ import annotations

import asyncio
import os
import time

from tests.running import run_alone
from ui import leftovers
from ui.leftovers import remove_leftovers, swept


def aged(path, seconds: float):
    path.write_bytes(b"x")
    os.utime(path, (time.time() - seconds,) * 2)
    return path


def test_only_what_was_cut_off_goes(tmp_path):
    (tmp_path / "0123abcd").mkdir()
    (tmp_path / "tmpfolder").mkdir()
    stays = [aged(tmp_path / "0123abcd" / "tmp.jpg", 3600), aged(tmp_path / "photo.jpg", 3600), aged(tmp_path / "tmpnow", 1)]
    goes = aged(tmp_path / "tmpabc", 100)
    remove_leftovers(tmp_path)
    assert not goes.exists()
    assert all(path.exists() for path in stays)
    assert (tmp_path / "tmpfolder").is_dir()


def test_a_folder_that_is_not_there_is_nothing(tmp_path):
    remove_leftovers(tmp_path / "nowhere")


def test_it_goes_on_while_the_server_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "EVERY_SECONDS", 0.01)

    async def run() -> None:
        async with swept(tmp_path):
            for name in ("tmp1", "tmp2"):
                path = aged(tmp_path / name, 100)
                for _ in range(500):
                    if not path.exists():
                        break
                    await asyncio.sleep(0.01)
                assert not path.exists()

    run_alone(run())
