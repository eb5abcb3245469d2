"""Our app and the tutorial's app side by side: start, latency, throughput, memory.

    python -m benchmarks.serving

Three servers run at once and are asked in turn: the tutorial's app with a resnet34 learner, ours with a resnet34 of the
same shape (random weights in both: speed does not depend on them), and ours with the starter. Prints the README's table.
"""

from __future__ import annotations

import http.client
import io
import json
import statistics
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil
from PIL import Image
from tqdm import tqdm

from benchmarks.machine import describe, spread
from model import Classifier
from model.config import FORMAT_VERSION, Architecture, Config, Input
from model.folder import CONFIG, ONNX, load_folder
from tests.pictures import CAT, COFFEE, SHARED, photos
from tests.running import RunningApp, running_app

STARTS, SINGLE, LARGE, MEMORY_PHOTOS, CLIENTS, CONCURRENT_SECONDS = 3, 100, 15, 500, 16, 15
TUTORIAL, OURS, STARTER = "tutorial, resnet34", "ours, resnet34", "ours, starter"


class HttpClient:
    """A keep-alive connection, the same thin one for every server."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)

    def send(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> bytes:
        """The body of the answer; raises RuntimeError unless it is 200."""
        self._connection.request(method, path, body, {"Content-Type": content_type} if content_type else {})
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:200]!r}")
        return answer

    def classify(self, photo: bytes) -> object:
        """One photo through POST /api/classify."""
        return json.loads(self.send("POST", "/api/classify", photo, "image/jpeg"))

    def three_calls(self, photo: bytes, endpoint: str) -> object:
        """One photo through Gradio's own API: upload, call, result."""
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="photo.jpg"\r\n'
        body = head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + photo + f"\r\n--{boundary}--\r\n".encode()
        path = json.loads(self.send("POST", "/gradio_api/upload", body, f"multipart/form-data; boundary={boundary}"))[0]
        data = {"data": [{"path": path, "orig_name": "photo.jpg", "meta": {"_type": "gradio.FileData"}}]}
        call = self.send("POST", f"/gradio_api/call/{endpoint}", json.dumps(data).encode(), "application/json")
        stream = self.send("GET", f"/gradio_api/call/{endpoint}/{json.loads(call)['event_id']}").decode()
        if "event: complete" not in stream:
            raise RuntimeError(stream)
        return json.loads(stream.split("data: ")[-1])


def endpoint_of(url: str) -> str:
    """The name of the only endpoint of a Gradio app."""
    info = json.loads(HttpClient(url).send("GET", "/gradio_api/info"))
    return str(next(iter(info["named_endpoints"]))).strip("/")


