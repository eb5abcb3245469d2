# %% [markdown]
# # A new head on a frozen body
#
# Photos go in; minutes later a model folder comes out, without a GPU. The body has learned to see from a million photos and
# stays as it is. Only the last layer is new, and that begins with what the old one knew.
#
#     python -m training.head --data PHOTOS --out models/mine                      # seconds: on the starter's body
#     python -m training.head --data PHOTOS --out models/mine --weights imagenet   # minutes: on a body of its own
#
# The first is what the page's tab **Teach** does, and gives the same head (`model/teach`). The second is this lesson.
#
# `PHOTOS` holds one folder of photos per class, or one folder per source with these in it. `--help` lists everything else.

# %%
from __future__ import annotations

import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
from torch import nn

from model.architecture import linear_of, with_rows
from model.classifier import Classifier, softmax
from model.config import FORMAT_VERSION, NEITHER, Architecture, Config, Input, Neither
from model.errors import ModelError, OutputError
from model.folder import ONNX, REPORT, WEIGHTS, check_replaceable, new_model_folder
from model.head import LinearHead
from model.hub.client import PublishError, check_access
from model.network import OnnxNetwork
from model.onnx_head import with_linear_head
from model.save import export_onnx, save_weights
from training.data.check import check_photos
from training.data.draw import by_source_and_class, draw_evenly
from training.data.formats import Change, input_of, view_of
from training.data.photos import MANY_SOURCES, DataError, check_disk
from training.data.report import describe, text, write
from training.data.sources import open_data
from training.data.split import keep_test_aside
from training.data.suspects import draw_suspects, find_suspects
from training.fit.budget import plan
from training.fit.export import quantise, versions
from training.fit.features import FeatureExtractor
from training.fit.finish import document, finish
from training.fit.head import DECAYS, PLAIN_DECAYS, choose, fit_views, folds_of, weights_of, weights_of_some
from training.fit.prior import parse_like, prior
from training.fit.provenance import provenance
from training.fit.taught import STARTER_BODY, teach_folder, told
from training.fit.weights import pretrained
from training.options import LEAVE_SOURCES_OUT, at_least_one, count, option, parse, side
from training.options import minutes as some_minutes
from training.program import IN_NOTEBOOK, STARTED, say_when_interrupted
from training.publish import publish_trained
from training.quality.by_source import by_source
from training.quality.resaved import changed_answers
from training.quality.rows import markdown
from training.quality.schema import LEFT_OUT
from training.quality.tables import metric_rows, source_table
from training.settings import PhotosToModel

# %% [markdown]
# ## 1. Settings
#
# Each line is an option of the command line, with a value that works. `training/settings.py` has those that all lessons share:
# photos in, model out. In a notebook, write the options into `NOTEBOOK_OPTIONS`.

# %%
NOTEBOOK_OPTIONS = "--data photos --out models/mine --weights imagenet"


@dataclass(frozen=True, kw_only=True)
class Settings(PhotosToModel):
    """What can be chosen."""

    # network
    weights: str = option(
        STARTER_BODY,
        "starter (the body in the project, as the page teaches it: nothing else of what follows is used), imagenet "
        "(downloaded), none, or a state dict file",
        group="network",
    )
    arch: str = option("tf_efficientnet_lite0", "an architecture of torchvision or timm")
    size: int = option(224, "side of the network's input", check=side)
    resize: Literal["crop", "squish", "pad"] = option("crop", "how photos become square")
    # where the head begins, and what it answers
    like: tuple[str, ...] = option(
        (),
        "the ImageNet classes that a label starts from, by number, WordNet id or name: Cat=281-285 (default: by its name)",
        metavar="LABEL=CLASSES",
        group="head",
    )
    plain: bool = option(False, "start from zeros, with one row for each answer: forget what ImageNet's head knew")
    knows_neither: bool = option(True, "answer with one of the labels, whatever is shown", flag="--no-neither")
    # what it is fitted to and chosen by
    views: int = option(
        6, "how often each photo is looked at: as it is, flipped, then in random formats", check=at_least_one, group="fit"
    )
    valid: Literal["leave-one-source-out", "cross"] | None = option(
        None,
        "what is left out to choose by: one source after the other, or fifths of the photos (default: sources, where there are "
        "3 and more)",
    )
    minutes: float | None = option(
        None, "everything is to fit into so many minutes: fewer views, fewer photos", check=some_minutes
    )
    seed: int = option(42, "of the folds and of what is drawn", check=count)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights != STARTER_BODY:
            return
        for field in fields(Settings):
            own = field.name in Settings.__annotations__ and field.name not in ("weights", "seed")
            if own and getattr(self, field.name) != field.default:
                flag = field.metadata["flag"] or f"--{field.name}"
                raise ValueError(f"{flag} needs --weights imagenet, none or a file: the starter's body is taught as it is")


settings = parse(
    Settings,
    "head",
    "Fit a head to a frozen body: photos in, a model folder out, in minutes and without a GPU.",
    "Photos of several sources (several --data, or a folder per source) make a model that is right elsewhere too.",
    NOTEBOOK_OPTIONS.split() if IN_NOTEBOOK else None,
)
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
    rules = settings.label_from, settings.neither, settings.labels, settings.layout
    found = open_data(settings.data, run / "data", *rules, settings.label_column, settings.image_column)
    checked = check_photos(found, settings.size, run / "photos", settings.skip_bad)
    own, tested, left_out = keep_test_aside(checked.photos, checked.came, checked.groups, settings.test, settings.seed)
    test = checked.photos.take(tested) if tested else None
    fitted = checked.take(own)
    is_short = settings.weights == STARTER_BODY
    start = None if is_short else pretrained(settings.arch, len(fitted.photos.labels), settings.weights)
    like = parse_like(settings.like)
