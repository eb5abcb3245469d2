"""The tour and its quiz have the numbers of the network that is loaded."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from model.inside.torch_graph import TorchInside
from ui.inside.tour import tour
from ui.texts import TEXTS


def test_five_steps_about_parts_of_the_page(inside, classifier):
    made = tour(inside.graph, classifier.config, "en")
    assert [step["target"] for step in made["steps"]] == [
        "inside-given", "inside-filters", "inside-maps", "inside-stages", "inside-decides",
    ]  # fmt: skip
    assert made["texts"]["step"] == "{n} of {all}"
    texts = " ".join(step["text"] for step in made["steps"])
    for number in ("256×256", "32 such filters", "27 in all", "7×7 pixels", "1,280 maps"):
        assert number in texts


def test_the_quiz_knows_the_networks_answers(inside, classifier):
    field, average = tour(inside.graph, classifier.config, "en")["questions"]
    assert "stage 2" in field["text"]
    assert field["options"][field["right"]] == "19×19 pixels" == f"{inside.graph.stages[1].last.receptive_field}×19 pixels"
    assert average["options"][average["right"]] == "1,280"
    assert average["options"] == ["3", "1,280", "81,920"]
    for question in (field, average):
        right = question["options"][question["right"]]
        assert len(set(question["options"])) == len(question["options"])
        assert right in question["yes"]
        assert right in question["no"]


def small(*layers: nn.Module):
    torch.manual_seed(0)
    network = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(3)).eval()
    network(torch.zeros(1, 3, 32, 32))  # how many inputs the last layer has
    return TorchInside(network, 32, 32).graph


@pytest.mark.parametrize(
    ("layers", "steps", "questions"),
    [
        ((nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1)), 5, 2),
        ((nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2)), 5, 1),  # its head is not an average
        ((nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()), 4, 0),  # one stage
        ((), 2, 0),  # no layers
    ],
)
@pytest.mark.parametrize("language", sorted(TEXTS))
def test_a_network_with_less_to_see_has_a_shorter_tour(classifier, layers, steps, questions, language):
    made = tour(small(*layers), classifier.config, language)
    assert (len(made["steps"]), len(made["questions"])) == (steps, questions)
    assert "{" not in "".join(step["title"] + step["text"] for step in made["steps"])
