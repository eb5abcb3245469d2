"""How good is this model folder? Measured through `model/`, as it is served.

    python training/evaluate.py model/starter --data PHOTOS [--neither OTHERS] [--write]

PHOTOS holds a folder per class, OTHERS photos that show none of the classes. Prints the table of the model card;
`--write` also stores it in the model's config.json and README.md.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tqdm.auto import tqdm

from model.classifier import MAX_BATCH, Classifier, softmax
from model.config import ModelError
from model.folder import CARD, CONFIG, load_folder, load_torch
from model.network import available_cores
from model.photo import PhotoError
from training import metrics
from training.card import metric_rows, model_card
from training.data import DataError, Photos, find_photos


def collect_logits(classifier: Classifier, photos: Photos, description: str) -> tuple[np.ndarray, np.ndarray]:
    """Logits float32 (N, K) and targets int (N,): the index of each photo's answer among the classifier's.

    Raises:
        DataError: a photo cannot be opened, or its answer is not among the classifier's.
    """
    answers = classifier.config.answers
    if unknown := sorted(set(photos.answers) - set(answers)):
        raise DataError(f"these photos are of {', '.join(unknown)}, but the model knows {', '.join(answers)}")

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
    return np.concatenate(rows), np.array([answers.index(answer) for answer in photos.answers])


def measure(classifier: Classifier, photos: Photos, description: str) -> dict[str, Any]:
    """Accuracy, log loss and calibration on photos of the labels; how well others are told apart, where there are any.

    `accuracy`, `log_loss` and `calibration_error` are of photos of the labels, over all answers: a cat called neither
    is an error. The photos of neither give the figures named `neither_*`.

    Raises:
        DataError: see `collect_logits`.
    """
    config = classifier.config
    logits, targets = collect_logits(classifier, photos, description)
    probabilities = softmax(logits / config.temperature)
    is_own = targets < len(config.labels)
    own, targets, other = probabilities[is_own], targets[is_own], probabilities[~is_own]
    right = metrics.accuracy(own, targets)
    result: dict[str, Any] = {
        "photos": len(targets),
        "accuracy": right,
        "accuracy_95_interval": list(metrics.wilson_interval(right, len(targets))),
        "log_loss": metrics.log_loss(own, targets),
        "calibration_error": metrics.expected_calibration_error(own, targets),
        "accuracy_per_label": {
            label: metrics.accuracy(own[targets == index], targets[targets == index])
            for index, label in enumerate(config.labels)
            if (targets == index).any()
        },
    }
    if len(other):
        result |= {
            "neither_photos": len(other),
            "neither_accuracy": float((other.argmax(axis=1) == len(config.labels)).mean()),
            "neither_false_accepts_at_95": metrics.false_accepts(own[:, -1], other[:, -1]),
            "neither_auroc": metrics.auroc(own[:, -1], other[:, -1]),
        }
    return result


def main() -> None:
    """Print the table, and store it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a model folder")
    parser.add_argument("--data", type=Path, required=True, help="a folder that holds one folder of photos per class")
    parser.add_argument("--neither", type=Path, help="a folder of photos of other things")
    parser.add_argument("--name", default="test", help="what to call these photos in the model card (default: test)")
    parser.add_argument("--write", action="store_true", help="store the figures in the model's config.json and README.md")
    arguments = parser.parse_args()
    try:
        photos = find_photos(arguments.data, arguments.neither)
        served = load_folder(arguments.model)
        result = measure(served, photos, "int8, ONNX Runtime")
        reference = measure(load_torch(arguments.model), photos, "fp32, torch")
    except (DataError, ModelError) as error:
        raise SystemExit(f"Cannot evaluate:\n{error}") from None
    result["accuracy_fp32"] = reference["accuracy"]
    result["log_loss_fp32"] = reference["log_loss"]
    print(f"\n{arguments.model} on {arguments.data}\n\n" + "\n".join(metric_rows(result)))
    if arguments.write:
        config = served.config.model_copy(update={"metrics": served.config.metrics | {arguments.name: result}})
        for name, text in ((CONFIG, config.to_json()), (CARD, model_card(config))):
            temporary = arguments.model / f".{name}.part"
            temporary.write_text(text, "utf-8")
            temporary.replace(arguments.model / name)
        print(f"\nwritten to {arguments.model / CONFIG} and {arguments.model / CARD}")


if __name__ == "__main__":
    main()