def make_models(folder: Path) -> tuple[Path, Path]:
    """A resnet34 learner as fastai exports it, and a model folder with a resnet34: both with random weights."""
    from fastai.vision.all import ImageDataLoaders, Resize, resnet34, vision_learner

    from model.architecture import build
    from model.save import export_onnx
    from training.fit.export import quantise

    data = folder / "data"
    for label in ("Cat", "Dog"):
        (data / label).mkdir(parents=True)
        for index in range(4):
            Image.effect_noise((256, 256), 60 + index).convert("RGB").save(data / label / f"{index}.jpg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dls = ImageDataLoaders.from_folder(data, valid_pct=0.5, seed=0, item_tfms=Resize(224), bs=2, num_workers=0)
        learn = vision_learner(dls, resnet34, pretrained=False)
        learn.export(folder / "model.pkl")
    ours = folder / "resnet34"
    ours.mkdir()
    config = Config(
        format_version=FORMAT_VERSION,
        name="resnet34",
        labels=("Cat", "Dog"),
        input=Input(height=224, width=224, resize="crop", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        temperature=1,
        architecture=Architecture(library="torchvision", name="resnet34"),
        training={},
        metrics={},
        versions={},
    )
    (ours / CONFIG).write_text(config.to_json(), "utf-8")
    export_onnx(build("resnet34", 2), folder / "float.onnx", 224, 224)
    dice = np.random.default_rng(0)
    quantise(folder / "float.onnx", ours / ONNX, [dice.normal(size=(4, 3, 224, 224)).astype(np.float32)] * 4)
    return folder / "model.pkl", ours


def large_photo() -> bytes:
    """A 12-megapixel JPEG as a phone makes it: 4000×3000, a few megabytes."""
    image = Image.open(CAT).convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((4000, 3000), 25).convert("RGB")
    buffer = io.BytesIO()
    Image.blend(image, grain, 0.15).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def timed(action: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def throughput(ask: Callable[[HttpClient, bytes], object], url: str, pictures: Sequence[bytes]) -> float:
    """Photos per second answered to `CLIENTS` clients that each ask again at once."""
    stop = time.monotonic() + CONCURRENT_SECONDS

    def visit(number: int) -> int:
        client, done = HttpClient(url), 0
        while time.monotonic() < stop:
            ask(client, pictures[(number + done) % len(pictures)])
            done += 1
        return done

    start = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        total = sum(pool.map(visit, range(CLIENTS)))
    return total / (time.monotonic() - start)


def resident(app: RunningApp) -> float:
    """Megabytes."""
    process = psutil.Process(app.pid)
    return float(sum(each.memory_info().rss for each in [process, *process.children(recursive=True)]) / 1e6)


def network_alone(classifier: Classifier, photo: bytes) -> list[float]:
    """Milliseconds of the network for one photo, without opening or serving it."""
    batch = classifier.batch([classifier.prepare(photo)])
    for _ in range(10):
        classifier.network.logits(batch)
    return [timed(lambda: classifier.network.logits(batch)) for _ in range(SINGLE)]


def main() -> None:
    paths = [*photos("Cat", 25), *photos("Dog", 25)] if SHARED.is_dir() else [CAT, COFFEE]
    pictures = [path.read_bytes() for path in paths]
    big = large_photo()
    rows: list[tuple[str, dict[str, float], dict[str, str]]] = []

    def row(name: str, unit: str, values: dict[str, list[float]], digits: int = 1) -> None:
        medians = {side: statistics.median(each) for side, each in values.items()}
        rows.append((name, medians, {side: spread(each, unit, digits) for side, each in values.items()}))
        print(f"  {name}: " + "; ".join(f"{side} {text}" for side, text in rows[-1][2].items()), file=sys.stderr)

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pkl, resnet = make_models(folder)
        sides: dict[str, tuple[list[str], dict[str, str], str]] = {
            TUTORIAL: (["benchmarks/tutorial_app.py", str(pkl)], {}, "/config"),
            OURS: (["app.py"], {"MODEL_REPO": str(resnet)}, "/health"),
            STARTER: (["app.py"], {}, "/health"),
        }
        endpoints: dict[str, str] = {}

        starts: dict[str, list[float]] = {side: [] for side in sides}
        for _ in tqdm(range(STARTS), desc="starting each app"):
            for side, (command, environment, path) in sides.items():
                began = time.perf_counter()
                with running_app(environment, command, path) as app:
                    endpoints.setdefault(side, endpoint_of(app.url))
                    HttpClient(app.url).three_calls(pictures[0], endpoints[side])
                    starts[side].append(time.perf_counter() - began)
        row("process start → first answer", "s", starts)

        apps = {
            side: stack.enter_context(running_app(environment, command, path))
            for side, (command, environment, path) in sides.items()
        }
        clients = {side: HttpClient(app.url) for side, app in apps.items()}
        for side, client in clients.items():
            for picture in pictures[:10]:
                client.three_calls(picture, endpoints[side])

        calls: dict[str, list[float]] = {side: [] for side in sides}
        posts: dict[str, list[float]] = {side: [] for side in sides}
        for index in tqdm(range(SINGLE), desc="one photo at a time"):
            photo = pictures[index % len(pictures)]
            for side, client in clients.items():
                calls[side].append(timed(lambda c=client, s=side: c.three_calls(photo, endpoints[s])))  # type: ignore[misc]
                if side != TUTORIAL:
                    posts[side].append(timed(lambda c=client: c.classify(photo)))  # type: ignore[misc]
        row("one photo, upload + call + result", "ms", calls)
        row("one photo, POST /api/classify (tutorial: its three calls)", "ms", posts | {TUTORIAL: calls[TUTORIAL]})

        larges: dict[str, list[float]] = {side: [] for side in sides}
        for _ in tqdm(range(LARGE), desc="12 megapixels"):
            larges[TUTORIAL].append(timed(lambda: clients[TUTORIAL].three_calls(big, endpoints[TUTORIAL])))
            for side in (OURS, STARTER):
                larges[side].append(timed(lambda s=side: clients[s].classify(big)))  # type: ignore[misc]
        row(f"a 12-megapixel JPEG ({len(big) / 1e6:.1f} MB), best route each", "ms", larges)

        rates: dict[str, list[float]] = {side: [] for side in sides}
        for _ in tqdm(range(STARTS), desc=f"{CLIENTS} clients"):
            tutorial = endpoints[TUTORIAL]
            rates[TUTORIAL].append(throughput(lambda c, p: c.three_calls(p, tutorial), apps[TUTORIAL].url, pictures))
            for side in (OURS, STARTER):
                rates[side].append(throughput(lambda c, p: c.classify(p), apps[side].url, pictures))
        row(f"photos/s, {CLIENTS} clients, best route each", "/s", rates)

        clients = {side: HttpClient(app.url) for side, app in apps.items()}  # the servers have hung up meanwhile
        for index in tqdm(range(MEMORY_PHOTOS), desc="before memory is read"):
            photo = pictures[index % len(pictures)]
            clients[TUTORIAL].three_calls(photo, endpoints[TUTORIAL])
            for side in (OURS, STARTER):
                clients[side].classify(photo)
        row(f"resident memory after {MEMORY_PHOTOS} photos and more", "MB", {s: [resident(a)] for s, a in apps.items()}, 0)
        alone = {OURS: network_alone(load_folder(resnet), pictures[0]), STARTER: network_alone(Classifier.load(), pictures[0])}

    print(f"\n{describe('gradio', 'fastai', 'torch', 'onnxruntime', 'pillow')}")
    print(f"n: {STARTS} starts, {SINGLE} single photos, {LARGE} large ones, {STARTS} × {CONCURRENT_SECONDS} s of {CLIENTS} "
          "clients; median (middle 90 %, or the range where n < 20)\n")  # fmt: skip
    print(f"| what | {TUTORIAL} | {OURS} | ratio | {STARTER} | ratio |\n|---|---|---|---|---|---|")
    for name, medians, texts in rows:
        ratios = {side: f"{medians[side] / medians[TUTORIAL]:.2f} ×" for side in (OURS, STARTER)}
        print(f"| {name} | {texts[TUTORIAL]} | {texts[OURS]} | {ratios[OURS]} | {texts[STARTER]} | {ratios[STARTER]} |")
    for side, values in alone.items():
        gap = statistics.median(posts[side]) - statistics.median(values)
        print(f"\n{side}: network alone {spread(values, 'ms')}; POST /api/classify adds {gap:.1f} ms")


if __name__ == "__main__":
    main()
