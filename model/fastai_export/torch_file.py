"""The files that `torch.save` writes, opened without running the pickle inside.

Three layouts: a zip of one pickle and one file per storage (torch ≥ 1.6), torch's older stream of pickles and numbers,
and a bare pickle. Numbers are read straight from the file, and only as many as the file has.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from model.errors import ModelError, first_line
from model.fastai_export.budget import Budget
from model.fastai_export.inert_pickle import InertPickle, read_pickle
from model.fastai_export.inert_tree import Global, Object, Persistent, shown, walk
from model.fastai_export.inert_values import name_of

MAX_PICKLE_BYTES: Final = 256_000_000
_LEGACY_MAGIC: Final = 0x1950A86A20F9469CFC6C
_PATIENCE: Final = 4  # storages and tensors may fill this many times the file's bytes, not more
_SLACK: Final = 1_000_000
_STEPS_FOR_A_TENSOR: Final = 30
_STEPS_FOR_A_LOOK: Final = 3
_MAX_DIMENSIONS: Final = 8
_MAX_BITS: Final = 62  # of a side, a stride or an offset
_MAX_ENTRIES: Final = 50_000  # of a zip: a network of a thousand layers has 4,000
_MAX_EXTRA: Final = 100  # bytes beside an entry of the directory
_MAX_DIRECTORY_BYTES: Final = 10_000_000
_MAX_ORDER: Final = 10  # bytes that name a byte order

_ENTRY: Final = b"PK\x01\x02"  # begins an entry of a zip's directory, of at least this many bytes (APPNOTE.TXT 4.3.12)
_ENTRY_BYTES: Final = 46

_DTYPES: Final = {
    "float32": "f4", "float64": "f8", "float16": "f2", "bfloat16": "bfloat16", "int64": "i8", "int32": "i4", "int16": "i2",
    "int8": "i1", "uint8": "u1", "bool": "?",
}  # fmt: skip
_STORAGES: Final = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8",
    "BoolStorage": "bool", "UntypedStorage": "uint8",
}  # fmt: skip

_STRANGERS: Final = (
    (b"version https://git-lfs", "is a git-lfs pointer, not the model: run `git lfs pull` in its repository"),
    (b"<!doctype html", "is an HTML page, not a model: use the link that downloads (on the Hub `/resolve/`, not `/blob/`)"),
    (b"<html", "is an HTML page, not a model: use the link that downloads (on the Hub `/resolve/`, not `/blob/`)"),
    (b"\x89hdf", "is an HDF5 file, as Keras writes them, not a fastai export"),
    (b"\x1f\x8b", "is compressed with gzip: unpack it first"),
    (b"7z\xbc\xaf", "is a 7z archive: unpack it first"),
    (b"rar!", "is a RAR archive: unpack it first"),
    (b"gguf", "is a GGUF file, not a fastai export"),
)


class _Archive(io.BufferedReader):
    """A zip file whose directory is looked at before `zipfile` makes objects of what is in it.

    Attributes:
        is_open: whether the directory has been read.
    """

    def __init__(self, path: Path) -> None:
        self.is_open = False
        self.path = path
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1, /) -> bytes:
        if self.is_open:
            return super().read(size)
        limit = _MAX_DIRECTORY_BYTES + 1
        content = super().read(limit if size is None or size < 0 else min(size, limit))
        if len(content) == limit:
            raise ModelError(f"{self.path} has a zip directory of more than {_MAX_DIRECTORY_BYTES // 10**6} MB; no export does")
        self._check(content)
        return content

    def _check(self, directory: bytes) -> None:
        at = 0
        for _ in range(_MAX_ENTRIES):
            if not directory.startswith(_ENTRY, at) or len(directory) < at + _ENTRY_BYTES:
                return
            name, extra, comment = struct.unpack_from("<HHH", directory, at + 28)
            if extra > _MAX_EXTRA:
                raise ModelError(f"{self.path} has a zip directory with {extra:,} bytes beside an entry; no export does")
            at += _ENTRY_BYTES + name + extra + comment
        raise ModelError(f"{self.path} is a zip file of more than {_MAX_ENTRIES:,} entries; no export is")

    def __del__(self) -> None:
        self.close()


class TorchFile:
    """A file of `torch.save`: its inert value, and its numbers on demand.

    Attributes:
        value: what was saved, as `model.fastai_export.inert_pickle` reads it.
        names: every name in the pickle. objects: every call in it. looked_up: what those would look up by a name in a string.
        layout: `zip`, `legacy` or `pickle`.
        entries: the names of the zip's files, without their folder; empty for the other layouts.
        budget: what reading it has cost, and may cost.
    """

    def __init__(self, path: Path, trust: bool = False) -> None:
        """Open and read `path`.

        Args:
            trust: whether its owner lifts the budget.

        Raises:
            ModelError: it is no such file, or not a whole one; the message says what it is instead.
        """
        self.path = path
        try:
            self._size = path.stat().st_size
            if not path.is_file():
                raise ModelError(f"{path} is not a file")
            self.budget = Budget(str(path), self._size, trust, "reading its pickle")
            with path.open("rb") as file, self.budget.at_work():
                self._read(file)
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror or error}") from None
        self._storages: dict[str, np.ndarray] = {}
        self._arrays: dict[int, np.ndarray] = {}
        self._spent = 0

    def _read(self, file: BinaryIO) -> None:
        start = file.read(512)
        self.entries: frozenset[str] = frozenset()
        self._legacy: dict[str, tuple[int, int]] = {}
        self._order = "<"
        for magic, sentence in _STRANGERS:
            if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(magic):
                raise ModelError(f"{self.path} {sentence}")
        if not start:
            raise ModelError(f"{self.path} is empty: download it again")
        if start.startswith(b"PK\x03\x04"):
            self.layout = "zip"
            pickle = self._read_zip()
        elif start[:1] == b"\x80" and len(start) > 1 and start[1] <= 5:
            pickle = self._read_stream(file)
        else:
            raise ModelError(f"{self.path} is not a pickle, so not an export: a fastai export is what learn.export() wrote")
        self.value, self.names, self.objects = pickle.value, pickle.names, pickle.objects
        self.looked_up = pickle.looked_up

    def _read_zip(self) -> InertPickle:
        try:
            content = _Archive(self.path)  # open as long as this object is: a network has a thousand storages
            self._archive = zipfile.ZipFile(content)
            content.is_open = True
            pickle = self._check_zip(self._archive)
            if "byteorder" in self.entries:
                self._order = self._byte_order()
            pickled = self._archive.read(pickle)
        except zipfile.BadZipFile as error:
            if "File is not a zip file" in str(error):
                raise ModelError(f"{self.path} is cut short, the end of it is missing: download it again") from None
            raise ModelError(f"{self.path} is damaged: {first_line(error)}; download it again") from None
        except (NotImplementedError, RuntimeError, KeyError, ValueError, EOFError) as error:
            raise ModelError(f"{self.path} is damaged, or not written by torch: {first_line(error)}") from None
        return read_pickle(io.BytesIO(pickled), str(self.path))

    def _byte_order(self) -> str:
        with self._archive.open(f"{self._folder}byteorder") as entry:
            said = entry.read(_MAX_ORDER)
        return {b"little": "<", b"big": ">"}[said]

    def _check_zip(self, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
        """The pickle's entry, where this is a plain archive of torch and nothing cleverer."""
        infos = archive.infolist()
        names = [info.filename for info in infos]
        if any(name.endswith(("constants.pkl", ".py")) or "/code/" in name for name in names):
            raise ModelError(f"{self.path} is a TorchScript archive, which holds code, not a fastai export")
        pickles = [info for info in infos if info.filename.endswith("data.pkl") and info.filename.count("/") <= 1]
        others = [name for name in names if name.lower().endswith((".pkl", ".pickle"))]
        if not pickles:
            raise ModelError(
                f"{self.path} is a zip file without a data.pkl, so not a whole export; if learn.export() failed, export again"
            )
        if len(others) > 1 or len(set(names)) != len(names):
            raise ModelError(f"{self.path} holds several pickles, or files of the same name; no export does")
        if any(info.flag_bits & 0x1 for info in infos):
            raise ModelError(f"{self.path} is an encrypted zip file; no export is")
        if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
            raise ModelError(
                f"{self.path} is a compressed zip file; torch never compresses: unpack it first, if it holds an export"
            )
        if any(info.file_size > self._size for info in infos) or pickles[0].file_size > MAX_PICKLE_BYTES:
            raise ModelError(f"{self.path} is damaged: it names more bytes than it has")
        self._folder = pickles[0].filename.removesuffix("data.pkl")
        self.entries = frozenset(name.removeprefix(self._folder) for name in names)
        return pickles[0]

    def _read_stream(self, file: BinaryIO) -> InertPickle:
        """A bare pickle, or torch's older layout: magic number, version, system, the pickle, storage keys, storages."""
        file.seek(0)
        stream = io.BytesIO(file.read(MAX_PICKLE_BYTES + 1))
        pickle = read_pickle(stream, str(self.path))
        if pickle.value != _LEGACY_MAGIC:
            self.layout = "pickle"
            if self._size > MAX_PICKLE_BYTES:
                raise ModelError(f"{self.path} is no export: a pickle of more than {MAX_PICKLE_BYTES // 1_000_000} MB")
            return pickle
        self.layout = "legacy"
        read_pickle(stream, str(self.path))
        system = read_pickle(stream, str(self.path)).value
        if isinstance(system, dict) and system.get("little_endian") is False:
            self._order = ">"
        pickle = read_pickle(stream, str(self.path))
        keys = read_pickle(stream, str(self.path)).value
        if not isinstance(keys, list):
            raise ModelError(f"{self.path} is damaged: it does not list its storages")
        sizes = _storage_sizes(pickle.value)
        at = stream.tell()
        for key in keys:
            file.seek(at)
            count = int.from_bytes(file.read(8), "little" if self._order == "<" else "big")
            if not isinstance(key, str) or key not in sizes:
                raise ModelError(f"{self.path} is damaged: its storages do not fit its pickle")
            self._legacy[key] = (at + 8, count * sizes[key])
            at += 8 + count * sizes[key]
            if at > self._size:
                raise ModelError(f"{self.path} is cut short, the end of it is missing: download it again")
        return pickle

    def array(self, value: Any) -> np.ndarray | None:
        """The numbers of a tensor, as an array of its shape; bfloat16 becomes float32. None where it is no tensor.

        The array is a read-only view: many tensors over the same storage cost nothing.

        Raises:
            ModelError: the tensor does not lie inside its storage, or the storage is not in the file.
        """
        if not isinstance(value, Object):
            return None
        if id(value) not in self._arrays:
            numbers = self._tensor(value)
            if numbers is None:
                return None
            self.budget.spend(_STEPS_FOR_A_TENSOR)
            wide = numbers.dtype.kind == "f" and numbers.itemsize < 4  # float16 becomes float32
            self._spend(numbers.size * (4 if wide else numbers.itemsize))
            self._arrays[id(value)] = numbers
        return self._arrays[id(value)]

    def _tensor(self, value: Object) -> np.ndarray | None:
        self.budget.spend(_STEPS_FOR_A_LOOK + len(value.args) // 100)  # of tensors of tensors of tensors …
        match name_of(value), value.args:
            case "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor", (
                Persistent() as storage,
                at,
                size,
                stride,
                *_,
            ):
                return self._view(storage, at, size, stride, None)
            case "torch._utils._rebuild_tensor_v3", (Persistent() as storage, at, size, stride, _, _, Global() as dtype, *_):
                return self._view(storage, at, size, stride, dtype.name)
            case "torch._tensor._rebuild_from_type_v2", (_, _, tuple() as args, *_):
                return self._tensor(Object(value.args[0], args))
            case "torch._tensor._rebuild_from_type", (function, _, tuple() as args, *_):
                return self._tensor(Object(function, args))
            case "fastai.torch_core._fa_rebuild_tensor", (_, *args):
                return self._tensor(Object(Global("torch._utils", "_rebuild_tensor_v2"), tuple(args)))
            case "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state", (Object() as data, *_):
                return self._tensor(data)
            case "torch.nn.parameter.Parameter" | "torch.nn.parameter.Buffer", (Object() as data, *_):
                return self._tensor(data)
        return None

    def _view(self, storage: Persistent, at: Any, size: Any, stride: Any, dtype: str | None) -> np.ndarray:
        numbers = self._storage(storage, dtype)
        shape, steps = _sides(size), _sides(stride)
        if (
            shape is None
            or steps is None
            or len(shape) != len(steps)
            or not all(type(n) is int and n >= 0 and n.bit_length() <= _MAX_BITS for n in (at, *shape, *steps))
            or math.prod(side or 1 for side in shape) > self._size  # of nothing, there can be any number of rows
        ):
            raise ModelError(f"{self.path} is damaged: a tensor has no proper shape")
        count = math.prod(shape)
        last = at + sum((side - 1) * step for side, step in zip(shape, steps, strict=True)) if count else at
        if count > numbers.size or last >= max(numbers.size, 1) + (count == 0):
            raise ModelError(f"{self.path} is damaged: a tensor reaches past its numbers")
        strides = [step * numbers.itemsize for step in steps]
        return np.lib.stride_tricks.as_strided(numbers[at:], shape, strides, writeable=False)

    def _storage(self, storage: Persistent, dtype: str | None) -> np.ndarray:
        """The numbers of one storage, one-dimensional."""
        match storage.id:
            case ("storage", Global() as kind, str() as key, str(), int() as count, *_):
                pass
            case _:
                raise ModelError(f"{self.path} is damaged: it refers to something that is not a storage of numbers")
        stored = dtype or _STORAGES.get(kind.name)
        code = _DTYPES.get(stored or "")
        if code is None or kind.module not in ("torch", "torch.storage", "torch.cuda"):
            raise ModelError(f"{self.path} has numbers of the type {shown(dtype or str(kind))}, which this version cannot read")
        cached = f"{key} {stored}"
        if cached not in self._storages:
            content = self._content(key)
            if code == "bfloat16":
                content = content[: len(content) // 2 * 2]
                wide = np.frombuffer(content, f"{self._order}u2").astype(np.uint32) << 16
                numbers = wide.view(np.float32)
            else:
                item = np.dtype(self._order + code if code != "?" else code)
                numbers = np.frombuffer(content, item, len(content) // item.itemsize)
            expected = count if kind.name != "UntypedStorage" else 0
            if numbers.size < expected:
                raise ModelError(
                    f"{self.path} is damaged: the storage {shown(key)} has {numbers.size} numbers, not {shown(count)}"
                )
            self._storages[cached] = numbers
            self._spend(numbers.nbytes)
        return self._storages[cached]

    def _spend(self, count: int) -> None:
        self._spent += count
        if self._spent > _PATIENCE * self._size + _SLACK:
            raise ModelError(f"{self.path} uses the same bytes for more tensors than it has numbers for; no export does")

    def _content(self, key: str) -> bytes:
        if self.layout == "legacy" and key in self._legacy:
            at, length = self._legacy[key]
            with self.path.open("rb") as file:
                file.seek(at)
                return file.read(length)
        if self.layout == "zip" and f"data/{key}" in self.entries:
            try:
                return self._archive.read(f"{self._folder}data/{key}")
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
                raise ModelError(f"{self.path} is damaged: {first_line(error)}; download it again") from None
        raise ModelError(f"{self.path} is damaged or cut short: the storage {shown(key)} is missing")


def _sides(value: Any) -> list[Any] | None:
    """A tensor's shape or strides, where they are few enough to be one's."""
    if isinstance(value, Object) and name_of(value) == "torch.Size" and len(value.args) == 1:
        value = value.args[0]
    return list(value) if isinstance(value, (tuple, list)) and len(value) <= _MAX_DIMENSIONS else None


def _storage_sizes(value: Any) -> dict[str, int]:
    """Bytes per number of every storage that is referred to, by its key."""
    sizes: dict[str, int] = {}
    for part in walk(value):
        match part:
            case Persistent(("storage", Global() as kind, str() as key, *_)):
                code = _DTYPES.get(_STORAGES.get(kind.name, ""), "")
                sizes[key] = 2 if code == "bfloat16" else np.dtype(code or "u1").itemsize
    return sizes
