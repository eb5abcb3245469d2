"""The lab's steps from the last maps to the answer, each as HTML, with the numbers of the network that is served."""

from __future__ import annotations

import math

import numpy as np

from model.classifier import sigmoid, softmax
from model.config import Config
from model.inside.decision import Decision
from ui import markup
from ui.lab import figures
from ui.lab.drawing import data_url, shades
from ui.lab.figures import size
from ui.lab.layer_steps import enlarged
from ui.lab.ledger import ledger
from ui.lab.network import LabNetwork
from ui.lab.photo import Photo
from ui.texts import label_name, number, say

SHOWN = 6  # features, and rows of an answer, that are written out
ANSWERS_SHOWN = 10
_NEXT_TO_0 = 5e-4
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
WINNER = ""  # stands for the answer that wins


def pooled_step(network: LabNetwork, photo: Photo, answer: str, language: str) -> str:
    """From the last maps to one score: the features that add most to it, times their weights."""
    decision = network.decision(photo)
    if decision is None:
        return figures.sentence(say("scores.deeper", language))
    name, chosen = _chosen(network, decision.logits, answer, language)
    row = int(decision.rows_of(chosen)[0])
    terms = decision.terms(row)
    largest = np.argsort(-np.abs(terms), kind="stable")[:SHOWN]
    rows = []
    for feature in largest.tolist():
        values = decision.maps[feature]
        shown = enlarged(shades(values, min(0.0, float(values.min())), float(values.max()) or 1.0))
        alt = say("layer.map", language, n=feature + 1)
        numbers = decision.pooled[feature], decision.head.weight[row, feature], terms[feature]
        written = [number(float(value), language) for value in numbers]
        rows.append([markup.Html(f"{markup.image(data_url(shown), alt)} {feature + 1}"), *written])
    others = float(np.delete(terms, largest).sum())
    count = number(len(terms) - len(largest), language)
    rows.append([say("scores.rest", language, n=count), "", "", number(others, language)])
    rows.append([say("layer.bias", language), "", "", number(float(decision.head.bias[row]), language)])
    merged = decision.head.rows[chosen] > 1
    total = say("scores.score" if merged else "scores.logit", language)
    rows.append([total, "", "", number(float(decision.scores[row]), language)])
    places = size(decision.maps.shape[1:])
    caption = say("scores.reckoning", language, answer=name, n=number(len(terms), language), map=places)
    if merged:
        caption += " " + say("scores.strongest_row", language, row=row + 1 - sum(decision.head.rows[:chosen]),
                             rows=number(decision.head.rows[chosen], language))  # fmt: skip
    head = [say(f"scores.{column}", language) for column in ("map", "feature", "weight", "product")]
    return ledger(caption, head, rows, 1)


def rows_step(network: LabNetwork, photo: Photo, answer: str, language: str) -> str:
    """How the scores of an answer's rows become one logit, where it has several."""
    decision = network.decision(photo)
    if decision is None:
        return ""
    name, chosen = _chosen(network, decision.logits, answer, language)
    count = decision.head.rows[chosen]
    if count == 1:
        return figures.sentence(say("scores.one_row", language, answer=name))
    return _merging(decision, name, chosen, language)


def _merging(decision: Decision, name: str, chosen: int, language: str) -> str:
    rows, scores = decision.rows_of(chosen), decision.scores
    largest = float(scores[rows[0]])
    first = sum(decision.head.rows[:chosen])
    powers = np.exp(scores[rows].astype(np.float64) - largest)
    total = float(powers.sum())
    lines = [
        [say("scores.row", language, n=row + 1 - first), number(float(scores[row]), language), tiny(float(power), language),
         percent(float(power) / total, language)]
        for row, power in zip(rows[:SHOWN].tolist(), powers, strict=False)
    ]  # fmt: skip
    if len(rows) > SHOWN:
        rest = float(powers[SHOWN:].sum())
        count = number(len(rows) - SHOWN, language)
        lines.append([say("scores.rest_rows", language, n=count), "", tiny(rest, language), percent(rest / total, language)])
    lines.append([say("scores.together", language), "", tiny(total, language), percent(1, language)])
    caption = say("scores.merging", language, answer=name, rows=number(len(rows), language))
    head = [say("scores.of_row", language), say("scores.score", language), _power(largest, language),
            say("scores.share", language)]  # fmt: skip
    values = {"largest": number(largest, language), "sum": number(total, language, 5), "log": number(math.log(total), language)}
    logit = number(largest + math.log(total), language)
    return ledger(caption, head, lines, 1) + figures.sentence(
        say("scores.merged", language, logit=logit, answer=name, **values)
    )


