"""How good is this model? Measured through `model/`, as it is served.

    python -m training.evaluate model/starter --data PHOTOS [--neither OTHERS] [--against OTHER_MODEL] [--write]

PHOTOS holds a folder per class, OTHERS photos that show none of the classes; several of them are several sources, and
`--by-source` tells how good the model is on each. Prints the table of the model card and writes a report: report.html,
metrics.json and the pictures. `--write` also stores the figures in the model's config.json and README.md. With `--against`, a
second model answers the same photos, and McNemar's test says what the difference is worth.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix
from tqdm.auto import tqdm

from model.classifier import MAX_BATCH, Classifier
from model.config import NEITHER, Config
from model.errors import ModelError, OutputError
from model.folder import CARD, CONFIG, WEIGHTS, load_folder, load_torch
from model.network import available_cores
from model.photo import PhotoError, open_photo
from model.source import model_folder
from model.whole import whole_folder
from training.data.formats import Change, input_of
from training.data.photos import DataError, Photos
from training.data.shortcuts import look_at
from training.data.sources import Layout, only_neither, open_data
from training.options import count
from training.quality import metrics, report
from training.quality.by_source import by_source, overall, source_rows
from training.quality.card import REPORT, label_rows, metric_rows, model_card
from training.quality.machine import describe
from training.quality.resaved import changed_answers, sample_of
from training.quality.robustness import measure_robustness, sample

TOP_LOSSES = 12
TIMED_PHOTOS = 100


def collect_logits(classifier: Classifier, photos: Photos, description: str) -> tuple[np.ndarray, np.ndarray]:
    """Logits float32 (N, K) and targets int (N,): the index of each photo's answer among the classifier's.

    A photo of neither has the index after the last label, whether or not the classifier can give that answer.

    Raises:
        DataError: there are no photos, one cannot be opened, or its answer is not among the classifier's.
    """
    names = (*classifier.config.labels, NEITHER)
    if unknown := sorted(set(photos.answers) - set(names)):
        known = ", ".join(classifier.config.answers)
        raise DataError(f"these photos are of {', '.join(unknown)}, but the model knows {known}")
    if not len(photos):
        raise DataError("there are no photos to measure on")

    def prepare(path: Path) -> np.ndarray:
        try:
            return classifier.prepare(path)
        except PhotoError as error:
            raise DataError(f"{path}: {error}") from None

    rows: list[np.ndarray] = []
    with ThreadPoolExecutor(available_cores()) as pool, tqdm(total=len(photos), desc=description, unit="photo") as bar:
        for start in range(0, len(photos), MAX_BATCH):
            prepared = list(pool.map(prepare, photos.paths[start : start + MAX_BATCH]))
            rows.append(classifier.logits(prepared))
            bar.update(len(prepared))
    return np.concatenate(rows), np.array([names.index(answer) for answer in photos.answers])


def measure(classifier: Classifier, photos: Photos, description: str) -> dict[str, Any]:
    """What a model card says: accuracy, log loss, calibration, every label, and how well other things are told apart.

    All but the figures named `neither_*` are of photos of the labels, over all answers: a cat called neither is an
    error. A figure that the photos leave undefined (the recall of a label without photos) is None.

    Raises:
        DataError: see `collect_logits`, or no photo shows one of the labels.
    """
    return scores(classifier.config, *answer(classifier, photos, description))


def answer(classifier: Classifier, photos: Photos, description: str) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated probabilities float64 (N, K), and targets as in `collect_logits`."""
    logits, targets = collect_logits(classifier, photos, description)
    return classifier.probabilities(logits), targets


