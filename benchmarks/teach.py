"""The tab Teach: how fast it takes photos and learns, and how good what it learned is.

    python -m benchmarks.teach ../shared/data ../shared/weights [--only speed|quality] [--draws 20]

Speed is measured on the app, over HTTP, as the page asks it. Quality is measured on sources that neither the old head nor the
background has seen: for each group of sources the starter's head is tuned again without it, and the background is drawn from
other sources than those that are taught or tested on. Beside it stands Teachable Machine's recipe (frozen MobileNetV2, two
dense layers) on the same photos, and what is left without the background, and without what the old head knows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.http_client import HttpClient
from benchmarks.machine import describe, spread
from benchmarks.serving import large_photo, timed
from benchmarks.teach_photos import tasks
from benchmarks.teach_quality import (
    Result,
    background_without,
    body_features,
    imagenet_head,
    mobilenet_features,
    ours,
    teachable_machine,
    try_out,
    tuned_head,
)
from model import Classifier
from model.photo_files import photos_below
from model.teach.body import Body
from model.teach.examples import Example, Look
from model.teach.knowledge import Knowledge
from model.teach.lesson import Lesson
from model.teach.teach import Teacher
from tests.pictures import CAT, COFFEE, encoded
from tests.running import running_app

AT_ONCE = 3  # photos that the page sends at once
LARGE_PHOTOS, CALLS, ROUNDS, FITS = 60, 300, 3, 15
PER_CLASS = (10, 30)
PETS = "cat, dog"


class Session:
    """A session of Teach, as the page has it."""

    def __init__(self, url: str) -> None:
        self._local = threading.local()
        self._url = url
        state = json.loads(self._client().send("POST", "/api/teach/sessions"))
        self.path = f"/api/teach/sessions/{state['session']}"
        self.classes = [json.loads(self._client().send("POST", f"{self.path}/classes"))["id"] for _ in range(2)]

    def _client(self) -> HttpClient:
        if not hasattr(self._local, "client"):
            self._local.client = HttpClient(self._url)
        client: HttpClient = self._local.client
        return client

    def send(self, photos: list[tuple[int, bytes]]) -> None:
        """Photos, each with the number of its class; a few at once; what is told to wait waits."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda pair: self._send(*pair), photos))

    def _send(self, number: int, photo: bytes) -> None:
        path = f"{self.path}/classes/{self.classes[number]}/photos?name=photo.jpg"
        while (answer := self._client().ask("POST", path, photo))[0] in (429, 503):
            time.sleep(0.5)
        if answer[0] != 200:
            raise RuntimeError(f"{path}: {answer}")

    def train(self) -> None:
        """Teach what was sent."""
        self._client().send("POST", f"{self.path}/train")

    def answer(self, photo: bytes) -> None:
        """The live answer, heat map included."""
        self._client().send("POST", f"{self.path}/classify?heat=1", photo)

    def close(self) -> None:
        """End it."""
        self._client().send("DELETE", self.path)


def speed() -> None:
    """How fast photos are taken, what that costs others, and how soon there is an answer."""
    photo, small = large_photo(), CAT.read_bytes()
    with running_app() as app:
        client = HttpClient(app.url)
        for _ in range(30):
            client.classify(small)
        rates, alone, beside = [], [], []
        for _ in range(ROUNDS):
            alone += [timed(lambda: client.classify(small)) for _ in range(CALLS)]
            session = Session(app.url)
            started = time.perf_counter()
            session.send([(i % 2, photo) for i in range(LARGE_PHOTOS)])
            rates.append(LARGE_PHOTOS / (time.perf_counter() - started))
            session.close()
            session = Session(app.url)
            teaching = threading.Thread(target=session.send, args=([(i % 2, photo) for i in range(300)],))
            teaching.start()
            time.sleep(0.3)
            during = []
            while teaching.is_alive():
                during.append(timed(lambda: client.classify(small)))
            teaching.join()
            session.close()
            beside += during
        seconds = []
        pairs = [(i % 2, file) for i, file in enumerate([CAT.read_bytes(), COFFEE.read_bytes()] * 10)]
        for _ in range(ROUNDS):
            session = Session(app.url)
            started = time.perf_counter()
            session.send(pairs)
            session.train()
            session.answer(small)
            seconds.append(time.perf_counter() - started)
            session.close()
    p95 = [float(np.quantile(times, 0.95)) for times in (alone, beside)]
    print(f"\n12-megapixel JPEGs taken, {AT_ONCE} at once: {spread(rates, 'photos/s')}, n = {ROUNDS} × {LARGE_PHOTOS}")
    print(
        f"POST /api/classify meanwhile (300 such photos): p95 {p95[1]:.1f} ms beside {p95[0]:.1f} ms alone, "
        f"{p95[1] / p95[0]:.2f} ×; median {statistics.median(beside):.1f} and {statistics.median(alone):.1f} ms, "
        f"n = {len(beside):,} and {len(alone):,}"
    )
    print(
        f"first of 10 + 10 photos sent → first live answer, without the page's 0.4 s of waiting: {spread(seconds, 's', 2)}, "
        f"n = {ROUNDS}"
    )


