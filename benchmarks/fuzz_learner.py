"""Fuzz the reader of exports: does any change to an export's opcodes make it run, hang, grow or fail other than by ModelError?

    python -m benchmarks.fuzz_learner SECONDS [--seed 4] [--findings FOLDER] [--built-in]

With atheris (`pip install atheris`: Linux on x86-64) coverage of `model/` leads the search; without it, or with --built-in,
changes are drawn blindly, in a process of their own that may hang or die. `tests/mutations.py` makes the changes.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from tests.hostile import Export, honest_export
from tests.mutations import Mutator
from tests.payloads import PAYLOADS, lie_nearby, whole
from tests.pictures import CAT
from tests.watched import MEGABYTES, SECONDS, Hook, Watch, load, warm

MAX_BYTES = 200_000


class Tally:
    """What came of the runs; the first file of every kind of finding is kept."""

    def __init__(self, findings: Path) -> None:
        self.findings = findings
        self.outcomes: Counter[str] = Counter()
        self.kinds: dict[str, Path] = {}
        self.started = time.monotonic()

    def add(self, outcome: str, problems: list[str], content: bytes) -> None:
        self.outcomes[outcome.partition(":")[0]] += 1
        for problem in problems:
            kind = problem[:80]
            if kind not in self.kinds:
                self.findings.mkdir(parents=True, exist_ok=True)
                self.kinds[kind] = self.findings / f"{hashlib.sha256(content).hexdigest()[:12]}.pkl"
                self.kinds[kind].write_bytes(content)
                print(f"finding: {problem[:300]}\n  {self.kinds[kind]}", flush=True)

    def report(self, engine: str, corpus: int) -> None:
        runs, seconds = self.outcomes.total(), time.monotonic() - self.started
        print(f"\n{describe('torch')}; {engine}")
        print("| runs | seconds | runs/s | opened | refused | corpus | findings |\n|---|---|---|---|---|---|---|")
        print(
            f"| {runs:,} | {seconds:.0f} | {runs / max(seconds, 1e-9):.1f} | {self.outcomes['opened']:,} "
            f"| {self.outcomes['refused']:,} | {corpus:,} | {len(self.kinds)} |",
            flush=True,
        )


def blindly(export: Export, place: Path, seconds: float, seed: int, tally: Tally) -> None:
    """Draw changes without looking at what they lead to."""
    canary, path = place / "canary", place / "model.pkl"
    mutator = Mutator(export.pickle, canary, seed)
    with Watch(place / "honest.pkl", CAT, canary) as watch:
        watch.open(place / "honest.pkl")
        tally.started = time.monotonic()
        while time.monotonic() < tally.started + seconds:
            path.write_bytes(export.archive(mutator.variant()))
            result = watch.open(path)
            tally.add(result["outcome"], result["problems"], path.read_bytes())
    tally.report("changes drawn blindly", 1)


def guided(place: Path, seconds: float, seed: int, tally: Tally) -> None:
    """Let atheris keep the changes that reach new code in `model/`. Ends this process."""
    import atheris

    with atheris.instrument_imports(include=["model"]):
        importlib.import_module("model.source")
        for name in ("batch_steps", "dry_run", "layers"):  # imported when a network is built
            importlib.import_module(f"model.fastai_export.{name}")
    canary, path, corpus = place / "canary", place / "model.pkl", place / "corpus"
    export = Export(place / "honest.pkl")
    corpus.mkdir()
    (corpus / "honest").write_bytes(export.pickle)
    for number, payload in enumerate(PAYLOADS):
        content = export.insert(export.position("in_features"), b"X\x01\x00\x00\x00x" + payload.ops(canary))
        if len(content) < MAX_BYTES:
            (corpus / str(number)).write_bytes(content)
    (corpus / "raw").write_bytes(whole(PAYLOADS[0].ops(canary)))
    mutator = Mutator(export.pickle, canary, seed)
    hook = Hook()
    warm(str(place / "honest.pkl"), str(CAT))

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        mutator.dice.seed(seed)
        if mutator.dice.random() < 0.2:
            changed: bytes = atheris.Mutate(data, len(data))
            return changed
        return mutator.variant_of(data)[:max_size]

    def run(data: bytes) -> None:
        content = export.archive(data)
        path.write_bytes(content)
        hook.watch(str(path), str(CAT))
        outcome, problems = load(str(path), str(CAT))
        hook.watching = False
        problems += [f"did {step}" for step in dict.fromkeys(hook.steps)]
        if canary.exists():
            problems.append("ran the payload: the canary was touched")
        tally.add(outcome, problems, content)
        if time.monotonic() > tally.started + seconds:
            tally.report(f"atheris {version('atheris')}, guided by coverage, seed {seed}", sum(1 for _ in corpus.iterdir()))
            os._exit(0)  # as libFuzzer itself ends: it never returns

    tally.started = time.monotonic()
    settings: dict[str, Any] = {
        "seed": seed, "max_len": MAX_BYTES, "timeout": SECONDS, "len_control": 0,
        "rss_limit_mb": 2 * MEGABYTES + 1000, "verbosity": 0, "print_final_stats": 0, "artifact_prefix": f"{tally.findings}/",
    }  # fmt: skip
    options = [f"-{name}={value}" for name, value in settings.items()]
    atheris.Setup([sys.argv[0], *options, str(corpus)], run, custom_mutator=change)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"), help="where files are kept (default: %(default)s)")
    parser.add_argument("--built-in", action="store_true", help="without atheris, even where it is installed")
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.findings.mkdir(parents=True, exist_ok=True)
    tally = Tally(arguments.findings)
    if arguments.place:  # the process that atheris runs in
        guided(arguments.place, arguments.seconds, arguments.seed, tally)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        lie_nearby(place)
        export = Export(honest_export(place / "honest.pkl"))
        if arguments.built_in or importlib.util.find_spec("atheris") is None:
            blindly(export, place, arguments.seconds, arguments.seed, tally)
        else:
            command = [sys.executable, "-m", "benchmarks.fuzz_learner", *sys.argv[1:], "--place", folder]
            beside = {"CANARY": str(place / "canary"), "PYTHONPATH": folder}
            raise SystemExit(subprocess.run(command, env=os.environ | beside).returncode)


if __name__ == "__main__":
    main()