def scores(config: Config, probabilities: np.ndarray, targets: np.ndarray) -> dict[str, Any]:
    """The figures of `measure`, from what `answer` gives.

    Raises:
        DataError: no photo shows one of the labels.
    """
    is_own = targets < len(config.labels)
    if not is_own.any():
        raise DataError(f"none of the photos shows {' or '.join(config.labels)}")
    own, truth, other = probabilities[is_own], targets[is_own], probabilities[~is_own]
    right = int((own.argmax(axis=1) == truth).sum())
    labels = dict(zip(config.labels, metrics.per_label(own, truth, len(config.labels)), strict=True))
    result: dict[str, Any] = {
        "photos": len(truth),
        "accuracy": right / len(truth),
        "accuracy_95_interval": list(metrics.wilson_interval(right, len(truth))),
        "error_rate": 1 - right / len(truth),
        "log_loss": metrics.log_loss(own, truth),
        "calibration_error": metrics.expected_calibration_error(metrics.reliability(own, truth)),
        "macro_f1": _mean([each.f1 for each in labels.values() if each.photos]),
        "roc_auc": _mean([each.roc_auc for each in labels.values()]),
        "accuracy_per_label": {label: each.recall for label, each in labels.items() if each.photos},
        "per_label": {label: asdict(each) for label, each in labels.items()},
    }
    if len(other):
        # a model without the answer can still be unsure: Hendrycks and Gimpel 2017
        strange, strange_own = (p[:, -1] if config.neither else 1 - p.max(axis=1) for p in (other, own))
        result |= {
            "neither_photos": len(other),
            **({"neither_accuracy": float((other.argmax(axis=1) == len(config.labels)).mean())} if config.neither else {}),
            "neither_score": "p(neither)" if config.neither else "1 - highest probability",
            "neither_false_accepts_at_95": metrics.false_accepts(strange_own, strange),
            "neither_auroc": metrics.auroc(strange_own, strange),
        }
    return result


def write_report(
    classifier: Classifier,
    photos: Photos,
    folder: Path,
    description: str,
    *,
    model: Path | None = None,
    reference: Classifier | None = None,
    against: tuple[Classifier, Path] | None = None,
    robustness: int = 0,
    sources: bool = False,
) -> dict[str, Any]:
    """Measure a model and write report.html, metrics.json and the pictures into `folder`, which appears at once.

    Args:
        folder: replaced where it holds an earlier report.
        description: what to call these photos, "test" for one.
        model: the model's folder, to tell its size.
        reference: the same model in float32: its accuracy and log loss are told beside.
        against: a second model and its folder, to compare with.
        robustness: on how many photos to measure the effect of worse photos, and of saving them again; 0 leaves it out.
        sources: whether to tell the figures of every source.

    Returns:
        The figures of `measure`, with `accuracy_fp32` and `log_loss_fp32` where there is a reference, and with `all_answers`
        of `quality.by_source` where there are photos of neither, or sources: what belongs into config.json. metrics.json
        holds these and everything else.

    Raises:
        DataError: see `measure`; the second model knows other labels.
        OutputError: `folder` holds something else than a report, or cannot be written.
        model.photo.PhotoError: a photo can no longer be opened.
    """
    config = classifier.config
    if against and set(against[0].config.labels) != set(config.labels):
        theirs = ", ".join(against[0].config.labels)
        raise DataError(f"models with different labels cannot be compared: {', '.join(config.labels)} and {theirs}")
    with whole_folder(folder, report.METRICS, "a report") as new:
        probabilities, targets = answer(classifier, photos, description)
        result = scores(config, probabilities, targets)
        if reference:
            in_fp32 = measure(reference, photos, "the same in float32")
            result |= {"accuracy_fp32": in_fp32["accuracy"], "log_loss_fp32": in_fp32["log_loss"]}
        details: dict[str, Any] = {
            "model": _described(classifier),
            "name": description,
            "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
            "machine": describe("onnxruntime", "pillow", "numpy"),
            **result,
        }
        if sources or (config.neither and NEITHER in photos.answers):
            result["all_answers"] = over_all(config, probabilities, targets, photos, sources)
            details["all_answers"] = result["all_answers"]
        names = (*config.labels, NEITHER)[: max(probabilities.shape[1], int(targets.max()) + 1)]
        is_own = targets < len(config.labels)
        details["confusion"] = {
            "answers": list(names),
            "counts": confusion_matrix(targets, probabilities.argmax(axis=1), labels=range(len(names))).tolist(),
        }
        details["reliability"] = [asdict(bin) for bin in metrics.reliability(probabilities[is_own], targets[is_own])]
        worst = top_losses(probabilities, targets)
        details["top_losses"] = [
            {
                "file": f"{photos.paths[i].parent.name}/{photos.paths[i].name}",
                "true": names[targets[i]],
                "predicted": names[probabilities[i].argmax()],
                "probability": float(probabilities[i].max()),
                "probability_of_true": float(probabilities[i, targets[i]]),
            }
            for i in worst
        ]
        details["latency"] = latency(classifier, photos.paths)
        if model:
            details["size_bytes"] = sizes(model)
        if robustness:
            details["robustness"] = measure_robustness(classifier, sample(photos, config.labels, robustness))
            details["saved_again"] = saved_again(classifier, photos.take(sample_of(photos, robustness, seed=0)))
        if against:
            details["comparison"] = compare(against, photos, probabilities.argmax(axis=1) == targets, is_own)
        example = photos.paths[int(is_own.argmax())]
        report.write(new, details, [photos.paths[i] for i in worst], example)
    return result


