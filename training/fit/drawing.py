"""What a lesson draws: the curves of its training, and some photos with what its model says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import torch

from model.classifier import Classifier
from training.data.photos import Photos

DPI = 80


def draw_curves(history: Sequence[Mapping[str, float]], path: Path) -> None:
    """Loss, validation accuracy and learning rate of each epoch, written to `path`.

    Args:
        history: rows with `epoch`, `train_loss`, `valid_loss` (nats), `valid_accuracy` (0-1) and `lr`.
    """
    epochs = [row["epoch"] for row in history]
    _, axes = plt.subplots(1, 3, figsize=(13, 3.8))
    axes[0].plot(epochs, [row["train_loss"] for row in history], ".-", label="training, while it learned")
    axes[0].plot(epochs, [row["valid_loss"] for row in history], ".-", label="validation")
    axes[0].legend()
    axes[1].plot(epochs, [row["valid_accuracy"] for row in history], ".-")
    axes[2].plot(epochs, [row["lr"] for row in history], ".-")
    axes[2].set_ylim(bottom=0)
    for ax, title in zip(axes, ("loss (nats)", "validation accuracy", "learning rate"), strict=True):
        ax.set(title=title, xlabel="epochs")
        ax.locator_params(axis="x", integer=True)
        ax.grid(alpha=0.3)
    plt.tight_layout()
    plt.savefig(path, dpi=DPI)


def draw_predictions(classifier: Classifier, photos: Photos, path: Path) -> None:
    """Ten of `photos`, drawn at random by torch, with their true and their predicted label; written to `path`."""
    chosen = torch.randperm(len(photos))[:10].tolist()
    predictions = classifier.classify([photos.paths[i] for i in chosen])
    _, axes = plt.subplots(2, 5, figsize=(11, 5.6))
    for ax in axes.flat:
        ax.axis("off")
    for ax, i, prediction in zip(axes.flat, chosen, predictions, strict=False):
        ax.imshow(classifier.prepare(photos.paths[i]))
        right = prediction.label == photos.answers[i]
        title = f"is: {photos.answers[i]}\nsays: {prediction.label}, {prediction.probability:.0%}"
        ax.set_title(title, fontsize=10, color="darkgreen" if right else "firebrick", parse_math=False)
    plt.tight_layout()
    plt.savefig(path, dpi=DPI)
