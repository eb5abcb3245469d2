# %% [markdown]
# # A new head on a frozen body
#
# Photos go in; minutes later a model folder comes out, without a GPU. The body has learned to see from a million photos and
# stays as it is. Only the last layer is new, and that begins with what the old one knew.
#
#     python -m training.head --data PHOTOS --out models/mine
#
# `PHOTOS` holds one folder of photos per class, or one folder per source with these in it. `--help` lists everything else.

# %%
from __future__ import annotations

import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from torch import nn

from model.architecture import linear_of, with_rows
from model.classifier import Classifier, softmax
from model.config import FORMAT_VERSION, NEITHER, Architecture, Config, Input, Neither
from model.errors import ModelError, OutputError
from model.folder import ONNX, WEIGHTS, check_replaceable, new_model_folder
from model.head import LinearHead
from model.network import OnnxNetwork
from model.onnx_head import with_linear_head
from model.save import export_onnx, save_weights
from training.data.check import check_photos, keep_test_aside
from training.data.formats import Change, input_of, view_of
from training.data.photos import MANY_SOURCES, DataError, Photos, check_disk
from training.data.report import describe, text, write
from training.data.sources import open_data
from training.data.suspects import draw_suspects, find_suspects
from training.fit.budget import plan
from training.fit.export import quantise, versions
from training.fit.features import FeatureExtractor
from training.fit.finish import document, finish
from training.fit.head import DECAYS, PLAIN_DECAYS, choose, fit_views, folds_of, weights_of, weights_of_some
from training.fit.prior import parse_like, prior
from training.fit.weights import origin, pretrained
from training.hub.client import PublishError, check_access
from training.hub.models import publish_trained
from training.options import LEAVE_SOURCES_OUT
from training.program import IN_NOTEBOOK, STARTED, say_when_interrupted
from training.quality.by_source import by_source, source_rows, summary_rows
from training.quality.card import LEFT_OUT, REPORT
from training.quality.machine import trainer
from training.quality.resaved import changed_answers, sample_of
from training.settings import parse_head

# %% [markdown]
# ## 1. Settings
#
# Everything that can be chosen is in `training/settings.py`, with values that work. In a notebook, write the options
# into `NOTEBOOK_OPTIONS`.

# %%
NOTEBOOK_OPTIONS = "--data photos --out models/mine"

settings = parse_head(NOTEBOOK_OPTIONS.split() if IN_NOTEBOOK else None)
KEEP = 0.75  # the share of a side that a crop leaves at least: what stands at the edge of a wide photo is not lost
CALIBRATION_PHOTOS = 256  # that tell the ranges of the int8 network
RESAVED_PHOTOS = 300  # that are saved again in other formats, to count the answers that change
CHOOSING_VIEWS = 2  # views of each photo while heads are compared; more would take longer and choose the same
run = settings.out.with_name(settings.out.name + "-run")  # what belongs to the run, not to the model
say_when_interrupted("Interrupted; no model was written. Use the same command to start again; features are found again.")

# %% [markdown]
# ## 2. Look at the data before spending time on it
#
# Every photo is opened as a visitor's will be. Whatever is wrong is said now, all of it at once: photos that cannot be used,
# near-duplicates, and above all **shortcuts**: ways to tell the classes apart without looking at what the photos show.

# %%
try:
    check_replaceable(settings.out)
    check_disk(settings.out.parent, needed=500_000_000)
    if settings.push:  # a missing token is better known before than after
        check_access(settings.push)
    if settings.space:
        check_access(settings.space, "space")
    run.mkdir(parents=True, exist_ok=True)
    found = open_data(settings.data, run / "data", settings.label_from, settings.neither, settings.labels, settings.layout)
    labels = (found.get("all") or found["train"]).labels
    checked = check_photos(Photos.joined(found.values(), labels), settings.size, run / "photos", settings.skip_bad)
    tested = frozenset(found["test"].paths if "test" in found else ())
    photos, groups, looks, test, left_out = keep_test_aside(checked, tested, settings.test, settings.seed)
    start = pretrained(settings.arch, len(photos.labels), settings.weights)
    like = parse_like(settings.like)
except (DataError, ModelError, OSError, OutputError, PublishError) as error:
    with suppress(OSError):  # where there is something in it already, it stays
        run.rmdir()
    raise SystemExit(f"Cannot train:\n{error}") from None
facts = describe(checked, {"train": photos, "test": test}, left_out, settings.size)
write(facts, run / "data.json")
print(text(facts))

