"""A short run of the fuzzer; `python -m benchmarks.fuzz_learner` is the long one."""

from __future__ import annotations

import time

import pytest

from tests.hostile import Export, honest_export
from tests.mutations import Mutator
from tests.payloads import lie_nearby
from tests.pictures import CAT
from tests.watched import Watch

SECONDS = 20
SEED = 4


@pytest.mark.slow
def test_no_change_to_an_export_makes_it_run_anything(tmp_path):
    lie_nearby(tmp_path)
    canary, path = tmp_path / "canary", tmp_path / "model.pkl"
    export = Export(honest_export(tmp_path / "honest.pkl"))
    mutator = Mutator(export.pickle, canary, SEED)
    outcomes = {"opened": 0, "refused": 0}
    with Watch(tmp_path / "honest.pkl", CAT, canary, reader="load") as watch:
        watch.open(tmp_path / "honest.pkl")
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            variant = mutator.variant()
            path.write_bytes(export.archive(variant))
            result = watch.open(path)
            if result["problems"]:
                kept = path.rename(tmp_path / "finding.pkl")
                raise AssertionError(f"{result}; variant {sum(outcomes.values())} of seed {SEED}, kept as {kept}")
            outcomes[result["outcome"].partition(":")[0]] += 1
    assert not canary.exists()
    assert min(outcomes.values()) > 10  # both ways were gone