def over_all(config: Config, probabilities: np.ndarray, targets: np.ndarray, photos: Photos, sources: bool) -> dict[str, Any]:
    """The figures of `training.quality.by_source` of all photos that the model can answer rightly.

    Args:
        probabilities, targets: of `answer`. sources: whether to tell the sources apart.
    """
    can_be_right = targets < probabilities.shape[1]
    neither = len(config.labels) if config.neither else None
    if not sources:
        return overall(probabilities[can_be_right], targets[can_be_right], neither)
    names = [photos.sources[i] for i in np.flatnonzero(can_be_right)]
    return by_source(probabilities[can_be_right], targets[can_be_right], names, neither)


def saved_again(classifier: Classifier, photos: Photos) -> dict[str, Any]:
    """How many answers change when photos are saved again, as `training.quality.resaved.changed_answers` has it.

    Raises:
        model.photo.PhotoError: a photo can no longer be opened.
    """
    size = classifier.config.input

    def answers(change: Change | None, name: str) -> np.ndarray:
        rows = []
        with ThreadPoolExecutor(available_cores()) as pool, tqdm(total=len(photos), desc=name, unit="photo") as bar:
            for start in range(0, len(photos), MAX_BATCH):
                paths = photos.paths[start : start + MAX_BATCH]
                rows.append(classifier.logits(list(pool.map(lambda path: input_of(path, change, size), paths))))
                bar.update(len(paths))
        found: np.ndarray = np.concatenate(rows).argmax(axis=1)
        return found

    looks = [look_at(path, open_photo(path, at_least=(size.height, size.width)), size.height) for path in photos.paths]
    return changed_answers(photos, looks, answers, answers(None, "as they are"))


def top_losses(probabilities: np.ndarray, targets: np.ndarray, k: int = TOP_LOSSES) -> list[int]:
    """The indices of the k photos whose true answer got the lowest probability, worst first.

    Photos of neither take part where the model can give that answer.
    """
    can_be_right = np.flatnonzero(targets < probabilities.shape[1])
    losses = metrics.losses(probabilities[can_be_right], targets[can_be_right])
    return [int(i) for i in can_be_right[np.argsort(-losses, kind="stable")[:k]]]


def compare(against: tuple[Classifier, Path], photos: Photos, right: np.ndarray, is_own: np.ndarray) -> dict[str, Any]:
    """Another model (B) on the same photos as the measured one (A): its figures, and the paired comparison.

    Args:
        right: bool (N,), whether A answered each photo rightly; is_own: bool (N,), whether it shows one of the labels.
    """
    other, folder = against
    probabilities, targets = answer(other, photos, f"B, {other.config.name}")
    pair = metrics.paired(right[is_own], (probabilities.argmax(axis=1) == targets)[is_own])
    return {
        "model": _described(other),
        "metrics": scores(other.config, probabilities, targets),
        "latency": latency(other, photos.paths),
        "size_bytes": sizes(folder),
        "photos": int(is_own.sum()),
        **{name: value for name, value in asdict(pair).items() if name not in ("interval", "p")},
        "difference_95_interval": list(pair.interval),
        "mcnemar_p": pair.p,
        "sentence": verdict(pair),
    }


