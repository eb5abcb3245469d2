"""The lab's steps from a kernel to a dense layer, each as HTML: a photo and the controls in, figures with sizes out."""

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
from ui.lab.drawing import shades, tone_range
from ui.lab.figures import size
from ui.lab.own_kernel import LabError
from ui.lab.photo import Photo
from ui.lab.sliding import Sliding
from ui.texts import ENGLISH, number, say

POOLING_EXAMPLE = np.array([[1, 3, 2, 4], [5, 6, 1, 2], [7, 8, 9, 4], [3, 2, 1, 0]], np.float32)
_CLOSE = 32  # pixels of the map along each side of the close-up
_FIRST_VALUES = 8
_BEYOND = 0.5  # of a grey level: less than that is rounded away


def kernel_table(sliding: Sliding, language: str) -> str:
    """The kernel, the kernel turned by 180 degrees, and whether that makes a difference."""
    captions = [
        say("lab.kernel_caption", language, size=size(kernel.shape), sum=number(float(kernel.sum()), language))
        for kernel in sliding.kernels
    ]
    tables = [
        figures.number_table(kernel, caption, language, colours="signed")
        for kernel, caption in zip(sliding.kernels, captions, strict=True)
    ]
    key = "lab.kernel_two" if len(tables) > 1 else "lab.kernel_symmetric"
    if len(tables) == 1 and not is_symmetric(sliding.kernels[0]):
        key = "lab.kernel_differs"
        turned = sliding.kernels[0][::-1, ::-1]
        tables.append(figures.number_table(turned, say("lab.kernel_turned", language), language, colours="signed"))
    return markup.row(*tables) + figures.sentence(f"{say('lab.kernel_colours', language)} {say(key, language)}")


def map_step(photo: Photo, sliding: Sliding, language: str) -> str:
    """The photo and its feature map side by side, and the arithmetic of the map's size."""
    source, values = sliding.source(photo), sliding.map(photo)
    low, high = tone_range(values, sliding.kernels)
    kernel = len(sliding.kernels[0])
    padding = padding_of(kernel, sliding.padding)
    tones = _tones(values, low, high, language)
    caption = f"{size(source.shape)} → {size(values.shape)}. {_enlarged(sliding.stride, language)}{tones}"
    sums = say(
        "lab.size_sum", language, height=source.shape[0], width=source.shape[1], k=kernel, p=padding, s=sliding.stride,
        out_height=output_size(source.shape[0], kernel, sliding.stride, padding),
        out_width=output_size(source.shape[1], kernel, sliding.stride, padding),
    )  # fmt: skip
    seen = say(f"lab.before_{sliding.channels}", language, size=size(source.shape))
    picture = figures.zoomed(shades(values, low, high), say("lab.map_alt", language), caption, source, sliding.stride)
    return figures.zoom(figures.before(source, seen, seen), picture) + figures.sentence(sums)


def closeup_step(photo: Photo, sliding: Sliding, language: str) -> str:
    """The spot before and after, by both operations, so large that pixels can be told apart."""
    kernel, source = len(sliding.kernels[0]), sliding.source(photo)
    out = min(_CLOSE, output_size(min(source.shape[:2]), kernel, sliding.stride))
    side = (out - 1) * sliding.stride + kernel
    part = photo.part(source, side, side)
    correlated, convolved = (sliding.closeup(part, flip) for flip in (False, True))
    both = np.stack([correlated, convolved])
    low, high = tone_range(both, sliding.kernels)
    seen = say("lab.close_before", language, size=size(part.shape))
    enlarged = _enlarged(sliding.stride, language)
    ways = "lab.close_correlated", "lab.close_convolved"
    captions = [f"{say(key, language, size=size(correlated.shape))}. {enlarged}" for key in ways]
    difference = number(float(np.abs(correlated - convolved).max()), language)
    in_words = say("lab.close_difference", language, difference=difference)
    return figures.zoom(
        figures.zoomed(part, seen, seen, part),
        *(
            figures.zoomed(shades(values, low, high), caption, caption, part, sliding.stride)
            for values, caption in zip((correlated, convolved), captions, strict=True)
        ),
    ) + figures.sentence(f"{in_words} {_tones(both, low, high, language)}")


