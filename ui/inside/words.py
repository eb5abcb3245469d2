"""How the tab writes sizes and names layers: every size is width × height, and channels last."""

from __future__ import annotations

from model.inside.graph import Layer
from ui.texts import say


def size(width: int, height: int, channels: int | None = None) -> str:
    """A size, as in 128×96 or 128×96×32."""
    return f"{width}×{height}" + ("" if channels is None else f"×{channels}")


def maps_size(layer: Layer) -> str:
    """Width × height × channels of a layer's maps."""
    return size(layer.width, layer.height, layer.channels)


def field_size(layer: Layer, language: str) -> str:
    """What one value of the layer's maps sees of the photo."""
    side = layer.receptive_field
    return whole(layer, language) if side is None else size(side, side)


def whole(layer: Layer, language: str) -> str:
    """How much of the photo the values of a layer see whose field is as large as the photo: those at its edges see less."""
    axes = ((layer.down, layer.height), (layer.across, layer.width))
    everywhere = all(field.of(0)[1] >= count * field.jump and field.of(count - 1)[0] <= 0 for field, count in axes)
    return say("inside.whole" if everywhere else "inside.up_to_whole", language)


def layer_name(layer: Layer, language: str) -> str:
    """One line that tells a layer from the others."""
    kernel = f" {size(layer.kernel[1], layer.kernel[0])}" if layer.kind in ("conv", "pool") else ""
    stride = f" ÷{max(layer.stride)}" if max(layer.stride) > 1 else ""
    what = say(f"inside.kind_{layer.kind}", language)
    return f"{layer.number} · {what}{kernel}{stride} · {maps_size(layer)} · {field_size(layer, language)}"
