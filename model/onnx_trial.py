"""A network is tried in a process of its own before this one opens it: within its memory and its clock, or not at all.

A few operations can ask for any amount of memory or time, when the engine folds constants as it loads them, or at the first
photo. What a file says about its sizes proves nothing; a trial does.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from model.errors import ModelError, few, first_line
from model.own_limits import set_clocks
from model.regular_file import open_regular

SECONDS, BYTES_A_SECOND = 10, 10_000_000  # 10 s, and 1 s for every 10 MB of the file
MEMORY, TIMES_FILE, TIMES_PHOTOS = 1_000_000_000, 4, 20  # 1 GB, 4 times the file, and 20 times the photos of the trial
_PHOTOS = 2
_MOST_PASSED = 100
_SHIPPED = Path(__file__).parent / "starter"  # comes with the code, and is trusted as it is

_passed: dict[tuple[str, int, int], dict[str, Any]] = {}  # what is the same to the byte is not tried twice


def try_onnx(path: Path, height: int, width: int, answers: tuple[str, ...]) -> None:
    """Open an ONNX network and give it two photos, in another process.

    Args:
        height, width: of the input in pixels. answers: one name for each logit that it should give.

    Raises:
        ModelError: it takes too long or too much memory, cannot be run, or gives anything but finite float32 logits (2, K).
    """
    if path.resolve().parent == _SHIPPED.resolve() or not sys.executable:
        return
    with open_regular(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
    key = (digest, height, width)
    said = _passed.get(key) or _tried(path.absolute(), size, height, width)
    if "problem" in said:
        raise ModelError(f"{path} {said['problem']}")
    if len(_passed) >= _MOST_PASSED:
        _passed.clear()
    _passed[key] = said
    wanted, sides = [height, width], said["input"]
    if any(isinstance(side, int) and side != want for side, want in zip(sides, wanted, strict=True)):
        raise ModelError(f"{path} takes photos of {sides}, but its config.json names the input {wanted}")
    if said["shape"] != [_PHOTOS, len(answers)]:
        given = said["shape"][1] if len(said["shape"]) == 2 else "a tensor of " + str(said["shape"]) + " instead of"
        raise ModelError(f"{path} gives {given} logits, but its config.json names {len(answers)} answers: {few(answers)}")


def _tried(path: Path, size: int, height: int, width: int) -> dict[str, Any]:
    """What the other process said: {"input": [height, width], "shape": [...]}, or {"problem": what follows the path}."""
    seconds = SECONDS + math.ceil(size / BYTES_A_SECOND)
    memory = MEMORY + TIMES_FILE * size + TIMES_PHOTOS * 4 * _PHOTOS * 3 * height * width
    command = [sys.executable, "-m", "model.onnx_trial", str(path), str(height), str(width), str(memory), str(seconds)]
    # OpenBLAS would take memory for as many threads as there are cores
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parents[1], env=environment, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"problem": f"takes more than {seconds} s to open and to answer two photos, so it is not used"}
    try:
        said: dict[str, Any] = json.loads(done.stdout[-10_000:].splitlines()[-1])
    except (ValueError, IndexError):
        return {"problem": f"ends the process that tries it, with up to {memory / 1e9:.1f} GB of memory, so it is not used"}
    return said


def _try(path: Path, height: int, width: int) -> dict[str, Any]:
    import numpy as np
    import onnxruntime as ort

    from model.network import session_options

    try:
        session = ort.InferenceSession(str(path), session_options(1), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises several unrelated types
        return {"problem": f"is not a usable ONNX network: {first_line(error, limit=500)}"}
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
        return {"problem": "must take one float tensor (N, 3, H, W)"}
    sides = inputs[0].shape[2:]
    height, width = (side if isinstance(side, int) else given for side, given in zip(sides, (height, width), strict=True))
    photos = np.random.default_rng(0).normal(size=(_PHOTOS, 3, height, width)).astype(np.float32)
    try:
        [logits] = session.run([session.get_outputs()[0].name], {inputs[0].name: photos})
    except Exception as error:
        return {"problem": f"cannot answer {_PHOTOS} photos of {height} x {width} pixels: {first_line(error, limit=500)}"}
    if not isinstance(logits, np.ndarray) or logits.dtype != np.float32:
        return {"problem": f"gives {getattr(logits, 'dtype', type(logits).__name__)}, not float32 logits"}
    if not np.isfinite(logits).all():
        return {"problem": "gives logits that are not finite: NaN, or infinities"}
    return {"input": sides, "shape": list(logits.shape)}


def _main() -> None:
    path, height, width, memory, seconds = sys.argv[1:]
    try:
        import resource
    except ImportError:  # Windows has none: the clock alone holds there
        pass
    else:
        resource.setrlimit(resource.RLIMIT_DATA, (int(memory), int(memory)))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    set_clocks(int(seconds), 0)
    print(json.dumps(_try(Path(path), int(height), int(width))), flush=True)
    os._exit(0)


if __name__ == "__main__":
    _main()
