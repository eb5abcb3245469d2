"""Make the background of a model: what a taught class has to be told from.

    python -m training.background SOURCE [SOURCE ...] --model model/starter

Each folder SOURCE is one place that photos come from; what they show does not matter, the more different the better. As many
of each of its subfolders are drawn as of any other, and their features are written beside the model: `background.npz` holds
numbers, and no photo. `model.teach` reads it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.errors import ModelError
from model.folder import BACKGROUND, load_folder
from model.photo import PhotoError
from model.photo_files import photos_below
from model.teach.background import Background
from model.teach.body import Body
from model.teach.examples import features_of
from model.whole import whole_file
from training.data.decode import map_ahead
from training.data.draw import draw_evenly
from training.options import at_least_one, count, option, parse

PHOTOS = 1_000
HELD_OUT = "hard"  # photos that nothing is fitted to


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be chosen."""

    sources: tuple[Path, ...] = option(help="a folder of photos, one for each source", positional=True)
    model: Path = option(Path("model/starter"), "the model folder whose body sees them, and beside which they are written")
    photos: int = option(PHOTOS, "how many to draw", check=at_least_one)
    seed: int = option(0, "of the draw", check=count)


def main() -> None:
    """Draw, look, write."""
    settings = parse(Settings, "background", __doc__)
    most = 2 * settings.photos // len(settings.sources)  # no source has more than twice its share
    found = []
    for source, folder in enumerate(settings.sources):
        paths = [path for path in photos_below(folder) if HELD_OUT not in path.relative_to(folder).parts]
        kinds = [path.relative_to(folder).parent for path in paths]
        found += [(paths[i], source, kinds[i]) for i in draw_evenly(kinds, settings.seed, most)]
    if not found:
        raise SystemExit(f"No photos in {', '.join(map(str, settings.sources))}")
    drawn = [found[i] for i in draw_evenly([(s, kind) for _, s, kind in found], settings.seed, settings.photos)]
    try:
        body = Body(load_folder(settings.model), threads=1)
        features = list(map_ahead(lambda path: features_of(body, path), [path for path, _, _ in drawn], "features"))
    except (ModelError, PhotoError) as error:
        raise SystemExit(f"Cannot make a background: {error}") from None
    background = Background(np.stack(features), np.array([source for _, source, _ in drawn], np.int16), body.key)
    target = settings.model / BACKGROUND
    with whole_file(target) as file:
        file.write(background.to_bytes())
    of = Counter(source for _, source, _ in drawn)
    print(f"{target}: {len(drawn):,} photos of {len(of)} sources, {target.stat().st_size / 1e6:.1f} MB")
    print("\n".join(f"  {settings.sources[source].name}: {n}" for source, n in sorted(of.items())))


if __name__ == "__main__":
    main()