def relu_step(photo: Photo, sliding: Sliding, language: str) -> str:
    """The map before and after ReLU, and how many of its values became 0."""
    values = sliding.map(photo)
    negative = int(np.count_nonzero(values < 0))
    low, high = _positive_range(values, sliding)
    percent = number(100 * negative / values.size, language)
    counted = say(
        "lab.relu_count", language, negative=number(negative, language), all=number(values.size, language), percent=percent
    )
    caption = f"{size(values.shape)} → {size(values.shape)}. {counted} {_tones(relu(values), low, high, language)}"
    after = figures.zoomed(shades(relu(values), low, high), say("lab.relu_alt", language), caption, values)
    return figures.zoom(_before(values, tone_range(values, sliding.kernels), "lab.before_relu", language), after)


def pool_step(photo: Photo, sliding: Sliding, kind: Pooling, window: int, stride: int, language: str) -> str:
    """The map after ReLU, and what pooling makes of it."""
    values = sliding.map(photo)
    tones = _positive_range(values, sliding)
    values = relu(values)
    pooled = _pooled(values, kind, window, stride)
    shares = say("lab.pool_kept", language, percent=number(100 * pooled.size / values.size, language))
    shapes = f"{size(values.shape)} → {size(pooled.shape)}"
    caption = f"{shapes}. {_enlarged(stride, language)}{_tones(pooled, *tones, language)} {shares}"
    after = figures.zoomed(shades(pooled, *tones), say("lab.pool_alt", language), caption, values, stride)
    return figures.zoom(_before(values, tones, "lab.before_pool", language), after)


def pooling_example() -> str:
    """The worked example: 4×4 numbers, and what 2×2 max pooling leaves of them."""
    return markup.row(
        figures.number_table(POOLING_EXAMPLE, "4×4", ENGLISH, window=2),
        figures.number_table(pool(POOLING_EXAMPLE), "→ 2×2", ENGLISH, window=1),
    )


def flatten_step(photo: Photo, sliding: Sliding, kind: Pooling, window: int, stride: int, outputs: int, language: str) -> str:
    """The pooled map in one row, and what a dense layer on it would learn, against the convolution."""
    pooled = _pooled(relu(sliding.map(photo)), kind, window, stride)
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
    pooled = pool(values, kind, window, stride)
    if pooled.size == 0:
        raise LabError("lab.pool_large", window=window, size=size(values.shape))
    return pooled


def _before(values: Floats, tones: tuple[float, float], key: str, language: str) -> str:
    """The map that something is done to, with the text `key`."""
    caption = f"{say(key, language, size=size(values.shape))} {_tones(values, *tones, language)}"
    return figures.before(shades(values, *tones), caption, caption)


def _positive_range(values: Floats, sliding: Sliding) -> tuple[float, float]:
    """Black and white after ReLU: white is what it was before, black is 0."""
    return 0.0, tone_range(values, sliding.kernels)[1]


def _enlarged(each: int, language: str) -> str:
    """How much larger than it is a map is drawn, so that it has the zoom of what it was made from."""
    return f"{say('lab.enlarged', language, times=each)} " if each > 1 else ""


def _tones(values: Floats, low: float, high: float, language: str) -> str:
    """Which values black and white stand for, and whether there are values beyond that look the same."""
    black, white = number(low, language), number(high, language)
    if values.min() < low - _BEYOND:
        black = say("lab.and_less", language, n=black)
    if values.max() > high + _BEYOND:
        white = say("lab.and_more", language, n=white)
    return say("lab.tones_signed" if low < 0 else "lab.tones", language, low=black, high=white)
