"""Can the classes be told apart without looking at the picture? Then a network may learn just that.

A class whose photos were taken, shrunk or saved in another way than the others' can be known by that way: by the width of its
files, say. A network learns whatever tells the classes apart (Geirhos et al. 2020, "Shortcut learning in deep neural
networks"), does well on photos that were held back from the same files, and fails on everybody else's.

So a small classifier is trained on properties of the file, of the texture at the network's size, and of the outer tenth of the
picture, none of which should tell a cat from a dog, and cross-validated. Where the data has three sources and more, whole
sources are left out: what does not carry over to another source helps nobody to guess. Where it has fewer, photos are.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from training.data.looks import FILE, TEXTURE, WORDED, Look
from training.data.photos import MANY_SOURCES

REMARK, WARNING = 0.75, 0.9  # AUC from which it is worth a remark, and a warning
FOLDS = 5
MOST_PHOTOS = 4000  # of which the classifiers learn; more say nothing new
MOST_CLASSES = 12  # the largest of them
STEPS = 255  # that boosting tells apart
FEWEST = 10  # photos of a class, below which nothing can be said of it


def find_shortcuts(
    looks: Sequence[Look], answers: Sequence[str], sources: Sequence[str], groups: np.ndarray, seed: int = 0
) -> dict[str, Any]:
    """How well each class is told from the others by what should not tell it.

    Args:
        looks, answers, sources: of each photo. groups: int (N,), of `training.data.duplicates`: near-duplicates stay together.

    Returns:
        `by`: what was left out to cross-validate, sources or photos. `classes`: for each class and each kind of property
        (`file`, `texture`, `background`) the AUC with its 95 % interval, and the most telling property with an AUC of its
        own. `remarks`: sentences, the worst first, empty where nothing is amiss.
    """
    with threadpool_limits(1):  # many small fits: threads would wait for one another longer than they work
        return _find(looks, np.array(answers), np.array(sources), groups, seed)


def _find(looks: Sequence[Look], answers_: np.ndarray, sources_: np.ndarray, groups: np.ndarray, seed: int) -> dict[str, Any]:
    by_source = len(set(sources_.tolist())) >= MANY_SOURCES
    chosen = _drawn(answers_, seed)
    names = [str(name) for name, count in _counts(answers_[chosen]) if count >= FEWEST][:MOST_CLASSES]
    numbers = np.stack([looks[i].numbers for i in chosen])
    for word in WORDED:
        codes = {text: code for code, text in enumerate(sorted({look.words[word] for look in looks}))}
        numbers[:, FILE.index(word)] = [codes[looks[i].words[word]] for i in chosen]
    ring = np.stack([looks[i].ring.ravel() for i in chosen]).astype(np.float32) / 255
    answers_, sources_, groups = answers_[chosen], sources_[chosen], groups[chosen]
    told: dict[str, Any] = {"by": "sources" if by_source else "photos", "classes": {}}
    if len(names) < 2:
        return told | {"remarks": []}
    remarks: list[tuple[float, str]] = []
    coarse = _coarse(numbers)
    file = range(len(FILE))
    texture = range(len(FILE), len(FILE) + len(TEXTURE))
    for name in names:
        own = answers_ == name
        folds = _folds(own, sources_ if by_source else groups, by_source, seed)
        if not folds:
            continue
        row: dict[str, Any] = {}
        for kind, columns in (("file", file), ("texture", texture)):
            row[kind] = _auc(_boosted(seed), coarse[:, list(columns)], own, folds)
            alone = {
                (*FILE, *TEXTURE)[column]: _auc(DecisionTreeClassifier(max_leaf_nodes=4), numbers[:, [column]], own, folds)
                for column in columns
            }
            telling = max(alone, key=lambda name: alone[name]["auc"])
            row[kind] |= {"telling": telling, "telling_auc": alone[telling]["auc"]}
            column = (*FILE, *TEXTURE).index(telling)
            remarks += _remark(name, kind, row[kind], by_source, _difference(telling, column, looks, chosen, own))
        ridge = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200))
        row["background"] = _auc(ridge, ring, own, folds)
        remarks += _remark(name, "background", row["background"], by_source, "")
        told["classes"][name] = row
    remarks.sort(key=lambda remark: -remark[0])
    return told | {"remarks": [sentence for _, sentence in remarks]}


def _drawn(answers: np.ndarray, seed: int) -> np.ndarray:
    """The indices of at most MOST_PHOTOS photos, drawn at random, sorted."""
    drawn = np.random.default_rng(seed).permutation(len(answers))[:MOST_PHOTOS]
    return np.sort(drawn)


def _counts(answers: np.ndarray) -> list[tuple[Any, int]]:
    """Classes and their photos, the largest first."""
    return sorted(zip(*np.unique(answers, return_counts=True), strict=True), key=lambda pair: -pair[1])


def _boosted(seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(max_iter=60, max_depth=3, min_samples_leaf=5, random_state=seed)


def _coarse(numbers: np.ndarray) -> np.ndarray:
    """Each column (N, M) in at most 255 steps, by quantiles: boosting sees no more of it, and finds them slowly by itself."""
    steps = np.where(np.isnan(numbers), -1, numbers)
    for column in steps.T:
        if len(np.unique(column)) > STEPS:
            column[:] = np.searchsorted(np.quantile(column, np.linspace(0, 1, STEPS + 1)[1:-1]), column)
    return steps


def _folds(own: np.ndarray, groups: np.ndarray, by_source: bool, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Photos to learn from and to be tried on; no group on both sides, and both answers on the first."""
    count = min(FOLDS, len(np.unique(groups)))
    if count < 2:
        return []
    splitter = GroupKFold(count) if by_source else StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a class has fewer photos than there are folds
        folds = list(splitter.split(own, own, groups))
    return [(train, test) for train, test in folds if 0 < own[train].sum() < len(train)]


