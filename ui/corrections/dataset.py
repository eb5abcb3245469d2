"""Corrections go on from their folder to a dataset on the Hub: one commit every few minutes, and one when the app ends."""

from __future__ import annotations

import atexit
import logging
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from model.errors import first_line
from model.whole import write_text
from ui.corrections.store import LOG, CorrectionStore

EVERY_SECONDS = 300  # the Hub allows about a hundred commits an hour
_ID = ".dataset-log"

logger = logging.getLogger(__name__)


class CorrectionDataset:
    """Copies a folder of corrections into a dataset, whose size counts among the folder's.

    What a visitor may still undo is not sent yet: a dataset remembers everything in its history. A dataset that does not
    exist is made, private. Each folder writes a log of its own there, so that several apps can share a dataset.

    Args:
        store: the folder.
        repo: `user/name`; the token is HF_TOKEN.

    Raises:
        ValueError: the dataset cannot be made or read.
    """

    def __init__(self, store: CorrectionStore, repo: str) -> None:
        self.repo = repo
        self._store = store
        self._api = HfApi()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        try:
            self._api.create_repo(repo, repo_type="dataset", private=True, exist_ok=True)
            info = self._api.dataset_info(repo, files_metadata=True)
        except Exception as error:  # the client and the network raise their own
            raise ValueError(f"CORRECTIONS_REPO: the dataset {repo} cannot be used: {first_line(error)}") from None
        self.is_private = bool(info.private)
        files = {file.rfilename: file.size or 0 for file in info.siblings or []}
        self._there = {name: label for label, _, name in (path.partition("/") for path in files) if label in store.labels}
        here = {path.name for path in store.folder.glob("*/*.jpg")}
        store.elsewhere = sum(size for path, size in files.items() if path.rpartition("/")[2] not in here)
        self._log = f"corrections-{self._folder_id()}.jsonl"

    def start(self) -> None:
        """Send what there is every five minutes, on a thread, and at the end of the process, also where SIGTERM ends it."""
        threading.Thread(target=self._run, name="corrections", daemon=True).start()
        atexit.register(self.close)
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _leave)  # else the process would end without its exit functions

    def close(self) -> None:
        """Send everything, also what could still have been undone: nobody can any more."""
        self._ended.set()
        try:
            is_sent = self.send(everything=True)
        except OSError:
            is_sent = False
        if not is_sent:
            logger.warning("Corrections that were not sent are in %s", self._store.folder)

    def send(self, everything: bool = False) -> bool:
        """One commit of what is new or has another label; whether all is there now."""
        with self._lock:
            changed = list(self._changed())
            waiting = set() if everything else self._store.undoable()  # asked after: what was undone since is gone below
            additions, deletions, sent = [], [], {}
            for name, label, content in changed:
                if name in waiting or self._store.label_of(name) != label:
                    continue
                additions.append(CommitOperationAdd(f"{label}/{name}", content))
                if name in self._there:
                    deletions.append(CommitOperationDelete(f"{self._there[name]}/{name}"))
                sent[name] = label
            if not sent:
                return True
            log = CommitOperationAdd(self._log, (self._store.folder / LOG).read_bytes())
            try:
                for addition in additions:  # one by one: more would need threads, which a process that ends has not
                    self._api.preupload_lfs_files(self.repo, [addition], repo_type="dataset")
                self._api.create_commit(
                    self.repo, [*additions, *deletions, log], repo_type="dataset", num_threads=1,
                    commit_message=f"Corrections by visitors: {len(sent)}",
                )  # fmt: skip
            except Exception as error:  # the client and the network raise their own; the next round tries again
                logger.warning("%d corrections could not be sent to %s: %s", len(sent), self.repo, first_line(error))
                return False
            self._there.update(sent)
            return True

    def _changed(self) -> Iterator[tuple[str, str, bytes]]:
        """(name, label, content) of every photo that the dataset does not have, or under another label."""
        for path in sorted(self._store.folder.glob("*/*.jpg")):
            name, label = path.name, path.parent.name
            if name.startswith(".") or self._there.get(name) == label:
                continue
            try:
                content = path.read_bytes()
            except FileNotFoundError:  # it got another label, or was undone, this moment
                continue
            yield name, label, content

    def _run(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            try:
                self.send()
            except OSError as error:  # the folder cannot be read now; the next round tries again
                logger.warning("corrections could not be sent to %s: %s", self.repo, first_line(error))

    def _folder_id(self) -> str:
        path = self._store.folder / _ID
        try:
            if not path.is_file():
                write_text(path, secrets.token_hex(4))
            return path.read_text("ascii")
        except OSError as error:
            raise ValueError(f"corrections cannot be kept in {self._store.folder}: {error.strerror}") from None


def _leave(*_: Any) -> None:
    sys.exit(0)
