"""Make the example photos of the page: `python ui/examples/make.py` (needs scikit-image, from requirements-dev.txt).

The cat and the coffee cup come with scikit-image; both photos are CC0 (Stéfan van der Walt; Rachel Michetti).
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent


def main() -> None:
    """Write the photos beside this file."""
    from skimage import data

    for name, pixels in (("cat", data.chelsea()), ("coffee", data.coffee())):
        image = Image.fromarray(pixels)
        image.thumbnail((480, 480))
        image.save(HERE / f"{name}.jpg", quality=90, optimize=True)


if __name__ == "__main__":
    main()