# %% [markdown]
# ## 3. Where the head begins
#
# The old head has a row of weights for each of ImageNet's 1,000 classes. The rows that are like a label are merged into it,
# and all others into **neither**: so it is known before the first photo. A head without that knowledge begins with zeros.

# %%
has_others = NEITHER in photos.answers
knows_neither = settings.knows_neither and (has_others or (start.classifier is not None and not settings.plain))
if has_others and not knows_neither:
    own = [index for index, answer in enumerate(photos.answers) if answer != NEITHER]
    photos, groups, looks = photos.take(own), groups[own], tuple(looks[i] for i in own)
answers = (*photos.labels, *([NEITHER] if knows_neither else []))
width = linear_of(start.network).in_features
try:
    if start.classifier is not None and not settings.plain:
        beginning = prior(start.classifier, photos.labels, like, knows_neither)
        first_head, known = beginning.head, beginning.like
        for label, classes in known.items():
            print(f"{label} starts from {len(classes)} of ImageNet's classes" if classes else f"{label} is like none of them")
    else:
        first_head, known = LinearHead.blank(len(answers), width), {}
except ModelError as error:
    raise SystemExit(f"Cannot train:\n  - {error}") from None

# %% [markdown]
# ## 4. The body, as it will serve
#
# The graph of the body is quantised to int8, with ranges seen on training photos in many formats. The head is then fitted to
# what this very body says, so that the rounding is no surprise to it.

# %%
size = Input(
    height=settings.size,
    width=settings.size,
    resize=settings.resize,
    mean=start.mean,
    std=start.std,
    keep=KEEP if settings.resize == "crop" else 0,
)
config = Config(
    format_version=FORMAT_VERSION,
    name=settings.name or settings.out.resolve().name,
    labels=photos.labels,
    input=size,
    temperature=1,
    neither=Neither(method="output", meaning=f"'{NEITHER}' means: none of {', '.join(photos.labels)} is in the photo.")
    if knows_neither
    else None,
    architecture=Architecture(
        library=start.library, name=settings.arch, rows=first_head.rows if first_head.is_merged else None
    ),
    training={},
    metrics={},
    versions={name: version for name, version in versions().items() if name != "fastai"},
)
body, old_head = start.network
pooled = nn.Sequential(body, *list(old_head.children())[:2])  # average pooling and flattening
temporary = tempfile.TemporaryDirectory(prefix="head-")
scratch = Path(temporary.name)
export_onnx(pooled, scratch / "float.onnx", settings.size, settings.size)
in_float = Classifier(OnnxNetwork(scratch / "float.onnx"), config)
drawn = np.random.default_rng(settings.seed).choice(len(photos), min(CALIBRATION_PHOTOS, len(photos)), replace=False)
batches = [in_float.batch([input_of(photos.paths[i], view_of(number % 3), size)]) for number, i in enumerate(drawn)]
quantise(scratch / "float.onnx", scratch / "body.onnx", batches)

# %% [markdown]
# ## 5. What the body sees, once
#
# Its pooled features of each photo: as it is served, and in random **formats** (`training/formats.py`), alike for every class,
# so that being small, soft or saved badly says nothing about what is in the photo. They are kept on disk.

# %%
extract = FeatureExtractor(scratch / "body.onnx", config, run)
count = settings.views
if settings.minutes:
    speed = extract.views_per_second(photos)
    count, own = plan(settings.minutes, STARTED, speed, photos, count, RESAVED_PHOTOS, settings.seed)
    photos, groups, looks = photos.take(own), groups[own], tuple(looks[i] for i in own)
    print(f"for {settings.minutes:g} minutes: {len(photos):,} photos, {count} views of each")
views = extract.views(photos, count)
targets = np.array([answers.index(answer) for answer in photos.answers])
weights = weights_of(photos)

# %% [markdown]
# ## 6. Choose on what was left out
#
# One source after the other is left out, a head is fitted to the others, and the photos of that source are answered. What does
# best there is chosen: how strongly the head is drawn back to where it began, the temperature, and how readily it says
# neither. With one or two sources, fifths of the photos are left out instead, and nobody knows how it does elsewhere.

# %%
by_sources = (settings.valid or LEAVE_SOURCES_OUT) == LEAVE_SOURCES_OUT and len(set(photos.sources)) >= MANY_SOURCES
if settings.valid == LEAVE_SOURCES_OUT and not by_sources:
    print(f"there are fewer than {MANY_SOURCES} sources, so fifths of the photos are left out instead")
