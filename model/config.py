"""`config.json`: everything about a model that is not in its weights.

The file is validated when it is read. A missing or wrong field becomes one `ModelError` sentence that names the file
and the field, so that whoever wrote the file can mend it.
"""

from __future__ import annotations

import json
import math
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NoReturn

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, FailFast, Field, ValidationError, model_validator

from model.errors import ModelError, first_line
from model.regular_file import read_regular

FORMAT_VERSION: Final = 1
NEITHER = "neither"
MOST_BYTES = 2_000_000  # of the file; the largest of ours, with the 1,000 classes of ImageNet, has 60 kB
MOST_LABELS = 50_000  # the whole of ImageNet has 21,843
LONGEST_NAME = 200  # characters, of a label for one
MOST_ROWS = 10_000  # of the linear layer, for one answer

Activation = Literal["softmax", "sigmoid"]
Probabilities = Literal["exclusive", "independent"]  # one label is right, or any number of them
Library = Literal["torchvision", "timm", "export", "script"]
Mean = Annotated[float, Field(ge=-10, le=10)]
Std = Annotated[float, Field(ge=0.001, le=10)]
Side = Annotated[int, Field(ge=16, le=2048)]
_STEERS = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode's categories of what does not show, but turns, breaks or ends a text
_JOINERS = "\u200c\u200d"  # are of them, and part of how Persian and some emoji are written


def _shows(text: str) -> str:
    """A text that shows all there is in it, and in the order it is in: it stands in pages, terminals and file names."""
    odd = next((letter for letter in text if unicodedata.category(letter) in _STEERS and letter not in _JOINERS), None)
    if odd is not None:
        raise ValueError(f"may not have the character U+{ord(odd):04X} in it, which does not show")
    return text


def _few(given: object) -> object:
    """A list no longer than one of answers, before each of its wrong elements costs an error."""
    if isinstance(given, list | tuple) and len(given) > MOST_LABELS + 1:
        raise ValueError(f"has {len(given)} elements, more than there can be answers")
    return given


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_shows)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Input(_Strict):
    """How a photo becomes the network's input: a float32 tensor (N, 3, height, width), RGB.

    Each value is `(pixel / 255 - mean) / std` of its channel.

    Attributes:
        resize: `squish` stretches the whole photo to the input size; `crop` takes the largest centred part that has the
            input's aspect ratio; `pad` keeps the whole photo and fills the rest, as `padding` says. As fastai's `Resize`.
        keep: the least share of the width and of the height, 0-1, that `crop` leaves: what is then still too long is
            squished, so that what stands at the edge of a wide photo is not lost. 0 crops as far as it takes.
        resample: Pillow's filter, with antialiasing.
        mode: `L` turns the photo to grey first (three equal channels).
        exact: photos keep eight times the input size until the one resize, where others may be shrunk sooner, and faster.
    """

    height: Side
    width: Side
    resize: Literal["squish", "crop", "pad"]
    mean: tuple[Mean, Mean, Mean]
    std: tuple[Std, Std, Std]
    keep: float = Field(default=0, ge=0, le=1)
    padding: Literal["zeros", "border", "reflection"] = "reflection"
    resample: Literal["nearest", "bilinear", "box", "hamming", "bicubic", "lanczos"] = "bilinear"
    mode: Literal["RGB", "L"] = "RGB"
    exact: bool = False


class Neither(_Strict):
    """What `neither` means for this model.

    `output`: the network has one logit more than there are labels, the last one. It comes from photos of other things, from
    what the network knew before (`training.fit.prior`), or both.
    """

    method: Literal["output"]
    meaning: str = Field(min_length=1, max_length=2_000, description="one sentence for the reader of an answer")


class Architecture(_Strict):
    """The network as `model.architecture.build` makes it: a body of torchvision or timm, average pooling, one linear layer.

    The layer may have several rows for an answer (`model.head.LinearHead`): `rows` says how many.

    Two kinds of network cannot be built anew. With the library `export` it is what a fastai export held, under the name
    that describes it best; with `script`, a class that a training script spells out, under the name of script and class.
    """

    library: Library
    name: Name
    rows: Annotated[tuple[Annotated[int, Field(ge=1, le=MOST_ROWS)], ...] | None, BeforeValidator(_few)] = Field(
        default=None,
        description="rows of the linear layer for each answer, whose log-sum-exp is its logit; one each where it is missing",
    )

    @property
    def can_be_built(self) -> bool:
        """Whether `model.architecture.build` can make it."""
        return self.library in ("torchvision", "timm")


