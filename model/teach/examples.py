"""What is kept of a photo to learn from: features, a few numbers and a small picture. Never the photo itself."""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from model.photo import PhotoSource, photo_facts
from model.resize import fit, open_for
from model.teach.body import Body

THUMBNAIL = 96  # pixels of its longer side, at most
EDGE = 8  # the outermost of so many rows and columns are a photo's edge
ALIKE = 0.95  # cosine of the features from which two photos of a class show the same picture: frames of a burst, copies


@dataclass(frozen=True, slots=True)
class Look:
    """What a photo is like, whatever it shows: what should not tell one class from another.

    Attributes:
        format: JPEG, PNG and so on. width, height: in pixels, upright. bytes: of the file.
        edge: uint8 (28, 3), the colours along its edge.
    """

    format: str
    width: int
    height: int
    bytes: int
    edge: np.ndarray


@dataclass(frozen=True)
class Example:
    """What is kept of a photo.

    Attributes:
        features: float16 (C,). look: see there. thumbnail: a JPEG of at most 96 pixels a side.
        burst: the same for all photos that were taken in one go; empty for a photo of its own.
    """

    features: np.ndarray
    look: Look
    thumbnail: bytes
    burst: str = ""

    @property
    def memory(self) -> int:
        """How many bytes it takes, about."""
        return self.features.nbytes + len(self.thumbnail) + self.look.edge.nbytes + 400

    @functools.cached_property
    def digest(self) -> bytes:
        """The same for the same photo: examples are sorted by it, so that their order does not change what is learned."""
        return hashlib.sha256(self.features.tobytes()).digest()


def observe(body: Body, data: bytes, burst: str = "") -> Example:
    """What is kept of one untrusted photo.

    Raises:
        model.photo.PhotoError: the photo cannot be used; the message is for the person who sent it.
    """
    facts = photo_facts(data)
    photo = open_for(data, body.classifier.config.input)
    features = body.features([fit(photo, body.classifier.config.input)])[0].astype(np.float16)
    look = Look(facts.format, facts.width, facts.height, facts.bytes, _edge(photo))
    return Example(features, look, thumbnail(photo), burst)


def features_of(body: Body, photo: PhotoSource) -> np.ndarray:
    """The features of a photo alone: float16 (C,).

    Raises:
        model.photo.PhotoError: the photo cannot be used.
    """
    features: np.ndarray = body.features([body.classifier.prepare(photo)])[0].astype(np.float16)
    return features


def thumbnail(photo: Image.Image) -> bytes:
    """A JPEG of at most 96 pixels a side of an RGB photo."""
    small = photo.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL), reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75)
    return buffer.getvalue()


def _edge(photo: Image.Image) -> np.ndarray:
    small = np.asarray(photo.resize((EDGE, EDGE), Image.Resampling.BOX, reducing_gap=2.0))
    outer = np.ones((EDGE, EDGE), bool)
    outer[1:-1, 1:-1] = False
    return small[outer]


def alike(features: np.ndarray) -> np.ndarray:
    """The group of each photo among those that show nearly the same picture: int (N,), of features (N, C)."""
    from scipy.sparse.csgraph import connected_components

    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = (features / np.maximum(lengths, 1e-6)).astype(np.float32)
    groups: np.ndarray = connected_components(unit @ unit.T >= ALIKE, directed=False)[1]
    return groups


def together(examples: Sequence[Example], groups: np.ndarray) -> np.ndarray:
    """The group of each photo among those that must not be parted when some are held back: int (N,).

    Args:
        groups: int (N,), of nearly the same picture: they stay together, and so do those of one burst.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(examples)
    bursts = {burst: count + number for number, burst in enumerate(sorted({e.burst for e in examples if e.burst}))}
    pictures = count + len(bursts)
    pairs = [(i, bursts[example.burst]) for i, example in enumerate(examples) if example.burst]
    pairs += [(i, pictures + int(group)) for i, group in enumerate(groups)]
    first, second = np.array(pairs).T
    size = pictures + int(groups.max()) + 1
    graph = coo_array((np.ones(len(first), bool), (first, second)), shape=(size, size))
    joined: np.ndarray = connected_components(graph, directed=False)[1][:count]
    return joined