def _auc(classifier: Any, features: np.ndarray, own: np.ndarray, folds: Sequence[Any]) -> dict[str, Any]:
    """AUC of cross-validated answers, 0-1, and its 95 % interval (Hanley and McNeil 1982)."""
    scores, tried = np.full(len(own), np.nan), np.zeros(len(own), bool)
    filled = np.where(np.isnan(features), -1, features)  # having no such property may tell a class, too
    for train, test in folds:
        weight = np.where(own[train], 0.5 / own[train].sum(), 0.5 / (~own[train]).sum()) * len(train)
        if hasattr(classifier, "steps"):
            fitted = classifier.fit(filled[train], own[train], logisticregression__sample_weight=weight)
        else:
            fitted = classifier.fit(filled[train], own[train], sample_weight=weight)
        scores[test], tried[test] = fitted.predict_proba(filled[test])[:, 1], True
    own, scores = own[tried], scores[tried]
    if not 0 < own.sum() < len(own):
        return {"auc": 0.5, "interval": [0.0, 1.0]}
    area = float(roc_auc_score(own, scores))
    n, m = own.sum(), (~own).sum()
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    error = np.sqrt(max(0.0, (area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)) / (n * m)))
    return {"auc": area, "interval": [float(max(0, area - 1.96 * error)), float(min(1, area + 1.96 * error))]}


def _difference(name: str, column: int, looks: Sequence[Look], chosen: np.ndarray, own: np.ndarray) -> str:
    """What the property is like in the class and in the others, in half a sentence."""

    def typical(photos: np.ndarray) -> str:
        if name in WORDED:
            words, counts = np.unique([looks[i].words[name] for i in photos], return_counts=True)
            share = counts.max() / counts.sum()
            return f"{'all ' if share == 1 else f'{share:.0%} '}{words[counts.argmax()]}"
        values = np.array([looks[i].numbers[column] for i in photos])
        values = values[~np.isnan(values)]
        if not len(values):
            return "none"
        if np.ptp(values) == 0:
            return f"always {values[0]:.4g}"
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
        return f"{middle:.4g} in the middle ({low:.4g} to {high:.4g})"

    return f"{typical(chosen[own])}, the others {typical(chosen[~own])}"


def _remark(name: str, kind: str, row: dict[str, Any], by_source: bool, difference: str) -> list[tuple[float, str]]:
    """A sentence where the classes can be told apart, with how well."""
    area = max(row["auc"], row.get("telling_auc", 0))
    if area < REMARK:
        return []
    level = "WARNING: " if area >= WARNING else ""
    where = " in sources that were left out" if by_source else ""
    advice = {
        "file": "The network may learn that instead of what the photos show; mix photos of one origin into all classes",
        "texture": "Where that is not what the class looks like, the network may learn it all the same",
        "background": "The network may learn the place instead of the thing; take photos of all classes in all places",
    }[kind]
    if kind == "background":
        return [(area, f"{level}{name} can be told by the outer tenth of the picture{where} (AUC {area:.2f}). {advice}")]
    alone = row["telling_auc"] >= min(WARNING, row["auc"] - 0.05)
    how = (
        f"its {row['telling']} alone (AUC {row['telling_auc']:.2f}): {difference}"
        if alone
        else f"the {kind} (AUC {row['auc']:.2f}), most of all its {row['telling']}: {difference}"
    )
    return [(area, f"{level}{name} can be told by {how}{where}. {advice}")]
