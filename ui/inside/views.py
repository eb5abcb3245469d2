"""What the tab shows of a network and of a photo, in the visitor's language; what cannot be shown is a sentence instead."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from model.errors import ModelError
from model.inside.facts import parameters_with_batch_norm, unused_filters
from model.inside.graph import Graph, Layer
from model.photo import PhotoError
from model.resize import fit
from ui.desk import Busy
from ui.errors import sentence
from ui.inside.choice import Choice
from ui.inside.feature_maps import channel_html, maps_message
from ui.inside.given import given_html
from ui.inside.network import filters_html, first_layer, numbers_html
from ui.inside.patches import Patches
from ui.markup import Html, problem
from ui.photo_input import Unusable
from ui.service import Service
from ui.texts import say

_PATCHES_SHOWN = 9
Photo = bytes | Unusable | None
Seen = TypeVar("Seen")


class Views:
    """The views of the model that is served."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._classifier = service.classifier
        self._patches = Patches(service.classifier)

    @property
    def graph(self) -> Graph:
        """Of the network.

        Raises:
            ModelError: it cannot be looked into.
        """
        return self._service.explainer.inside.graph

    def filters(self, language: str) -> str:
        """The first filters."""
        return filters_html(self.graph.first_filters, self._unused, language)

    def numbers(self, language: str) -> str:
        """How the network decides, and its numbers."""
        return numbers_html(self.graph, self._classifier.config, self._in_library, language)

    async def given(self, photo: Photo, choice: Choice, language: str) -> tuple[str, dict[str, Any]]:
        """What the network is given, or what is wrong with the photo; and the maps of the layer that is looked at."""

        def work(image: Image.Image) -> tuple[str, dict[str, Any]]:
            data = photo if isinstance(photo, bytes) else b""
            inside = self._service.explainer.inside
            return given_html(data, image, inside, self._classifier, language), self._maps(image, choice, language)

        nothing = self.no_maps(choice, language)
        return await self._look(photo, work, ("", nothing), lambda wrong: (wrong, nothing), language)

    async def maps(self, photo: Photo, choice: Choice, language: str) -> dict[str, Any]:
        """The maps of a layer, for `maps.js`."""
        nothing = self.no_maps(choice, language)
        return await self._look(
            photo,
            lambda image: self._maps(image, choice, language),
            nothing,
            lambda wrong: nothing | {"instead": wrong},
            language,
        )

    def no_maps(self, choice: Choice, language: str) -> dict[str, Any]:
        """What stands in their place where there is no photo."""
        return {"stamp": choice.stamp, "instead": say("inside.maps_empty", language)}

    async def channel(self, photo: Photo, choice: Choice, language: str) -> str:
        """One channel, and what activates it."""
        return await self._look(photo, lambda image: self._channel(image, choice, language), "", str, language)

    async def _look(
        self, photo: Photo, work: Callable[[Image.Image], Seen], nothing: Seen, wrong: Callable[[Html], Seen], language: str
    ) -> Seen:
        """What `work` makes of the photo, or `wrong` of what is wrong with it; `nothing` without a photo or a look inside."""
        try:
            return nothing if photo is None else await self._service.look(photo, work)
        except ModelError:
            return nothing  # it is said once, at the top of the tab
        except (PhotoError, Busy) as error:
            return wrong(problem(sentence(error, language)))

    def _layer(self, choice: Choice) -> Layer | None:
        layers, number = self.graph.layers, choice.layer or 0
        return layers[number - 1] if 1 <= number <= len(layers) else first_layer(self.graph)

    def _values(self, image: Image.Image, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
        """The photo as the network takes it (H, W, 3), and the layer's maps (C, h, w)."""
        prepared = fit(image, self._classifier.config.input)
        return prepared, self._service.explainer.inside.run(self._classifier.batch([prepared]), [layer.tensor])[0][0]

    def _maps(self, image: Image.Image, choice: Choice, language: str) -> dict[str, Any]:
        layer = self._layer(choice)
        if layer is None:
            return self.no_maps(choice, language)
        return {"stamp": choice.stamp} | maps_message(*self._values(image, layer), layer, language)

    def _channel(self, image: Image.Image, choice: Choice, language: str) -> str:
        layer = self._layer(choice)
        if layer is None or not 0 <= choice.channel < layer.channels:
            return ""
        prepared, maps = self._values(image, layer)
        best = self._patches.best(self._service.explainer.inside, layer, choice.channel, _PATCHES_SHOWN)
        return channel_html(prepared, maps[choice.channel], layer, choice.channel, best, language)

    @functools.cached_property
    def _unused(self) -> tuple[int, ...]:
        return unused_filters(self._service.explainer.inside)

    @functools.cached_property
    def _in_library(self) -> int | None:
        return parameters_with_batch_norm(self._classifier)
