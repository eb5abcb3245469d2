"""The lab's steps from pixels to a dense layer, each as HTML: a photo and the controls in, figures with sizes out."""

from __future__ import annotations

import numpy as np

from ui import markup
from ui.lab import figures
from ui.lab.convolution import (
    Floats,
    Pooling,
    convolution_parameters,
    dense_parameters,
    flatten,
    is_symmetric,
    output_size,
    padding_of,
    pool,
    relu,
)
from ui.lab.drawing import shades, tone_range, with_frame
from ui.lab.figures import size
from ui.lab.own_kernel import LabError
from ui.lab.photo import Photo
from ui.lab.sliding import Sliding
from ui.texts import ENGLISH, number, say

GRID = 10
POOLING_EXAMPLE = np.array([[1, 3, 2, 4], [5, 6, 1, 2], [7, 8, 9, 4], [3, 2, 1, 0]], np.float32)
_CLOSE = 32  # pixels of the map along each side of the close-up
_HISTOGRAM_BINS = 64
_FIRST_VALUES = 8


def framed(photo: Photo, language: str) -> str:
    """The photo with a frame around the spot, and how many numbers it is."""
    top, left = photo.corner(GRID, GRID)
    caption = say(
        "lab.framed", language, size=size(photo.rgb.shape), numbers=number(photo.rgb.size, language), row=top, column=left
    )
    return figures.picture(with_frame(photo.rgb, top, left, GRID), say("lab.framed_alt", language), caption, "thumbnail")


def pixel_table(photo: Photo, language: str) -> str:
    """The 10×10 pixels of the spot, with the red, green and blue of each."""
    top, left = photo.corner(GRID, GRID)
    pixels = photo.part(photo.rgb, GRID, GRID)
    caption = say("lab.pixels", language, rows=f"{top}–{top + GRID - 1}", columns=f"{left}–{left + GRID - 1}")
    return figures.colour_table(pixels, caption)


def histogram(photo: Photo, language: str) -> str:
    """How often each brightness of red, green and blue occurs."""
    counts = np.stack([np.bincount(photo.rgb[:, :, channel].ravel(), minlength=256) for channel in range(3)])
    means = (counts @ np.arange(256)) / counts[0].sum()
    red, green, blue = (number(mean, language) for mean in means)
    text = say("lab.histogram", language, red=red, green=green, blue=blue)
    return markup.figure(figures.curves(counts.reshape(3, _HISTOGRAM_BINS, -1).sum(axis=2), text), text)


def kernel_table(sliding: Sliding, language: str) -> str:
    """The kernel, the kernel turned by 180 degrees, and whether that makes a difference."""
    captions = [
        say("lab.kernel_caption", language, size=size(kernel.shape), sum=number(float(kernel.sum()), language))
        for kernel in sliding.kernels
    ]
    tables = [
        figures.number_table(kernel, caption, language) for kernel, caption in zip(sliding.kernels, captions, strict=True)
    ]
    if len(tables) > 1:
        return markup.row(*tables) + figures.sentence(say("lab.kernel_two", language))
    if is_symmetric(sliding.kernels[0]):
        return markup.row(*tables) + figures.sentence(say("lab.kernel_symmetric", language))
    turned = figures.number_table(sliding.kernels[0][::-1, ::-1], say("lab.kernel_turned", language), language)
    return markup.row(*tables, turned) + figures.sentence(say("lab.kernel_differs", language))


def map_step(photo: Photo, sliding: Sliding, language: str) -> str:
    """The whole feature map, and the arithmetic of its size."""
    source, values = sliding.source(photo), sliding.map(photo)
    low, high = tone_range(values, sliding.kernels)
    kernel = len(sliding.kernels[0])
    padding = padding_of(kernel, sliding.padding)
    shapes = f"{size(source.shape)} → {size(values.shape)}"
    caption = f"{shapes}. {_tones(low, high, language)}"
    sums = say(
        "lab.size_sum", language, height=source.shape[0], width=source.shape[1], k=kernel, p=padding, s=sliding.stride,
        out_height=output_size(source.shape[0], kernel, sliding.stride, padding),
        out_width=output_size(source.shape[1], kernel, sliding.stride, padding),
    )  # fmt: skip
    picture = figures.picture(shades(values, low, high), say("lab.map_alt", language), caption, "whole")
    return picture + figures.sentence(sums)


