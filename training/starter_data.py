"""Lay out the photos the starter model is trained and judged on.

    python training/starter_data.py ../shared/data build/starter

From `cats-dogs/`, `neither/` and `cifar10.tgz` of the source this makes

    photos/train/{Cat,Dog}   nine tenths of 7,000 photos each, and of 300 tiny ones each from CIFAR-10
    photos/valid/{Cat,Dog}   the other photos, without tiny ones
    neither/train            nine tenths of: one half of neither/, 75 tiny pictures of each of CIFAR-10's eight other
                             classes, 120 drawings of nothing
    neither/valid            the rest of these, without tiny ones
    test-neither/            the other half of neither/, which training never sees

The tiny pictures come in all ten classes, so that being blurred is no sign of being neither.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tarfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import Image, ImageDraw
from tqdm.auto import tqdm

from model.config import NEITHER
from training.data import find_photos, split

TINY_PETS, TINY_OTHERS, DRAWINGS = 300, 75, 120
TINY = "cifar-"
SEED, SPLIT_SEED, VALID = 1, 42, 0.1


def link(source: Path, target: Path) -> None:
    """A link to `source` where the system allows it, else a copy."""
    try:
        target.symlink_to(source.resolve())
    except OSError:
        shutil.copyfile(source, target)


def draw(seed: int) -> Image.Image:
    """A picture of nothing: a plain, graded or noisy ground with a few shapes."""
    dice = random.Random(seed)

    def colour() -> tuple[int, int, int]:
        return dice.randrange(256), dice.randrange(256), dice.randrange(256)

    image = Image.new("RGB", (256, 256), colour())
    if seed % 4 == 1:
        image = Image.blend(image, Image.effect_noise((256, 256), dice.uniform(10, 120)).convert("RGB"), 0.5)
    elif seed % 4 == 2:
        ramp = Image.linear_gradient("L").rotate(dice.choice((0, 90, 180, 270)))
        image = Image.composite(image, Image.new("RGB", (256, 256), colour()), ramp)
    pen = ImageDraw.Draw(image)
    for _ in range(dice.choice((0, 1, 3, 12))):
        box = sorted(dice.randrange(256) for _ in range(2)) + sorted(dice.randrange(256) for _ in range(2))
        corners = (box[0], box[2], box[1] + 1, box[3] + 1)
        match dice.randrange(4):
            case 0:
                pen.rectangle(corners, fill=colour())
            case 1:
                pen.ellipse(corners, fill=colour())
            case 2:
                pen.line(corners, fill=colour(), width=dice.randrange(1, 12))
            case _:
                pen.text(corners[:2], "the quick brown fox", fill=colour(), font_size=dice.randrange(10, 50))
    return image


def main() -> None:
    """Make the folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="holds cats-dogs/, neither/ and cifar10.tgz")
    parser.add_argument("target", type=Path, help="a folder to make")
    arguments = parser.parse_args()
    source, target = arguments.source, arguments.target
    if missing := [name for name in ("cats-dogs/train", "neither", "cifar10.tgz") if not (source / name).exists()]:
        raise SystemExit(f"{source} lacks {', '.join(missing)}")
    if target.exists():
        raise SystemExit(f"{target} exists; remove it first or choose another name")
    gather = target / ".gather"
    folders = {name: gather / name for name in ("train/Cat", "train/Dog", "neither")} | {"test": target / "test-neither"}
    for folder in folders.values():
        folder.mkdir(parents=True)
    for label in ("Cat", "Dog"):
        for photo in sorted((source / "cats-dogs/train" / label).iterdir()):
            link(photo, folders[f"train/{label}"] / photo.name)
    others = sorted((source / "neither").iterdir())
    random.Random(SEED).shuffle(others)
    for index, photo in enumerate(others):
        link(photo, folders["neither" if index < len(others) // 2 else "test"] / photo.name)
    add_tiny(source / "cifar10.tgz", folders)
    for seed in range(DRAWINGS):
        draw(seed).save(folders["neither"] / f"drawn-{seed:03d}.png")
    everything = find_photos(gather / "train", gather / "neither")
    for name, part in zip(("train", "valid"), split(everything, VALID, SPLIT_SEED)[:2], strict=True):
        for path, answer in zip(part.paths, part.answers, strict=True):
            folder = target / "neither" / name if answer == NEITHER else target / "photos" / name / answer
            folder.mkdir(parents=True, exist_ok=True)
            if name == "train" or not path.name.startswith(TINY):
                path.rename(folder / path.name)
    shutil.rmtree(gather)
    for folder in sorted(target.rglob("*")):
        if count := sum(1 for each in folder.iterdir() if not each.is_dir()) if folder.is_dir() else 0:
            print(f"{folder.relative_to(target)}: {count:,} pictures")


def add_tiny(archive_path: Path, folders: dict[str, Path]) -> None:
    """The first tiny pictures of each class of CIFAR-10, into the folder of their answer."""
    wanted = {"cat": (folders["train/Cat"], TINY_PETS), "dog": (folders["train/Dog"], TINY_PETS)}
    taken: Counter[str] = Counter()
    with tarfile.open(archive_path) as archive:
        for member in tqdm(archive, desc="CIFAR-10", unit="file"):
            parts = Path(member.name).parts
            if not member.isfile() or parts[1] != "train":
                continue
            folder, limit = wanted.get(parts[2], (folders["neither"], TINY_OTHERS))
            if taken[parts[2]] < limit and (file := archive.extractfile(member)):
                taken[parts[2]] += 1
                (folder / f"{TINY}{parts[2]}-{parts[3]}").write_bytes(file.read())


if __name__ == "__main__":
    main()
