"""What is in the data, said before time is spent on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from model.photo_files import EXAMPLES, LeftOut, shown
from model.whole import write_text
from training.data.check import Checked
from training.data.photos import Found, Photos, bulleted
from training.data.shortcuts import find_shortcuts

IMBALANCED = 3.0
FEW = 20


def describe(
    checked: Checked, splits: Mapping[str, Photos | None], left_out: int, size: int, found: Found | None = None
) -> dict[str, Any]:
    """Counts, sizes, duplicates and remarks, as JSON would have them.

    Args:
        splits: by name: train, valid, test; or photos, where they are not split.
        left_out: photos that no split has, because they resemble photos of another split.
        size: the network's input side, in pixels.
        found: how the data was read, and what is left out of it.
    """
    counts = checked.photos.counts()
    labels = {label: counts[label] for label in checked.photos.labels}
    members = np.bincount(checked.groups)
    repeated = [np.flatnonzero(checked.groups == group) for group in np.flatnonzero(members > 1)]
    mixed = [group for group in repeated if len({checked.photos.answers[i] for i in group}) > 1]
    sides = checked.sizes.min(axis=1)
    facts: dict[str, Any] = {
        "photos": counts,
        "imbalance": max(labels.values()) / min(labels.values()),
        "splits": {name: photos.counts() for name, photos in splits.items() if photos is not None},
        "left_out_as_near_duplicates": left_out,
        "sizes": {
            "median": [int(side) for side in np.median(checked.sizes, axis=0)],
            "smallest": [int(side) for side in checked.sizes[sides.argmin()]],
            "largest": [int(side) for side in checked.sizes[checked.sizes.prod(axis=1).argmax()]],
            "shorter_side_below_input": int((sides < size).sum()),
        },
        "cannot_be_opened": list(checked.bad),
        "damaged": list(checked.damaged),
        "near_duplicates": [[shown(checked.originals[i]) for i in group] for group in repeated],
        "left_out": found.left_out.to_json() if found else [],
        "understood": list(found.understood) if found else [],
    }
    if len(sources := checked.photos.by_source()) > 1:
        facts["sources"] = sources
    facts["shortcuts"] = find_shortcuts(checked.looks, checked.photos.answers, checked.photos.sources, checked.groups)
    facts["remarks"] = [*facts["shortcuts"]["remarks"], *_source_remarks(sources, labels), *_remarks(facts, labels, size)]
    if mixed:
        one_of_each = {checked.photos.answers[i]: checked.originals[i] for i in mixed[0]}
        example = ", ".join(f"{shown(path)} ({answer})" for answer, path in one_of_each.items())
        facts["remarks"].append(f"{len(mixed)} near-duplicates lie in different classes; one of them is wrong: {example}")
    return facts


def _remarks(facts: dict[str, Any], labels: dict[str, int], size: int) -> list[str]:
    remarks = []
    if facts["imbalance"] > IMBALANCED:
        few, many = min(labels, key=labels.__getitem__), max(labels, key=labels.__getitem__)
        remarks.append(
            f"{labels[many]:,} photos of {many} against {labels[few]:,} of {few}: --class-weights gives both the same say"
        )
    remarks += [f"only {count} photos of {label}; {FEW} and more do better" for label, count in labels.items() if count < FEW]
    below, total = facts["sizes"]["shorter_side_below_input"], sum(facts["photos"].values())
    if below > total / 2:
        remarks.append(f"{below:,} of {total:,} photos are smaller than the network's input ({size} pixels) and get enlarged")
    if bad := len(facts["cannot_be_opened"]):
        remarks.append(f"{bad:,} photo{'s' if bad > 1 else ''} cannot be opened and {'are' if bad > 1 else 'is'} left out")
    if damaged := facts["damaged"]:
        examples = f"{', '.join(damaged[:EXAMPLES])}{', …' * (len(damaged) > EXAMPLES)}"
        remarks.append(f"{len(damaged):,} photos are cut off by less than 1 % of their rows: {examples}")
    if groups := facts["near_duplicates"]:
        pairs = " and ".join(groups[0][:2])
        remarks.append(f"{len(groups):,} photos come more than once, {sum(map(len, groups)):,} files in all; {pairs}, say")
    if facts["left_out_as_near_duplicates"]:
        left_out = facts["left_out_as_near_duplicates"]
        remarks.append(f"{left_out:,} photos are left out because another split has nearly the same")
    return remarks


def _source_remarks(sources: dict[str, dict[str, int]], labels: dict[str, int]) -> list[str]:
    if len(sources) == 1:
        return ["all photos come from one source, so nobody knows how the model does on others: see --data for several"]
    where = {label: [source for source, counts in sources.items() if label in counts] for label in labels}
    return [
        f"all photos of {label} come from one source, {names[0]}: what they look like there is all that is learned of {label}"
        for label, names in where.items()
        if len(names) == 1
    ]


def text(facts: dict[str, Any]) -> str:
    """The facts of `describe` for the terminal."""
    names = {"photos": "photos", "train": "training on", "valid": "validating on", "test": "testing on"}
    lines = [
        f"{names[split]:<14}" + ", ".join(f"{count:,} {answer}" for answer, count in sorted(counts.items()))
        for split, counts in facts["splits"].items()
    ]
    if sources := facts.get("sources"):
        lines.append(
            f"{'sources':<14}{len(sources)}: {', '.join(f'{name} ({sum(n.values()):,})' for name, n in sources.items())}"
        )
    median, smallest, largest = ("×".join(map(str, facts["sizes"][key])) for key in ("median", "smallest", "largest"))
    lines.append(f"{'sizes':<14}{median} pixels in the middle, {smallest} the smallest, {largest} the largest")
    if read := [*facts["understood"], *LeftOut.from_json(facts["left_out"]).sentences()]:
        lines.append(f"the data\n{bulleted(read)}")
    return "\n".join([*lines, *([f"remarks\n{bulleted(facts['remarks'])}"] if facts["remarks"] else [])])


def write(facts: dict[str, Any], path: Path) -> None:
    """Write the facts as JSON, whole or not at all."""
    write_text(path, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
