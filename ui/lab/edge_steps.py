"""The lab's steps about edges, each as HTML: a photo and the controls in, figures with sizes out."""

from __future__ import annotations

import numpy as np

from ui import markup
from ui.lab import figures
from ui.lab.drawing import LINE_NAMES, heat, hue_wheel, hues, shades, with_lines
from ui.lab.edges import contour_lines, density, direction_histogram, edge_map, gradient
from ui.lab.figures import size
from ui.lab.photo import Photo
from ui.texts import number, say

_BINS = 12


def gradient_step(photo: Photo, language: str) -> str:
    """How steep brightness is at each pixel, and which way it gets lighter."""
    slope = gradient(photo.grey)
    steepest = float(slope.magnitude.max())
    steep = say("lab.magnitude", language, size=size(photo.grey.shape), steepest=number(steepest, language))
    way = say("lab.direction", language, size=f"{size(photo.grey.shape)}×3")
    return markup.row(
        figures.picture(shades(slope.magnitude, 0, max(steepest, 1)), say("lab.magnitude_alt", language), steep),
        figures.picture(hues(slope), say("lab.direction_alt", language), way),
    ) + markup.row(figures.picture(hue_wheel(), say("lab.wheel_alt", language), say("lab.wheel", language)))


def edge_step(photo: Photo, threshold: float, language: str) -> str:
    """The pixels that are at least as steep as the threshold."""
    edges = edge_map(gradient(photo.grey).magnitude, threshold)
    count, percent = number(int(np.count_nonzero(edges)), language), number(100 * float(edges.mean()), language)
    caption = say("lab.edge_map", language, size=size(edges.shape), edges=count, percent=percent)
    return figures.picture(edges.astype(np.uint8) * np.uint8(255), say("lab.edge_map_alt", language), caption, "whole")


def density_step(photo: Photo, threshold: float, window: int, language: str) -> str:
    """How dense edges lie around each pixel; an even window is taken as the odd one after it."""
    window |= 1
    shares = density(edge_map(gradient(photo.grey).magnitude, threshold), window)
    caption = say(
        "lab.density", language, size=size(shares.shape), window=window, most=number(100 * float(shares.max()), language)
    )
    return figures.picture(heat(shares, photo.rgb), say("lab.density_alt", language), caption, "whole")


def orientation_step(photo: Photo, threshold: float, language: str) -> str:
    """Which way the edges run."""
    slope = gradient(photo.grey)
    shares = direction_histogram(slope, edge_map(slope.magnitude, threshold), _BINS)
    names = [f"{place * 180 // _BINS}°" for place in range(_BINS)]
    if not shares.any():
        return figures.sentence(say("lab.orientation_none", language))
    text = say(
        "lab.orientation", language, most=names[int(shares.argmax())], percent=number(100 * float(shares.max()), language),
        horizontal=number(100 * float(shares[0]), language), vertical=number(100 * float(shares[_BINS // 2]), language),
    )  # fmt: skip
    return markup.figure(figures.bars(shares, names, text), text)


def contour_step(photo: Photo, levels: int, smoothing: float, language: str) -> str:
    """Lines of equal brightness over the photo, at up to as many levels as there are colours for lines."""
    brightness = [256 * place / (levels + 1) for place in range(1, levels + 1)]
    groups = contour_lines(photo.grey, brightness, smoothing)
    names = [say(f"lab.{name}", language) for name in LINE_NAMES]
    legend = ", ".join(f"{number(level, language)} {name}" for level, name in zip(brightness, names, strict=False))
    lines = sum(map(len, groups))
    caption = say("lab.contours", language, size=size(photo.rgb.shape), lines=number(lines, language), legend=legend)
    return figures.picture(with_lines(photo.rgb, groups), say("lab.contours_alt", language), caption, "whole")