class Config(_Strict):
    """A model folder's `config.json`."""

    format_version: Literal[1]
    name: Name
    labels: Annotated[tuple[Name, ...], FailFast()] = Field(min_length=1, max_length=MOST_LABELS)
    input: Input
    temperature: float = Field(ge=0.05, le=20, description="logits are divided by it before the softmax (Guo et al. 2017)")
    neither: Neither | None = None
    probabilities: Probabilities = Field(
        default="exclusive",
        description="exclusive: one label is right (softmax); independent: any number of them (sigmoid each)",
    )
    threshold: float = Field(default=0.5, ge=0, le=1, description="independent labels are given from this probability on")
    architecture: Architecture
    training: dict[str, Any] = Field(description="data, settings, seed, duration: where the weights come from")
    metrics: dict[str, Any] = Field(description="as measured on this folder by training.evaluate")
    versions: dict[str, str]

    @model_validator(mode="after")
    def _labels_are_distinct(self) -> Config:
        if len({unicodedata.normalize("NFC", answer) for answer in self.answers}) != len(self.answers):
            raise ValueError(f"labels: must be distinct and may not be {NEITHER!r} when the model knows neither")
        if len(self.labels) < 2 and self.probabilities == "exclusive":
            raise ValueError("labels: an exclusive choice needs at least 2")
        if self.neither and self.probabilities == "independent":
            raise ValueError("neither: independent labels need none, they can all be improbable")
        if self.architecture.rows and len(self.architecture.rows) != len(self.answers):
            raise ValueError("architecture.rows: must have one number for each answer")
        return self

    @property
    def is_calibrated(self) -> bool:
        """Whether the temperature was measured: that of a fastai export is 1, which nobody chose."""
        return self.architecture.library != "export"

    @property
    def answers(self) -> tuple[str, ...]:
        """The labels, and `neither` last where the model knows it: one name per logit."""
        return (*self.labels, NEITHER) if self.neither else self.labels

    @classmethod
    def read(cls, path: Path) -> Config:
        """Read and validate `path`.

        Raises:
            ModelError: the file is missing, no file, larger than 2 MB or not JSON, or a field is missing, given twice or
                wrong.
        """
        try:
            text = read_regular(path, MOST_BYTES).decode("utf-8-sig")  # editors on Windows begin with a mark
        except FileNotFoundError:
            raise ModelError(f"{path} is missing: a model folder needs a config.json") from None
        except UnicodeDecodeError as error:
            raise ModelError(f"{path} cannot be read: {first_line(error)}") from None
        try:
            config = cls.model_validate_json(text)  # which goes no deeper than 200
            json.loads(text, object_pairs_hook=_once, parse_float=_finite, parse_constant=_no_number)
        except ValidationError as error:
            raise ModelError(sentence(path, error)) from None
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{path} is not valid JSON: {first_line(error)}") from None
        return config

    def to_json(self) -> str:
        """The text of `config.json`, ending in a newline."""
        return self.model_dump_json(indent=2, exclude_defaults=True) + "\n"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, no field of which is there twice: whoever reads the file might see the other one."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"the field {name[:60]!r} is given twice")
        fields[name] = value
    return fields


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text[:60])


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def sentence(place: Path | str, error: ValidationError) -> str:
    """The first problem of a failed validation, as one sentence that names the place, a file for one, and the field."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return f"{place} is not valid JSON: {first['ctx']['error']}"
    field = ".".join(str(part)[:60] for part in first["loc"][:6])
    match first["type"]:
        case "missing":
            problem = "is missing"
        case "extra_forbidden":
            problem = "is not a field of this format; is it misspelt, or written by a newer version?"
        case _:
            given = first["input"]
            shown = f", not {repr(given)[:60]}" if isinstance(given, (str, int, float, bool, type(None))) else ""
            problem = f"is wrong: {first['msg'].removeprefix('Value error, ').rstrip('.')}{shown}"
    return f"{place}: the field {field!r} {problem}" if field else f"{place}: {problem.removeprefix('is wrong: ')}"
