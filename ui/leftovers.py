"""What uploads leave behind that were cut off, or met a full disk: Gradio forgets these files, and nobody deletes them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

EVERY_SECONDS = 30
SILENT_SECONDS = 60  # after which nothing more comes of an upload


@asynccontextmanager
async def swept(folder: Path) -> AsyncIterator[None]:
    """While the block runs, the folder of uploads is looked through every half minute."""
    sweeping = asyncio.create_task(_sweep(folder))
    try:
        yield
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping


def remove_leftovers(folder: Path, silent_seconds: float = SILENT_SECONDS) -> None:
    """Delete what lies in `folder` itself and was not written to for a while: uploads that arrived lie in folders in it."""
    oldest = time.time() - silent_seconds
    for path in folder.glob("tmp*"):
        with suppress(OSError):  # it arrived this moment, and has another place
            if path.is_file() and not path.is_symlink() and path.stat().st_mtime < oldest:
                path.unlink()


async def _sweep(folder: Path) -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        with suppress(OSError):
            await asyncio.to_thread(remove_leftovers, folder)