def verdict(pair: metrics.Paired) -> str:
    """What a paired comparison of A and B says, in plain words."""
    photos = pair.both_right + pair.only_a + pair.only_b + pair.both_wrong
    mistakes = {"A": pair.only_b + pair.both_wrong, "B": pair.only_a + pair.both_wrong}
    if mistakes["A"] == mistakes["B"]:
        where = "on the same photos" if not pair.only_a else f"though on different photos ({pair.only_a:,} each)"
        return f"A and B make equally many mistakes, {mistakes['A']:,} in {photos:,} photos, {where}."
    better, worse = sorted(mistakes, key=mistakes.__getitem__)
    fewer = mistakes[worse] - mistakes[better]
    chance = "fewer than 1 in 1,000" if pair.p < 0.001 else f"{100 * pair.p:.{0 if pair.p >= 0.1 else 1}f} % of"
    return (
        f"{better} makes {fewer:,} fewer mistake{'s' if fewer > 1 else ''} in {photos:,} photos than {worse} "
        f"({mistakes[better]:,} against {mistakes[worse]:,}). If both were equally good, such a difference or a larger one "
        f"would come by chance in {chance} cases"
        + ("." if pair.p < 0.05 else "; these photos do not settle which one is better.")
    )


def latency(classifier: Classifier, paths: Sequence[Path], n: int = TIMED_PHOTOS) -> dict[str, Any]:
    """Milliseconds to decode and answer one photo, one at a time, after a warm-up: median and the middle 90 % of `n`."""
    chosen = [paths[i] for i in np.linspace(0, len(paths) - 1, n).round().astype(int)]
    classifier.classify(chosen[:5])
    milliseconds = []
    for path in chosen:
        start = time.perf_counter()
        classifier.classify([path])
        milliseconds.append(1000 * (time.perf_counter() - start))
    cuts = statistics.quantiles(milliseconds, n=20)
    return {"photos": n, "median_ms": statistics.median(milliseconds), "middle_90_ms": [cuts[0], cuts[-1]]}


def sizes(model: Path) -> dict[str, int]:
    """Bytes of every file in a model folder, without its report."""
    return {path.name: path.stat().st_size for path in sorted(model.iterdir()) if path.is_file()}


def open_model(name: str, revision: str | None = None) -> tuple[Classifier, Path]:
    """The classifier of a model folder or a Hub repository, and the folder its files lie in.

    Raises:
        ModelError: see `model.source.model_folder`; or its labels are independent.
    """
    folder, version = model_folder(name, revision)
    classifier = load_folder(folder, version)
    if classifier.config.probabilities == "independent":
        raise ModelError(f"{name} gives independent labels; only models with one right answer per photo can be evaluated")
    return classifier, folder


def open_photos(
    data: str | Sequence[str],
    neither: Path | Sequence[Path] | None,
    label_from: str | None = None,
    unpacked: Path = Path("data"),
    labels: Sequence[str] = (),
    layout: Layout = "guess",
) -> Photos:
    """The photos to measure on: the test set of `data` where it comes with one, else its validation set, else all of it.

    Args:
        unpacked: where an archive or a dataset is unpacked. labels, layout: see `training.data.sources.open_data`.

    Raises:
        DataError: see `training.data.sources.open_data`.
    """
    found = open_data(data, unpacked, label_from, labels=labels, layout=layout)
    photos = found.get("test") or found.get("valid") or found["all"]
    folders = [neither] if isinstance(neither, Path) else neither or ()
    return Photos.joined([photos, *(only_neither(folder, folder.name) for folder in folders)], photos.labels)