except (DataError, ModelError, OSError, OutputError, PublishError) as error:
    with suppress(OSError):  # where there is something in it already, it stays
        run.rmdir()
    raise SystemExit(f"Cannot train: {error}") from None
facts = describe(checked, {"train": fitted.photos, "test": test}, left_out, settings.size, found)
write(facts, run / "data.json")
print(text(facts))

# %% [markdown]
# ### The short way
#
# Without `--weights`, the starter's body is taught as the page teaches it, and that is all.

# %%
if start is None:
    try:
        quality = teach_folder(fitted.photos, settings, test)
    except (DataError, ModelError, OutputError) as error:
        raise SystemExit(f"Cannot train: {error}") from None
    print(told(quality, settings.out, test is not None))
    publish_trained(settings.out, settings.push, settings.space, settings.private)
    raise SystemExit

# %% [markdown]
# ## 3. Where the head begins
#
# The old head has a row of weights for each of ImageNet's 1,000 classes. The rows that are like a label are merged into it,
# and all others into **neither**: so it is known before the first photo. A head without that knowledge begins with zeros.

# %%
has_others = NEITHER in fitted.photos.answers
knows_neither = settings.knows_neither and (has_others or (start.classifier is not None and not settings.plain))
if has_others and not knows_neither:
    fitted = fitted.take([index for index, answer in enumerate(fitted.photos.answers) if answer != NEITHER])
photos = fitted.photos
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
    raise SystemExit(f"Cannot train: {error}") from None

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
    name=settings.name,
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
# Its pooled features of each photo: as it is served, and in random **formats** (`training/data/formats.py`), alike for every
# class, so that being small, soft or saved badly says nothing about what is in the photo. They are kept on disk.

# %%
extract = FeatureExtractor(scratch / "body.onnx", config, run)
views_each = settings.views
if settings.minutes:
    speed = extract.views_per_second(photos)
    views_each, own = plan(settings.minutes, STARTED, speed, photos, views_each, RESAVED_PHOTOS, settings.seed)
    fitted = fitted.take(own)
    photos = fitted.photos
    print(f"for {settings.minutes:g} minutes: {len(photos):,} photos, {views_each} views of each")
views = extract.views(photos, views_each)
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
folds = folds_of(photos, fitted.groups, by_sources, settings.seed)
choice = choose(
    views[:CHOOSING_VIEWS], targets, weights, first_head, folds, fitted.groups, knows_neither,
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
head = head.as_stored()

# %% [markdown]
# ## 8. What the answers hang on
#
# A photo that is only saved again shows what it showed before. How many answers change, by heads that never saw its source?
# And where these heads contradict a label with confidence, the label is probably wrong.

# %%
sample = [index for index in draw_evenly(by_source_and_class(photos), settings.seed, RESAVED_PHOTOS) if answered[index]]
again = photos.take(sample)


def answers_to(change: Change, name: str) -> np.ndarray:
    """The answers to the sample, each photo changed, by the head that was fitted without its fold."""
    features = extract(again, change, name, f"saved again: {name}")
    rows = [choice.heads[folds[i]].logits(row[None])[0] for i, row in zip(sample, features, strict=True)]
    answered_again: np.ndarray = np.stack(rows).argmax(axis=1)
    return answered_again


changes = changed_answers(again, [fitted.looks[i] for i in sample], answers_to, choice.logits[sample].argmax(axis=1))
suspects = find_suspects(of_answered, targets[answered], probabilities, answers)
if suspects:
    draw_suspects(suspects, run / "suspects.jpg")

# %% [markdown]
# ## 9. Write the model folder, and measure exactly what was written

# %%
how_left_out = "one source after the other" if by_sources else "fifths of the photos"
training = provenance(
    settings, photos, of_answered, settings.weights,
    [{"weight_decay": decay, "left_out_loss": loss} for decay, loss in choice.losses.items()],
    left_out=how_left_out, views=views_each, weight_decay=choice.decay, neither_shift=choice.shift, like=known,
)  # fmt: skip
figures = left_out_figures.model_copy(update={"changed_answers": changes})
config = config.model_copy(
    update={"temperature": choice.temperature, "training": training, "metrics": {LEFT_OUT: figures.to_json()}}
)
with new_model_folder(settings.out) as folder:
    save_weights(with_rows(start.network, head), folder / WEIGHTS)
    with_linear_head(scratch / "body.onnx", head, folder / ONNX)
    config = document(folder, config, "test", test) if test else finish(folder, config)
temporary.cleanup()

print(f"\n{settings.out} on what was left out ({how_left_out})\n")
print("\n".join(metric_rows(figures)))
if by_sources:
    print("\n" + "\n".join(markdown(*source_table(figures))))
print("\nanswers that change when a photo is saved again: " + ", ".join(f"{n} {s:.1%}" for n, s in changes.shares.items()))
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
