"""Numbers turned into pictures that a browser shows: uint8 arrays, (height, width) grey or (height, width, 3) RGB."""

from __future__ import annotations

from colorsys import hsv_to_rgb

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw

from ui.data_url import image_url
from ui.lab.convolution import Floats
from ui.lab.edges import STRONGEST, Gradient
from ui.palette import heat_colours

Picture = npt.NDArray[np.uint8]

_SMALL_PIXELS = 100_000  # up to here PNG, which keeps every pixel, costs no more than JPEG
# Okabe & Ito 2008: told apart by everybody
_LINE_COLOURS = {"blue": (0, 114, 178), "orange": (230, 159, 0), "pink": (204, 121, 167), "green": (0, 158, 115)}
LINE_NAMES = tuple(_LINE_COLOURS)


def data_url(picture: Picture) -> str:
    """The picture as a `data:` URL: nothing is written on the server. PNG where it is small, else JPEG."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    return image_url(image, "png" if image.width * image.height <= _SMALL_PIXELS else "jpeg")


def tone_range(values: Floats, kernels: tuple[Floats, ...]) -> tuple[float, float]:
    """The values to show as black and as white.

    0 and 255 for a kernel whose numbers add up to 1, which keeps the brightness of the photo; otherwise 0 and the
    largest value, or, where some are negative, the largest distance from 0 both ways, so that 0 is the grey in the middle.
    """
    if len(kernels) == 1 and abs(float(kernels[0].sum()) - 1) < 1e-3:
        return 0.0, 255.0
    low, high = float(values.min()), float(values.max())
    most = max(abs(low), abs(high)) or 1.0
    return (-most if low < 0 else 0.0), most


def shades(values: Floats, low: float, high: float) -> Picture:
    """`low` and below is 0, `high` and above 255, linear between; the shape stays."""
    scaled: Floats = (values - np.float32(low)) * np.float32(255 / (high - low))
    np.clip(scaled, 0, 255, out=scaled)
    np.rint(scaled, out=scaled)
    return scaled.astype(np.uint8)


def hues(slope: Gradient) -> Picture:
    """RGB (H, W, 3): the direction of the gradient as hue (0° is red, 120° green, 240° blue), its strength as brightness.

    Brightness goes with the square root, so that weak edges are seen beside the strongest, which are brightest.
    """
    hue = Image.fromarray((slope.direction * np.float32(256 / 360)).astype(np.uint16).astype(np.uint8))
    hue.putpalette([round(255 * channel) for step in range(256) for channel in hsv_to_rgb(step / 256, 1, 1)])
    strength = Image.fromarray(shades(np.sqrt(slope.magnitude), 0, max(float(slope.magnitude.max()), 1.0) ** 0.5))
    return np.asarray(ImageChops.multiply(hue.convert("RGB"), strength.convert("RGB")))


def hue_wheel(size: int = 120) -> Picture:
    """RGB (size, size, 3): what `hues` makes of a gradient that points away from the centre, on mid-grey."""
    places: Floats = np.linspace(-1, 1, size, dtype=np.float32)
    across, down = np.tile(places, (size, 1)), np.tile(places[:, None], (1, size))
    radius: Floats = np.hypot(across, down)
    outwards = (STRONGEST / np.maximum(radius, 1e-6)).astype(np.float32)
    wheel = hues(Gradient(across * outwards, down * outwards))
    return np.where((radius <= 1)[:, :, None], wheel, np.uint8(128))


def heat(shares: Floats, photo: Picture) -> Picture:
    """RGB (H, W, 3): shares in the colours of heat, from 0 to the largest, laid over the photo by half."""
    colours = heat_colours(shares / (float(shares.max()) or 1.0)).astype(np.uint8)
    return np.asarray(Image.blend(Image.fromarray(photo), Image.fromarray(colours), 0.6))


def with_lines(photo: Picture, groups: list[list[Floats]]) -> Picture:
    """The photo with each group of lines drawn over it in a colour of its own; lines are (N, 2) of (x, y) in pixels."""
    image = Image.fromarray(photo)
    draw = ImageDraw.Draw(image)
    width = max(2, max(image.size) // 400)
    for number, lines in enumerate(groups):
        colour = _LINE_COLOURS[LINE_NAMES[number % len(LINE_NAMES)]]
        for line in lines:
            draw.line(line.ravel().tolist(), colour, width)
    return np.asarray(image)


def with_frame(photo: Picture, top: int, left: int, height: int, width: int) -> Picture:
    """The photo as RGB with a frame around the `height` × `width` pixels that begin at (`left`, `top`)."""
    image = Image.fromarray(photo).convert("RGB")
    draw = ImageDraw.Draw(image)
    line = max(2, max(image.size) // 150)
    box = (left - line, top - line, left + width - 1 + line, top + height - 1 + line)
    draw.rectangle(box, outline=(255, 255, 255), width=line)
    draw.rectangle((box[0] - line, box[1] - line, box[2] + line, box[3] + line), outline=(200, 0, 0), width=line)
    return np.asarray(image)


def thumbnail(photo: Picture, longest: int = 400) -> Picture:
    """The picture shrunk to `longest` pixels along its longer side, where it has more."""
    image = Image.fromarray(photo)
    image.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    return np.asarray(image)
