"""Make the examples of the page: `python ui/examples/make.py PILLOW_HEIF` (needs scikit-image, from requirements-dev.txt).

PILLOW_HEIF is the unpacked source archive of the package pillow-heif (1.8.1 was used); README.md says whose the photos are.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

HERE = Path(__file__).parent
SIDE = 480  # pixels
THUMBNAIL = 96  # pixels
NAMES = ("cat", "dog", "both", "fox", "drawing", "coffee")  # as they stand in the sheet
_FINER = 4  # what is drawn is drawn so much larger first

Point = tuple[float, float]


def main() -> None:
    """Write the examples and the sheet of their thumbnails beside this file."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    import pillow_heif
    from skimage import data

    pillow_heif.register_heif_opener()
    photos = Path(sys.argv[1]) / "tests" / "images" / "heif_other"
    pug = ImageOps.exif_transpose(Image.open(photos / "pug.heic")).convert("RGB")
    grey_cat = ImageOps.exif_transpose(Image.open(photos / "cat.hif")).convert("RGB")
    dog = pug.crop((300, 1100, 3000, 3024))
    examples = {
        "cat": Image.fromarray(data.chelsea()),
        "dog": dog,
        "both": side_by_side(grey_cat.crop((1000, 0, 3240, 2832)), pug.crop((1400, 1300, 2700, 3024))),
        "fox": fox(),
        "drawing": drawing(),
        "coffee": Image.fromarray(data.coffee()),
    }
    sheet = Image.new("RGB", (THUMBNAIL * len(NAMES), THUMBNAIL))
    for place, name in enumerate(NAMES):
        image = examples[name]
        image.thumbnail((SIDE, SIDE))
        image.save(HERE / f"{name}.jpg", quality=90, optimize=True)
        sheet.paste(ImageOps.fit(image, (THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS), (THUMBNAIL * place, 0))
    sheet.save(HERE / "sheet.jpg", quality=82, optimize=True)


def side_by_side(left: Image.Image, right: Image.Image) -> Image.Image:
    """Two photos in one, each half of it."""
    half = (SIDE // 2, SIDE * 2 // 3)
    both = Image.new("RGB", (SIDE, half[1]))
    for place, photo in enumerate((left, right)):
        both.paste(ImageOps.fit(photo, half, Image.Resampling.LANCZOS), (place * half[0], 0))
    return both


def fox() -> Image.Image:
    """The face of a fox, drawn in flat colours."""
    image, draw = _sheet("#cfe3d4")
    orange, dark, white, pink = "#d9691e", "#3b2417", "#fbf4ea", "#e9a58b"
    for sign in (-1, 1):
        _shape(draw, dark, [(0.5 + sign * x, y) for x, y in ((0.36, 0.08), (0.40, 0.44), (0.12, 0.30))])
        _shape(draw, orange, [(0.5 + sign * x, y) for x, y in ((0.345, 0.13), (0.385, 0.45), (0.11, 0.32))])
        _shape(draw, pink, [(0.5 + sign * x, y) for x, y in ((0.315, 0.21), (0.335, 0.40), (0.18, 0.33))])
    _shape(draw, orange, [(0.30, 0.29), (0.70, 0.29), (0.90, 0.55), (0.72, 0.70), (0.5, 0.93), (0.28, 0.70), (0.10, 0.55)])
    for sign in (-1, 1):
        cheek = ((0.40, 0.55), (0.22, 0.71), (0.02, 0.91), (0.09, 0.62), (0.22, 0.54))
        _shape(draw, white, [(0.5 + sign * x, y) for x, y in cheek])
        _disc(draw, dark, (0.5 + sign * 0.17, 0.50), 0.040)
        _disc(draw, white, (0.5 + sign * 0.17 + 0.012, 0.488), 0.012)
    _disc(draw, dark, (0.5, 0.885), 0.055)
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def drawing() -> Image.Image:
    """A cat as a child draws it: black lines on white paper."""
    image, draw = _sheet("#fdfdf8")
    ink, width = "#26262a", SIDE * _FINER // 90
    _ring(draw, ink, (0.5, 0.68), (0.25, 0.24), width)
    _ring(draw, ink, (0.5, 0.36), (0.19, 0.17), width)
    for sign in (-1, 1):
        _line(draw, ink, [(0.5 + sign * x, y) for x, y in ((0.165, 0.27), (0.18, 0.10), (0.06, 0.20))], width)
        _disc(draw, ink, (0.5 + sign * 0.075, 0.33), 0.018)
        for lift in (-0.03, 0.0, 0.03):
            _line(draw, ink, [(0.5 + sign * 0.06, 0.42 + lift / 2), (0.5 + sign * 0.30, 0.41 + 1.6 * lift)], width // 2)
        _line(draw, ink, [(0.5 + sign * 0.08, 0.74), (0.5 + sign * 0.08, 0.915)], width)
    _shape(draw, ink, [(0.475, 0.39), (0.525, 0.39), (0.5, 0.415)])
    _line(draw, ink, [(0.44, 0.455), (0.47, 0.465), (0.5, 0.415), (0.53, 0.465), (0.56, 0.455)], width // 2)
    _line(draw, ink, [(0.73, 0.78), (0.84, 0.76), (0.90, 0.66), (0.86, 0.54), (0.90, 0.46)], width)
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _sheet(colour: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (SIDE * _FINER, SIDE * _FINER), colour)
    return image, ImageDraw.Draw(image)


def _at(points: list[Point]) -> list[Point]:
    return [(x * SIDE * _FINER, y * SIDE * _FINER) for x, y in points]


def _shape(draw: ImageDraw.ImageDraw, colour: str, points: list[Point]) -> None:
    draw.polygon(_at(points), fill=colour)


def _line(draw: ImageDraw.ImageDraw, colour: str, points: list[Point], width: int) -> None:
    draw.line(_at(points), fill=colour, width=width, joint="curve")


def _disc(draw: ImageDraw.ImageDraw, colour: str, centre: Point, radius: float) -> None:
    draw.ellipse(_at([(centre[0] - radius, centre[1] - radius), (centre[0] + radius, centre[1] + radius)]), fill=colour)


def _ring(draw: ImageDraw.ImageDraw, colour: str, centre: Point, radii: Point, width: int) -> None:
    corners = [(centre[0] - radii[0], centre[1] - radii[1]), (centre[0] + radii[0], centre[1] + radii[1])]
    draw.ellipse(_at(corners), outline=colour, width=width)


if __name__ == "__main__":
    main()
