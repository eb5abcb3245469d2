"""The colours of heat: how much of something lies where, from none to the most."""

from __future__ import annotations

import numpy as np

# brighter at every step, so that it also reads in grey and for the colour-blind
_STOPS = ((40, 20, 90), (130, 30, 130), (220, 70, 80), (250, 150, 40), (255, 235, 120))
_PALETTE = np.stack([np.interp(np.linspace(0, 4, 256), range(5), channel) for channel in zip(*_STOPS, strict=True)], axis=1)
_PALETTE = _PALETTE.astype(np.float32)


def heat_colours(shares: np.ndarray) -> np.ndarray:
    """The colours of shares 0-1 of any shape: float32 (..., 3), 0-255, dark violet over red and orange to light yellow."""
    colours: np.ndarray = _PALETTE[(shares * 255).astype(np.uint8)]
    return colours
