"""The lab's last step: the kernel at one place of a small crop, in numbers, and its whole way as an animation."""

from __future__ import annotations

from ui import markup
from ui.data_url import data_url
from ui.lab import figures
from ui.lab.animation import animation
from ui.lab.convolution import convolve
from ui.lab.drawing import Picture
from ui.lab.figures import size
from ui.lab.photo import Photo
from ui.lab.sliding import Sliding, crop_side, places
from ui.texts import number, say


def position_step(photo: Photo, sliding: Sliding, position: int, language: str) -> str:
    """The kernel at one place, counted from 1: every product, and their sum in the map as far as it is filled."""
    crop, kernel, stride = _crop(photo, sliding), sliding.applied, sliding.stride
    steps = places(crop, kernel, stride)
    position = min(max(position, 1), len(steps))
    step = steps[position - 1]
    top, left = step.row * stride, step.column * stride
    under = slice(top, top + len(kernel)), slice(left, left + len(kernel))
    here = slice(step.row, step.row + 1), slice(step.column, step.column + 1)
    values = convolve(crop, kernel, stride)
    caption = say("lab.position_map", language, size=size(values.shape), place=position, places=len(steps))
    products = zip(step.window.ravel().tolist(), kernel.ravel().tolist(), strict=True)
    sums = (
        " + ".join(f"{number(pixel, language)}·{_in_brackets(weight, language)}" for pixel, weight in products if weight) or "0"
    )
    return markup.row(
        figures.number_table(
            crop, say("lab.position_crop", language, size=size(crop.shape)), language, marked=under, colours="grey"
        ),
        figures.number_table(kernel, say("lab.position_kernel", language), language, colours="signed"),
        figures.number_table(step.products, say("lab.position_products", language), language, colours="signed"),
        figures.number_table(values, caption, language, marked=here, filled=position, colours="signed"),
    ) + figures.sentence(say("lab.position_sum", language, sum=sums, total=number(step.total, language)))


def animation_step(photo: Photo, sliding: Sliding, language: str) -> str:
    """The kernel's whole way over the crop as a GIF that plays once."""
    crop = _crop(photo, sliding)
    film = data_url(animation(crop, sliding.applied, sliding.stride, language), "gif")
    out = convolve(crop, sliding.applied, sliding.stride)
    caption = say("lab.animation_caption", language, crop=size(crop.shape), map=size(out.shape))
    return markup.figure(markup.image(film, say("lab.animation_alt", language)), caption, "whole")


def _crop(photo: Photo, sliding: Sliding) -> Picture:
    """The grey pixels around the spot."""
    side = crop_side(len(sliding.kernels[0]))
    return photo.part(photo.grey, side, side)


def _in_brackets(value: float, language: str) -> str:
    return f"({number(value, language)})" if value < 0 else number(value, language)
