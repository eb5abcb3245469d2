"""What the visitor has chosen to look at, as the browser says it, and how it tells old answers from new ones.

A stamp is the time of a choice. Everything that the server says carries the stamp of the choice it is about, and the
browser shows nothing that is older than its own latest choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# what an event does in the browser, before it asks the server
NEW_PHOTO = """(choice) => {
  const stamp = Date.now();
  return [{ ...choice, stamp, asked: stamp }, { stamp }, { stamp }, { stamp }];
}"""
NEW_LAYER = "({ stamp }) => [{ stamp }, { stamp }]"
ONLY_CHANNEL = "({ asked }) => ({ stamp: asked })"


@dataclass(frozen=True, slots=True)
class Choice:
    """A layer by its number, None before one is chosen; a channel of it, from 0.

    Attributes:
        stamp: of the photo and the layer. asked: of the channel.
    """

    layer: int | None
    channel: int
    stamp: float
    asked: float

    @classmethod
    def of(cls, sent: Any) -> Choice:
        """What a browser sent, which may be anything."""
        values = sent if isinstance(sent, dict) else {}
        layer, channel = (values.get(name) for name in ("layer", "channel"))
        stamp, asked = (values.get(name) for name in ("stamp", "asked"))
        return cls(
            layer if isinstance(layer, int) else None,
            channel if isinstance(channel, int) else -1,
            stamp if isinstance(stamp, int | float) else 0,
            asked if isinstance(asked, int | float) else 0,
        )
