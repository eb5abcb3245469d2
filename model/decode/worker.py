"""A process that opens photos for another one, see `model.decode.wall`.

It reads a request from its standard input, answers on its standard output, and ends where its input ends. Before it sees a
photo it gives up what it does not need. What a decoder prints is thrown away.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from io import BufferedReader, FileIO

from PIL import AvifImagePlugin, Image

from model.decode.frames import Lost, Said, receive, send
from model.own_limits import address_space, bound_memory, set_clocks, trim_memory
from model.photo import MAX_BYTES, examine_photo, open_photo, photo_facts
from model.photo_problems import PhotoError

_STRIP = 2_000_000  # bytes of pixels that are sent together
_MUCH = 50_000_000  # bytes that decoders left taken, with which memory is given back, or else the process replaced
_SOON = 1  # seconds


def main(processor: float, clock: float, memory: int) -> None:
    """Open photos until there are no more requests.

    Args:
        processor, clock: seconds per photo after which the system ends this process: of processor time, and on the wall.
        memory: bytes over what the process begins with.
    """
    requests, replies = BufferedReader(FileIO(0, "rb")), FileIO(1, "wb")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that asks
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    base = address_space()
    _give_up()
    if base:
        bound_memory(base + memory)
    send(replies, {"ready": True})
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    is_last = False
    while not is_last:
        if not _comes_soon():
            trim_memory()
        try:
            asked, data = receive(requests, MAX_BYTES)
        except Lost:
            return
        began = time.process_time()
        set_clocks(processor, clock)
        said, photo = _answer(asked, data)
        set_clocks(0, 0)
        if address_space() > base + _MUCH:
            trim_memory()
            is_last = address_space() > base + _MUCH
        said |= {"seconds": time.process_time() - began, "last": is_last}
        if photo is None:
            send(replies, said)
        else:
            send(replies, said | {"size": photo.size}, _strips(photo), 3 * photo.width * photo.height)


def _answer(asked: Said, data: bytes) -> tuple[Said, Image.Image | None]:
    at_least = asked["at_least"] and (asked["at_least"][0], asked["at_least"][1])
    try:
        if asked["job"] == "facts":
            return {"facts": photo_facts(data)}, None
        if asked["job"] == "open":
            return {}, open_photo(data, at_least)
        photo, facts, readable, rows = examine_photo(data, at_least)
        return {"facts": facts, "readable": readable, "rows": rows}, photo
    except PhotoError as error:
        return {"error": [type(error).__name__, error.code, error.values]}, None


def _strips(photo: Image.Image) -> Iterator[bytes]:
    """The pixels of an RGB photo, a part at a time: all of them once more would be much."""
    rows = max(1, _STRIP // (3 * photo.width))
    if rows >= photo.height:
        yield photo.tobytes()
        return
    for top in range(0, photo.height, rows):
        yield photo.crop((0, top, photo.width, min(top + rows, photo.height))).tobytes()


def _comes_soon() -> bool:
    """Whether the next request is there within a second, where that can be told; True elsewhere."""
    return os.name != "posix" or bool(select.select([0], [], [], _SOON)[0])


def _give_up() -> None:
    """Files to write, and a dump of the memory."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(kind, (0, 0))


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
