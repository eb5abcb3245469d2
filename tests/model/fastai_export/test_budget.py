"""What an export may cost is counted, and refused before it is too much."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from torch import nn

from model.errors import EntryPoint, ModelError
from model.fastai_export.budget import Budget, BudgetError, spend
from model.fastai_export.dry_run import count_outputs
from model.fastai_export.inert_pickle import PickleError, read_pickle
from model.fastai_export.inert_tree import Global, Object, walk
from model.fastai_export.inert_values import array, attributes, mapping, sequence
from model.fastai_export.learner import read_learner
from model.fastai_export.load import build_network
from model.fastai_export.options import ExportOptions
from tests import expensive
from tests.exports.files import EXPORTS, IS_CAT
from tests.payloads import whole

CHEAP = {"a response of a billion, one by one", "windows of a kernel of 100", "a transposed convolution"}  # for all they say
HEAD = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))


def tried(*layers: nn.Module, size: int = 0, trusted: bool = False) -> Budget:
    budget = Budget("a.pkl", size, trusted, "trying its network")
    torch.manual_seed(0)
    count_outputs(nn.Sequential(*layers, *HEAD), 32, 32, "a.pkl", budget)
    return budget


def test_a_refusal_says_which_limit_was_met_how_far_it_got_and_the_way_out():
    budget = Budget("a.pkl", 20_000_000, stage="reading its pickle")
    budget.spend(budget.max_steps)
    with pytest.raises(
        BudgetError, match=r"a.pkl takes more than 6,000,000 steps \(it was given up while reading its pickle\)"
    ) as caught:
        budget.spend(1)
    said = caught.value.at(EntryPoint.COMMAND_LINE)
    assert said.endswith("a file of 20.0 MB may; nothing in it was run. If it is your own, lift the limits: --trust")
    assert caught.value.at(EntryPoint.APP).endswith("MODEL_TRUST")


def test_larger_files_may_cost_more():
    small, large = Budget("a", 0), Budget("a", 100_000_000)
    assert (small.seconds, large.seconds) == (10, 20)
    assert (small.max_bytes, large.max_bytes) == (10**9, 14 * 10**8)
    assert small.max_steps < large.max_steps
    assert small.max_multiplications < large.max_multiplications


def test_trust_counts_and_refuses_nothing():
    budget = Budget("a", 0, trusted=True)
    with budget.at_work():
        spend(10**12)
    budget.multiply(10**18)
    budget.hold(10**18)
    assert budget.steps == 10**12


def test_what_nobody_counts_on_is_not_counted():
    spend(10**12)


def test_counting_ends_with_the_block():
    budget = Budget("a", 0)
    with budget.at_work():
        spend(1)
    spend(1)
    assert budget.steps == 1


@pytest.mark.parametrize("export", sorted(EXPORTS.glob("*/is_cat.pkl")), ids=lambda path: path.parent.name)
def test_an_honest_export_takes_little_of_its_budget(export):
    learner = read_learner(export)
    build_network(learner)
    budget = learner.file.budget
    assert 0 < budget.steps < budget.max_steps / 10
    assert 0 < budget.multiplications < budget.max_multiplications / 1000
    assert 0 < budget.peak_bytes < budget.max_bytes / 100


def read(ops: bytes) -> None:
    with Budget("a.pkl", 0).at_work():
        read_pickle(io.BytesIO(whole(ops)), "a.pkl")


@pytest.mark.parametrize("name", [name for name in expensive.READ if "tuples that hash alike" in name])
def test_keys_that_hash_alike_are_refused(name):
    with pytest.raises(PickleError, match="more than 100 dictionary keys that hash alike"):
        read(expensive.READ[name]())


def test_a_memo_cannot_be_made_of_numbers_that_hash_alike():
    with pytest.raises(PickleError, match="remembers under a number that is too large"):
        read(expensive.READ["a memo of numbers that hash alike"]())


@pytest.mark.parametrize("name", ["long tuples as keys", "long texts that are equal, as keys"])
def test_keys_that_are_long_to_compare_are_counted(name):
    with pytest.raises(BudgetError, match="steps"):
        read(expensive.READ[name]())


def test_the_same_tuple_may_be_a_key_everywhere():
    key = b"(K\x01K\x02t"
    read(b"](" + (b"}" + key + b"Ns") * 1000 + b"e")


def counted(work: object) -> int:
    budget = Budget("a", 0)
    with budget.at_work():
        work()  # type: ignore[operator]
    return budget.steps


def test_what_is_copied_is_counted():
    ordered = Object(Global("collections", "OrderedDict"), ([(n, n) for n in range(5000)],))
    assert counted(lambda: mapping(ordered)) >= 5000
    assert counted(lambda: sequence(list(range(5000)))) >= 5000
    assert counted(lambda: list(walk([[n] for n in range(5000)]))) >= 9000
    many = Object(Global("a", "b"), state=[{n: n} for n in range(5000)])
    assert counted(lambda: attributes(many)) >= 5000
    assert len(attributes(many)) == 5000


def test_a_mapping_leaves_out_keys_that_could_hash_alike():
    ordered = Object(Global("collections", "OrderedDict"), ([(n * expensive.PRIME, n) for n in (1, 2**40)] + [("a", 1)],))
    assert mapping(ordered) == {expensive.PRIME: 1, "a": 1}


def test_rows_of_nothing_are_no_array():
    kind = Object(Global("numpy", "dtype"), ("i8", False, True))
    for shape, found in (((0,), True), ((4_000_000, 0), False)):
        made = Object(Global("numpy.core.multiarray", "_reconstruct"), state=[(1, shape, kind, False, b"")])
        assert (array(made) is not None) == found


@pytest.mark.parametrize("name", sorted(expensive.NETWORKS.keys() - CHEAP))
def test_a_network_is_refused_before_it_runs(name):
    torch.manual_seed(0)
    network = expensive.NETWORKS[name]().eval()
    budget = Budget("a.pkl", 0, stage="trying its network")
    with pytest.raises(ModelError, match="billion times|MB of memory|that much memory"):
        count_outputs(network, 32, 32, "a.pkl", budget)


def test_what_multiplies_is_counted():
    cheap = tried(nn.Conv2d(3, 3, 3, bias=False))
    products = 3 * 3 * 9 * 30 * 30
    assert products < cheap.multiplications < 20 * products + 10**6
    assert tried(nn.Conv2d(3, 3, 31, padding=15)).multiplications > 50 * cheap.multiplications
    assert tried(nn.Conv2d(3, 3, 9, padding=30)).multiplications > 30 * 9 * 81 * 84 * 84


def test_pictures_that_are_kept_count_together():
    class Keeping(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            kept = [x.repeat(1, 1, 100, 100) for _ in range(20)]  # 20 times 123 MB
            return torch.stack([one.mean() for one in kept]).sum() + x

    with pytest.raises(BudgetError, match="takes more than 1,000 MB of memory"):
        tried(Keeping())
    assert tried(nn.Upsample(scale_factor=40), *[nn.ReLU()] * 60).peak_bytes < 100_000_000  # one after the other


def test_trust_lets_a_large_network_through():
    large = (nn.Conv2d(3, 3, 40, padding=400, bias=False),)
    with pytest.raises(BudgetError):
        tried(*large)
    assert tried(*large, trusted=True).multiplications > 10**11


def test_trust_is_an_option_of_an_export(tmp_path: Path):
    assert read_learner(IS_CAT, ExportOptions(trust=True)).file.budget.trusted
    assert [option.name for option in ExportOptions(trust=True).said] == ["trust"]