folds = folds_of(photos, groups, by_sources, settings.seed)
choice = choose(
    views[:CHOOSING_VIEWS], targets, weights, first_head, folds, groups, knows_neither,
    DECAYS if first_head.is_merged else PLAIN_DECAYS, weights_of_some(photos, settings.seed),
)  # fmt: skip
answered = ~np.isnan(choice.logits).any(axis=1)
probabilities = softmax(choice.logits[answered] / choice.temperature)
of_answered = photos.take(np.flatnonzero(answered).tolist())
neither_index = len(answers) - 1 if knows_neither else None
left_out_figures = by_source(probabilities, targets[answered], of_answered.sources, neither_index)
print(
    f"weight decay {choice.decay:g} (losses: {', '.join(f'{decay:g}: {loss:.4f}' for decay, loss in choice.losses.items())}), "
    f"temperature {choice.temperature:.2f}, neither {choice.shift:+.2f}"
)

# %% [markdown]
# ## 7. Fit to everything
#
# With what was chosen there, the head that is kept is fitted to all photos.

# %%
everything = np.full(len(photos), True)
head = fit_views(views, targets, weights, everything, first_head, choice.decay)
if knows_neither:
    head = head.raised(len(answers) - 1, choice.shift)
head = LinearHead(head.weight.astype(np.float16).astype(np.float32), head.bias, head.rows)  # as the file has it

# %% [markdown]
# ## 8. What the answers hang on
#
# A photo that is only saved again shows what it showed before. How many answers change, by heads that never saw its source?
# And where these heads contradict a label with confidence, the label is probably wrong.

# %%
sample = [index for index in sample_of(photos, RESAVED_PHOTOS, settings.seed) if answered[index]]
again = photos.take(sample)


def answers_to(change: Change, name: str) -> np.ndarray:
    """The answers to the sample, each photo changed, by the head that was fitted without its fold."""
    features = extract(again, change, name, f"saved again: {name}")
    rows = [choice.heads[folds[i]].logits(row[None])[0] for i, row in zip(sample, features, strict=True)]
    found: np.ndarray = np.stack(rows).argmax(axis=1)
    return found


changes = changed_answers(again, [looks[i] for i in sample], answers_to, choice.logits[sample].argmax(axis=1))
suspects = find_suspects(of_answered, targets[answered], probabilities, answers)
if suspects:
    draw_suspects(suspects, run / "suspects.jpg")

# %% [markdown]
# ## 9. Write the model folder, and measure exactly what was written

# %%
training = {
    "data": settings.data_name,
    "photos": photos.counts(),
    "sources": photos.by_source(),
    "left_out": "one source after the other" if by_sources else "fifths of the photos",
    "validation_photos": of_answered.counts(),
    **origin(settings.weights),
    "licence": settings.licence,
    "settings": {
        "arch": settings.arch, "size": settings.size, "resize": settings.resize, "views": count, "seed": settings.seed,
        "weight_decay": choice.decay, "neither_shift": choice.shift, "like": known,
    },
    "history": [{"weight_decay": decay, "left_out_loss": loss} for decay, loss in choice.losses.items()],
    "hardware": trainer(),
    "minutes": (time.monotonic() - STARTED) / 60,
}  # fmt: skip
figures = left_out_figures | {"changed_answers": changes}
config = config.model_copy(update={"temperature": choice.temperature, "training": training, "metrics": {LEFT_OUT: figures}})
with new_model_folder(settings.out) as folder:
    save_weights(with_rows(start.network, head), folder / WEIGHTS)
    with_linear_head(scratch / "body.onnx", head, folder / ONNX)
    config = document(folder, config, "test", test) if test else finish(folder, config)
temporary.cleanup()

print(f"\n{settings.out} on what was left out ({training['left_out']})\n")
print("\n".join(["| measure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in summary_rows(figures))]))
if by_sources:
    print("\n" + "\n".join(source_rows(figures)))
print("\nanswers that change when a photo is saved again: " + ", ".join(f"{n} {s:.1%}" for n, s in changes["shares"].items()))
if suspects:
    print(f"\n{len(suspects)} labels are probably wrong: look at {run / 'suspects.jpg'}")
print(f"\n{(time.monotonic() - STARTED) / 60:.1f} minutes in all")
if test:
    print(f"\nRead the report: {settings.out / REPORT / 'report.html'}")
print(f"Try it:          python -m model --model {settings.out} PHOTO")
print(f"Serve it:        MODEL_REPO={settings.out} python app.py")

# %% [markdown]
# ## 10. Publish
#
# `--push USER/NAME` uploads the folder in one commit, downloads it again, checks that it answers identically, and tags
# the version. `--space USER/NAME` puts the app beside it.

# %%
publish_trained(settings.out, settings.push, settings.space, settings.private)