def answers_step(network: LabNetwork, photo: Photo, temperature: float, language: str) -> str:
    """Logits, divided by the temperature, as probabilities: a row for each answer."""
    config = network.classifier.config
    logits = network.logits(photo).astype(np.float64)
    used = own_or(temperature, config)
    scaled = logits / used
    exclusive = config.probabilities == "exclusive"
    order = np.argsort(-logits, kind="stable")
    largest = float(scaled.max())
    powers = np.exp(scaled - largest) if exclusive else np.exp(-np.clip(scaled, -700, 700))
    probabilities = (softmax if exclusive else sigmoid)(scaled[None])[0]
    rows = []
    for answer in order[:ANSWERS_SHOWN].tolist():
        values = [number(float(value), language) for value in (logits[answer], scaled[answer])]
        share = float(probabilities[answer])
        bar = f'<span class="bar" style="width:{100 * share:.2f}%"></span>'
        name = label_name(config.answers[answer], language)
        rows.append([name, *values, tiny(float(powers[answer]), language), markup.Html(percent(share, language) + bar)])
    rest = order[ANSWERS_SHOWN:]
    if len(rest):
        name = say("scores.rest_answers", language, n=number(len(rest), language))
        others = [tiny(float(powers[rest].sum()), language), percent(float(probabilities[rest].sum()), language)]
        rows.append([name, "", "", *(others if exclusive else ["", ""])])
    if exclusive:
        rows.append([say("scores.together", language), "", "", tiny(float(powers.sum()), language), percent(1, language)])
    written = number(used, language)
    own = used == config.temperature
    caption = say("scores.answers_own" if own else "scores.answers_other", language, temperature=written,
                  own=number(config.temperature, language))  # fmt: skip
    power = _power(largest, language) if exclusive else say("scores.power_alone", language)
    head = [say("scores.answer", language), say("scores.logit", language),
            say("scores.divided", language, temperature=written), power, say("scores.probability", language)]  # fmt: skip
    ends = say("scores.softmax" if exclusive else "scores.sigmoid", language, threshold=percent(config.threshold, language))
    return ledger(caption, head, rows, int(exclusive)) + figures.sentence(ends)


def own_or(temperature: float, config: Config) -> float:
    """The temperature that a slider in hundredths stands for: the model's own where it is that, rounded."""
    return config.temperature if round(temperature, 2) == round(config.temperature, 2) else max(temperature, 0.01)


def tiny(value: float, language: str) -> str:
    """A number; one next to 0 as 3.1·10⁻⁶."""
    if value == 0 or abs(value) >= _NEXT_TO_0:
        return number(value, language)
    exponent = math.floor(math.log10(abs(value)))
    return f"{number(value / 10.0**exponent, language, 2)}·10{str(exponent).translate(_RAISED)}"


def percent(share: float, language: str) -> str:
    """A share of 1 in percent."""
    return f"{tiny(100 * share, language)} %"


def _power(largest: float, language: str) -> str:
    """The heading of a column of exponentials, from which the largest was taken away first."""
    written = number(largest, language)
    return say("scores.power", language, largest=f"({written})" if largest < 0 else written)


def _chosen(network: LabNetwork, logits: np.ndarray, answer: str, language: str) -> tuple[str, int]:
    """Name and number of the answer that is asked about: the one that wins, if none is."""
    answers = network.classifier.config.answers
    chosen = answers.index(answer) if answer in answers else int(logits.argmax())
    return label_name(answers[chosen], language), chosen
