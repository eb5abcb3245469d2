from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from model.config import Config
from model.errors import ModelError
from tests.running import ROOT
from tests.training.colours import colours
from tests.training.quality.reading import strict_json
from training.quality.measure import measure
from training.quality.report import write_report
from training.quality.report_schema import Report
from training.quality.schema import LEFT_OUT, BySource, Metrics, left_out_of, metrics_of

DOCUMENT = ROOT / "docs" / "metrics.md"


def test_the_metrics_of_the_starter_are_read_and_written_without_a_change(classifier):
    for name, figures in metrics_of(classifier.config).items():
        assert figures.to_json() == {"format_version": 1} | classifier.config.metrics[name]


def test_the_figures_of_left_out_photos_are_told_from_those_of_others(classifier):
    figures = metrics_of(classifier.config)
    assert {name: type(part) for name, part in figures.items()} == {LEFT_OUT: BySource, "cats-dogs, test": Metrics}
    assert left_out_of(classifier.config) == figures[LEFT_OUT]
    assert left_out_of(classifier.config.model_copy(update={"metrics": {}})) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"accuracy": None}, "the field 'accuracy' is wrong"),
        ({"accuracy": 97.8}, "the field 'accuracy' is wrong: Input should be less than or equal to 1, not 97.8"),
        ({"log_loss": float("nan")}, "the field 'log_loss' is wrong"),
        ({"acuracy": 0.9}, "the field 'acuracy' is not a field of this format"),
        ({"format_version": 2}, "the field 'format_version' is wrong: Input should be 1, not 2"),
    ],
)
def test_what_the_format_does_not_know_is_refused_with_a_sentence(classifier, change, words):
    figures = classifier.config.metrics["cats-dogs, test"] | change
    config = classifier.config.model_copy(update={"metrics": {"cats-dogs, test": figures}})
    with pytest.raises(ModelError) as refused:
        metrics_of(config)
    assert str(refused.value).startswith(f"the metrics 'cats-dogs, test' of cat-or-dog-starter: {words}")
    assert "measure again with" in str(refused.value)


def test_what_is_not_an_object_is_refused_too(classifier):
    with pytest.raises(ModelError, match="the metrics 'test' of cat-or-dog-starter: "):
        metrics_of(classifier.config.model_copy(update={"metrics": {"test": 0.98}}))


def test_what_was_not_measured_is_missing_and_what_is_undefined_is_null(photos):
    blue = photos.take(index for index, answer in enumerate(photos.answers) if answer == "blue")
    figures = measure(colours(), blue, "blue alone").to_json()
    assert figures["roc_auc"] is None
    assert figures["per_label"]["red"]["recall"] is None
    assert not [name for name in figures if name.startswith("neither") or name == "all_answers"]
    assert figures["format_version"] == 1
    assert Metrics.model_validate(figures).to_json() == figures


def test_a_report_is_written_in_this_format_and_holds_what_config_json_does(photos, tmp_path):
    report = write_report(colours(), photos, tmp_path / "report", "counting", robustness=2, sources=True)
    written = strict_json(tmp_path / "report" / "metrics.json")
    assert Report.model_validate(written) == report
    assert set(written) - set(report.figures.to_json()) == {
        "model", "name", "measured", "machine", "confusion", "reliability", "top_losses", "latency", "robustness",
        "saved_again",
    }  # fmt: skip
    config = colours().config.model_copy(update={"metrics": {"test": report.figures.to_json()}})
    assert metrics_of(Config.model_validate_json(config.to_json()))["test"] == report.figures


def test_figures_cannot_be_changed(classifier):
    with pytest.raises(ValidationError, match="frozen"):
        left_out_of(classifier.config).accuracy = 1


def kind(schema: dict[str, Any]) -> str:
    """What a field holds, in the words of docs/metrics.md."""
    match schema:
        case {"$ref": reference}:
            name = reference.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"const": value}:
            return f"{value}"
        case {"anyOf": options}:
            return " or ".join(kind(option) for option in options if option != {"type": "null"})
        case {"type": "object", "additionalProperties": values}:
            return f"by name: {kind(values)}"
        case {"type": "array", "prefixItems": items}:
            return f"[{', '.join(map(kind, items))}]"
        case {"type": "array", "items": items}:
            return f"list of {kind(items)}"
        case {"type": "number", "minimum": low, "maximum": high}:
            return f"{low:g} to {high:g}"
        case {"type": name}:
            return {"integer": "whole number", "string": "text"}.get(name, name)
    raise AssertionError(schema)


def table(schema: dict[str, Any]) -> str:
    """The fields of a part, as docs/metrics.md lists them."""
    lines = ["| field | holds | meaning |", "|---|---|---|"]
    for name, field in schema["properties"].items():
        null = {"type": "null"} in field.get("anyOf", [])
        absent = "" if name in schema["required"] else ", or missing"
        undefined = ", or null" if null and not absent else ""
        lines.append(f"| `{name}` | {kind(field)}{undefined}{absent} | {field['description']} |")
    return "\n".join(lines) + "\n"


def test_the_document_lists_every_field_of_the_schema():
    schema = Report.model_json_schema()
    parts = {"Report": schema, **schema["$defs"]}
    text = DOCUMENT.read_text("utf-8")
    for name, part in parts.items():
        if name == "Report":  # its table has what Metrics lacks
            own = {field: value for field, value in part["properties"].items() if field not in parts["Metrics"]["properties"]}
            part = part | {"properties": own}
        assert f"### {name}\n\n{part['description'].partition(chr(10))[0]}\n\n{table(part)}" in text, f"{name}\n{table(part)}"
    assert json.loads(json.dumps(schema)) == schema