def _described(classifier: Classifier) -> dict[str, Any]:
    config = classifier.config
    return {
        "name": config.name,
        "revision": classifier.revision,
        "network": f"{config.architecture.name} of {config.architecture.library}",
        "input": f"{config.input.width}×{config.input.height}",
        "labels": list(config.labels),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean of the values that are defined; None where none is."""
    defined = [value for value in values if value is not None]
    return statistics.fmean(defined) if defined else None


def main() -> None:
    """Print the table, write the report, and store the figures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model folder, or a Hub repository user/name")
    parser.add_argument("--revision", help="commit, tag or branch of a Hub repository (default: main)")
    parser.add_argument(
        "--data",
        required=True,
        nargs="+",
        help="photos of the classes, as training/fine_tune.py takes them; a test set is preferred",
    )
    parser.add_argument("--layout", choices=("guess", "classes", "sources"), default="guess", help="as in training/head.py")
    parser.add_argument("--labels", nargs="+", default=[], metavar="CLASS", help="take these folders alone (default: all)")
    parser.add_argument("--label-from", metavar="RULE", help="where labels come from, as in training/fine_tune.py")
    parser.add_argument("--neither", type=Path, nargs="+", default=[], help="folders of photos of other things")
    parser.add_argument("--by-source", action="store_true", help="tell every figure of every source, too")
    parser.add_argument("--against", metavar="OTHER_MODEL", help="a second model, folder or user/name, to compare with")
    parser.add_argument(
        "--report", type=Path, help="the folder to write; it shows some photos (default: MODEL/report, ./report for the Hub)"
    )
    parser.add_argument(
        "--robustness",
        type=count,
        default=500,
        metavar="N",
        help="photos to corrupt, or save again, and answer again; 0: none (default: 500)",
    )
    parser.add_argument("--name", default="test", help="what to call these photos in card and report (default: test)")
    parser.add_argument("--write", action="store_true", help="store the figures in the model's config.json and README.md")
    arguments = parser.parse_args()
    is_folder = Path(arguments.model).is_dir()
    if arguments.write and not is_folder:
        parser.error(f"--write needs a model folder; download {arguments.model} first to change its card")
    target = arguments.report or (Path(arguments.model) / REPORT if is_folder else Path(REPORT))
    model = Path(arguments.model).resolve()
    unpacked = (model.with_name(f"{model.name}-run") if is_folder else Path(f"{REPORT}-run")) / "data"
    try:
        served, folder = open_model(arguments.model, arguments.revision)
        against = open_model(arguments.against) if arguments.against else None
        came_from_export = served.config.architecture.library == "export"
        if came_from_export and arguments.write:
            raise ModelError(f"{folder} was converted from an export; --write needs a model that was trained here")
        can_be_built = (folder / WEIGHTS).is_file() and served.config.architecture.can_be_built
        reference = load_torch(folder) if can_be_built else None
        photos = open_photos(
            arguments.data, arguments.neither, arguments.label_from, unpacked, arguments.labels, arguments.layout
        )
        result = write_report(
            served,
            photos,
            target,
            arguments.name,
            model=folder,
            reference=reference,
            against=against,
            robustness=arguments.robustness,
            sources=arguments.by_source,
        )
    except (DataError, ModelError, OutputError, PhotoError) as error:
        raise SystemExit(f"Cannot evaluate:\n{error}") from None
    print(
        f"\n{arguments.model} on {', '.join(arguments.data)}\n\n" + "\n".join([*metric_rows(result), "", *label_rows(result)])
    )
    if arguments.by_source:
        print("\n" + "\n".join(source_rows(result["all_answers"])))
    if against:
        details = json.loads((target / report.METRICS).read_text("utf-8"))
        print(f"\nA is {arguments.model}, B is {arguments.against}.\n{details['comparison']['sentence']}")
    print(f"\nreport: {target / report.HTML}")
    if arguments.write:
        config = served.config.model_copy(update={"metrics": served.config.metrics | {arguments.name: result}})
        for name, text in ((CONFIG, config.to_json()), (CARD, model_card(config, folder))):
            temporary = folder / f".{name}.part"
            temporary.write_text(text, "utf-8")
            temporary.replace(folder / name)
        print(f"written to {folder / CONFIG} and {folder / CARD}")


if __name__ == "__main__":
    main()