def closeup_step(photo: Photo, sliding: Sliding, language: str) -> str:
    """The spot before and after, by both operations, so large that pixels can be told apart."""
    kernel, source = len(sliding.kernels[0]), sliding.source(photo)
    out = min(_CLOSE, output_size(min(source.shape[:2]), kernel, sliding.stride))
    side = (out - 1) * sliding.stride + kernel
    part = photo.part(source, side, side)
    correlated, convolved = (sliding.closeup(part, flip) for flip in (False, True))
    low, high = tone_range(np.stack([correlated, convolved]), sliding.kernels)
    before = say("lab.close_before", language, size=size(part.shape))
    captions = [say(key, language, size=size(correlated.shape)) for key in ("lab.close_correlated", "lab.close_convolved")]
    difference = number(float(np.abs(correlated - convolved).max()), language)
    in_words = f"{say('lab.close_difference', language, difference=difference)} {_tones(low, high, language)}"
    return markup.row(
        figures.picture(part, before, before, "pixels"),
        *(
            figures.picture(shades(values, low, high), caption, caption, "pixels")
            for values, caption in zip((correlated, convolved), captions, strict=True)
        ),
    ) + figures.sentence(in_words)


def relu_step(photo: Photo, sliding: Sliding, language: str) -> str:
    """The map after ReLU, and how many of its values became 0."""
    values = sliding.map(photo)
    negative = int(np.count_nonzero(values < 0))
    low, high = _positive_range(values, sliding)
    percent = number(100 * negative / values.size, language)
    counted = say(
        "lab.relu_count", language, negative=number(negative, language), all=number(values.size, language), percent=percent
    )
    caption = f"{size(values.shape)} → {size(values.shape)}. {counted} {_tones(low, high, language)}"
    return figures.picture(shades(relu(values), low, high), say("lab.relu_alt", language), caption, "whole")


def pool_step(photo: Photo, sliding: Sliding, kind: Pooling, window: int, stride: int, language: str) -> str:
    """The map after ReLU and pooling."""
    values = sliding.map(photo)
    low, high = _positive_range(values, sliding)
    pooled = _pooled(values, kind, window, stride)
    caption = f"{size(values.shape)} → {size(pooled.shape)}. {_tones(low, high, language)}"
    shares = say("lab.pool_kept", language, percent=number(100 * pooled.size / values.size, language))
    return figures.picture(shades(pooled, low, high), say("lab.pool_alt", language), f"{caption} {shares}", "whole")


def pooling_example() -> str:
    """The worked example: 4×4 numbers, and what 2×2 max pooling leaves of them."""
    return markup.row(
        figures.number_table(POOLING_EXAMPLE, "4×4", ENGLISH, window=2),
        figures.number_table(pool(POOLING_EXAMPLE), "→ 2×2", ENGLISH, window=1),
    )


def flatten_step(photo: Photo, sliding: Sliding, kind: Pooling, window: int, stride: int, outputs: int, language: str) -> str:
    """The pooled map in one row, and what a dense layer on it would learn, against the convolution."""
    pooled = _pooled(sliding.map(photo), kind, window, stride)
    row = flatten(pooled)
    length, kernel = len(row), len(sliding.kernels[0])
    beginning = ", ".join(number(float(value), language) for value in row[:_FIRST_VALUES])
    flat = say("lab.flat", language, shape=size(pooled.shape), length=number(length, language), beginning=beginning)
    cost = say(
        "lab.dense",
        language,
        length=number(length, language),
        outputs=number(outputs, language),
        weights=number(length * outputs, language),
        parameters=number(dense_parameters(length, outputs), language),
        k=kernel,
        handful=convolution_parameters(kernel, 1, len(sliding.kernels)),
    )
    return figures.sentence(flat) + figures.sentence(cost)


def _pooled(values: Floats, kind: Pooling, window: int, stride: int) -> Floats:
    pooled = pool(relu(values), kind, window, stride)
    if pooled.size == 0:
        raise LabError("lab.pool_large", window=window, size=size(values.shape))
    return pooled


def _positive_range(values: Floats, sliding: Sliding) -> tuple[float, float]:
    """Black and white after ReLU: white is what it was before, black is 0."""
    return 0.0, tone_range(values, sliding.kernels)[1]


def _tones(low: float, high: float, language: str) -> str:
    """Which values black and white stand for."""
    key = "lab.tones_signed" if low < 0 else "lab.tones"
    return say(key, language, low=number(low, language), high=number(high, language))
