"""The lab's steps about edges, each as HTML: a photo and the controls in, figures with sizes out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ui import markup
from ui.lab import figures
from ui.lab.drawing import LINE_NAMES, Picture, heat, hue_wheel, hues, shades, with_frame, with_lines
from ui.lab.edges import (
    Block,
    Measure,
    block_at,
    block_density,
    contour_lines,
    density,
    direction_histogram,
    edge_map,
    integral_image,
)
from ui.lab.figures import size
from ui.lab.number_steps import GRID
from ui.lab.photo import Photo
from ui.texts import number, say

BLOCK = 32  # pixels
_BINS = 12


def gradient_step(photo: Photo, language: str) -> str:
    """How steep brightness is at each pixel, and which way it gets lighter."""
    slope = photo.gradient
    steepest = float(slope.magnitude.max())
    grey = say("lab.before_grey", language, size=size(photo.grey.shape))
    steep = say("lab.magnitude", language, size=size(photo.grey.shape), steepest=number(steepest, language))
    way = say("lab.direction", language, size=f"{size(photo.grey.shape)}×3")
    magnitude = shades(slope.magnitude, 0, max(steepest, 1))
    return figures.zoom(
        figures.before(photo.grey, grey, grey),
        figures.zoomed(magnitude, say("lab.magnitude_alt", language), steep, photo.grey),
        figures.zoomed(hues(slope), say("lab.direction_alt", language), way, photo.grey),
        figures.picture(hue_wheel(), say("lab.wheel_alt", language), say("lab.wheel", language)),
    )


def edge_step(photo: Photo, threshold: float, language: str) -> str:
    """The pixels that are at least as steep as the threshold."""
    slope = photo.gradient
    edges = edge_map(slope.magnitude, threshold)
    count, percent = number(int(np.count_nonzero(edges)), language), number(100 * float(edges.mean()), language)
    caption = say("lab.edge_map", language, size=size(edges.shape), edges=count, percent=percent)
    steep = say("lab.before_edges", language, size=size(edges.shape))
    return figures.zoom(
        figures.before(shades(slope.magnitude, 0, max(float(slope.magnitude.max()), 1)), steep, steep),
        figures.zoomed(_white_on_black(edges), say("lab.edge_map_alt", language), caption, edges),
    )


def block_step(photo: Photo, threshold: float, language: str) -> str:
    """How many edge pixels lie in each block of 32 × 32, and the sum of the block at the spot by its four corners."""
    edges = edge_map(photo.gradient.magnitude, threshold)
    shares = block_density(edges, BLOCK)
    top, left = photo.corner(GRID, GRID)
    block = block_at(edges.shape, BLOCK, top + GRID // 2, left + GRID // 2)
    place = block.top, block.left, block.bottom - block.top, block.right - block.left
    everywhere = shares.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)[: edges.shape[0], : edges.shape[1]]
    before = say("lab.before_blocks", language, size=size(edges.shape))
    most = number(100 * float(shares.max()), language)
    caption = say("lab.blocks", language, size=size(edges.shape), blocks=size(shares.shape), side=BLOCK, most=most)
    density_alt = say("lab.density_alt", language)
    return figures.zoom(
        figures.before(with_frame(_white_on_black(edges), *place), before, before),
        figures.zoomed(with_frame(heat(everywhere, photo.rgb), *place), density_alt, caption, edges),
    ) + figures.sentence(_four_corners(edges, block, language))


def _four_corners(edges: npt.NDArray[np.bool_], block: Block, language: str) -> str:
    """The sum of the block by four look-ups, in numbers."""
    corners = block.corners(integral_image(edges))
    count = corners[0] - corners[1] - corners[2] + corners[3]
    return say(
        "lab.block_sum",
        language,
        **{name: number(value, language) for name, value in zip("abcd", corners, strict=True)},
        rows=f"{block.top}–{block.bottom - 1}",
        columns=f"{block.left}–{block.right - 1}",
        top=block.top,
        left=block.left,
        bottom=block.bottom,
        right=block.right,
        count=number(count, language),
        pixels=number(block.pixels, language),
        percent=number(100 * count / block.pixels, language),
    )


def density_step(photo: Photo, threshold: float, window: int, language: str) -> str:
    """How dense edges lie around each pixel; an even window is taken as the odd one after it."""
    window |= 1
    edges = edge_map(photo.gradient.magnitude, threshold)
    shares = density(edges, window)
    caption = say(
        "lab.density", language, size=size(shares.shape), window=window, most=number(100 * float(shares.max()), language)
    )
    colour = say("lab.before_rgb", language, size=size(photo.rgb.shape))
    return figures.zoom(
        figures.before(photo.rgb, colour, colour),
        figures.zoomed(heat(shares, photo.rgb), say("lab.density_alt", language), caption, photo.rgb),
    )


def orientation_step(photo: Photo, threshold: float, by: Measure, language: str) -> str:
    """Which way the edges run, by one measure as bars and by the other in words."""
    slope = photo.gradient
    edges = edge_map(slope.magnitude, threshold)
    shares = direction_histogram(slope, edges, _BINS, by)
    if not shares.any():
        return figures.sentence(say("lab.orientation_none", language))
    names = [f"{place * 180 // _BINS}°" for place in range(_BINS)]
    other: Measure = "count" if by == "magnitude" else "magnitude"
    found = _most(shares, names, f"lab.orientation_{by}", int(np.count_nonzero(edges)), language)
    also = _most(direction_histogram(slope, edges, _BINS, other), names, f"lab.orientation_also_{other}", 0, language)
    text = say(
        "lab.orientation", language, found=found, also=also,
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
    grey = say("lab.before_grey", language, size=size(photo.grey.shape))
    return figures.zoom(
        figures.before(photo.grey, grey, grey),
        figures.zoomed(with_lines(photo.rgb, groups), say("lab.contours_alt", language), caption, photo.rgb),
    )


def _white_on_black(edges: npt.NDArray[np.bool_]) -> Picture:
    return edges.astype(np.uint8) * np.uint8(255)


def _most(shares: npt.NDArray[np.float64], names: list[str], key: str, edges: int, language: str) -> str:
    """The direction with the largest share."""
    values = {"most": names[int(shares.argmax())], "percent": number(100 * float(shares.max()), language)}
    return say(key, language, edges=number(edges, language), **values)