def fits(body: Body) -> None:
    """How long a lesson of ten classes takes, cross-validation included."""
    teacher, dice = Teacher(body), np.random.default_rng(0)
    assert teacher.background is not None
    centres = teacher.background.features[dice.choice(len(teacher.background.features), 10, replace=False)]
    look, picture = Look("JPEG", 640, 480, 60_000, np.zeros((28, 3), np.uint8)), encoded_dot()
    noise = dice.exponential(0.25, (500, body.channels)) * (dice.random((500, body.channels)) < 0.3)
    features = (np.repeat(centres, 50, axis=0) + noise).astype(np.float16)
    examples = [Example(row, look, picture) for row in features]
    lesson = Lesson(tuple(f"class {i}" for i in range(10)), examples, [i // 50 for i in range(500)])
    teacher.teach(lesson)
    times = [timed(lambda: teacher.teach(lesson)) / 1000 for _ in range(FITS)]
    print(f"fit of 10 classes × 50 photos, cross-validation included: {spread(times, 's', 2)}, n = {FITS}")


def encoded_dot() -> bytes:
    """The smallest JPEG there is."""
    return encoded(Image.new("RGB", (1, 1)), "JPEG")


def quality(data: Path, weights: Path, body: Body, draws: int) -> None:
    """The tables."""
    with tempfile.TemporaryDirectory() as scratch:
        all_tasks = tasks(data, Path(scratch))
        kaggle = [path for label in ("Cat", "Dog") for path in photos_below(data / "cats-dogs" / "train" / label)[:500]]
        known = [*photos_below(data / "photos"), *photos_below(data / "neither"), *kaggle]
        paths = list(dict.fromkeys([*known, *(path for task in all_tasks for path in task.photos)]))
        photos = body_features(body, paths)
        tried = list(dict.fromkeys(path for task in all_tasks for path in task.photos))
        in_mobilenet = mobilenet_features(weights / "mobilenet_v2-imagenet.safetensors", tried, Path(scratch))
    imagenet = imagenet_head(weights / "tf_efficientnet_lite0-imagenet.safetensors")
    tuned = {group: tuned_head(imagenet, photos, data, group) for group in range(3)}
    pets: dict[tuple[int, str], list[list[Result]]] = {}
    print("\n| taught | photos a class | recipe | accuracy | neither counts as wrong | others accepted | alike accepted |")
    print("|---|---|---|---|---|---|---|")
    for task in all_tasks:
        knowledge = Knowledge.of(imagenet if task.group is None else tuned[task.group], has_neither=True)
        background = background_without(task, photos, data)
        recipes = [("ours", ours(knowledge, background), photos), ("Teachable Machine's", teachable_machine, in_mobilenet)]
        parts = [
            ("without background", ours(knowledge, None), photos),
            ("background alone", ours(None, background), photos),
            ("neither of both", ours(None, None), photos),
        ]
        for per_class in PER_CLASS:
            for name, teach, features in recipes + (parts if task.others and per_class == PER_CLASS[0] else []):
                results = try_out(task, features, teach, per_class, draws if task.group is not None else max(1, draws // 4))
                print(f"| {task.name} | {per_class} | {name} | {row(results)} |", flush=True)
                if task.name.startswith(PETS):
                    pets.setdefault((per_class, name), []).append(results)
    for (per_class, name), found in pets.items():
        print(f"| {PETS}, all sources | {per_class} | {name} | {row(over_all(found))} |")
    print(
        f"\nmean of {draws} draws, a quarter of them where no group of sources is named (standard deviation of the accuracy); "
        "accepted: at 95 % of the classes' photos"
    )


def over_all(groups: list[list[Result]]) -> list[Result]:
    """For each draw, the mean over the groups of sources, each weighing as the photos that were tested."""
    return [
        Result(
            *(
                float(np.average([getattr(result, field.name) for result in of_draw], weights=[r.tested for r in of_draw]))
                for field in fields(Result)[:-1]
            ),
            sum(result.tested for result in of_draw),
        )
        for of_draw in zip(*groups, strict=True)
    ]


def row(results: list[Result]) -> str:
    """The means, as a row of the table."""
    accuracy = [result.accuracy for result in results]
    cells = [f"{100 * np.mean(accuracy):.1f} % (± {100 * np.std(accuracy):.1f})"]
    for name in ("all", "others", "alike"):
        mean = float(np.mean([getattr(result, name) for result in results]))
        cells.append("–" if np.isnan(mean) else f"{100 * mean:.1f} %")
    return " | ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="holds photos/, neither/, cats-dogs/train and cifar10.tgz")
    parser.add_argument("weights", type=Path, help="holds NAME-imagenet.safetensors of the two networks")
    parser.add_argument("--only", choices=["speed", "quality"], help="half of it")
    parser.add_argument("--draws", type=int, default=20, help="of photos to teach by")
    arguments = parser.parse_args()
    print(describe())
    body = Body(Classifier.load())
    if arguments.only != "quality":
        speed()
        fits(body)
    if arguments.only != "speed":
        quality(arguments.data, arguments.weights, body, arguments.draws)


if __name__ == "__main__":
    main()
