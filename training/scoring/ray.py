"""A function over very many batches of paths, on the workers of a Ray cluster."""

from __future__ import annotations

import logging
import math
import os
import re
import socket
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from model.decode.wall import behind_wall
from training.data.decode import PATIENCE
from training.data.photos import DataError
from training.scoring.scorer import Scorer

ROOT = Path(__file__).resolve().parents[2]
# One task for a worker: long enough to be worth sending, short enough to keep many workers busy to the end.
TASK_BATCHES = 16


class Worker:
    """A Ray actor with a scorer of its own."""

    def __init__(self, load: object) -> None:
        import ray

        self._score: Scorer = ray.get(load)()
        ExitStack().enter_context(behind_wall(1, PATIENCE))  # to the end of this process

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Score the paths in the column `item`, in the bytes that the file system has for them."""
        return self._score([os.fsdecode(path) for path in batch["item"].to_pylist()])


def map_on_ray(
    load: Callable[[], Scorer], paths: Sequence[str], batch_size: int, workers: int | None, address: str | None
) -> Generator[pa.Table]:
    """The scorer's results for batches of the paths, in order; the tables may be longer than a batch.

    Args:
        load: makes the scorer, once in every worker; it travels there by cloudpickle, with the project's modules.
        workers: how many, of one core each; as many as the cluster has cores by default.
        address: of a running cluster. None stands for the one that RAY_ADDRESS names, else a new one on this machine.

    Raises:
        DataError: there is no ray, no such cluster, or the work failed there.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise DataError(f"--ray needs the package ray ({error}): pip install 'ray[data]', or leave --ray out") from None

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    modules = {"py_modules": [str(ROOT / "model"), str(ROOT / "training")], "excludes": ["starter"]}
    cluster = address or os.environ.get("RAY_ADDRESS", "")
    host, _, port = cluster.removeprefix("ray://").rpartition(":")
    try:
        if port.isdigit():  # Ray itself goes on trying for many minutes
            socket.create_connection((host, int(port)), timeout=10).close()
        quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
        ray.init(address, runtime_env=modules, **quiet)
    except (OSError, RuntimeError, ValueError, OverflowError) as error:
        where = f"at {cluster}" if cluster else "here"
        raise DataError(f"no Ray cluster answers {where}: {_reason(error)}") from None
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        tasks = math.ceil(len(paths) / (TASK_BATCHES * batch_size))
        limit = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        results = ray.data.from_items([os.fsencode(path) for path in paths], override_num_blocks=tasks).map_batches(
            Worker,
            batch_size=batch_size,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=limit, initial_size=limit),
            fn_constructor_args=(ray.put(load),),
            num_cpus=1,
        )
        yield from results.iter_batches(batch_size=None, batch_format="pyarrow")
    except Exception as error:  # of Ray, of Ray Data, and of what ran in a worker: types that have nothing in common
        raise DataError(f"Ray stopped: {_reason(error)}") from None
    finally:
        ray.shutdown()


def _reason(error: Exception) -> str:
    """The line that names the first cause, without the tracebacks of the worker around it."""
    lines = str(error).strip().splitlines() or [repr(error)]
    return next((line for line in lines if re.match(r"[\w.]*(Error|Exception): ", line)), lines[-1])
