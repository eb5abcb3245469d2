"""The tab."""

from __future__ import annotations


def build() -> None:
    """The tab's components, in the tab that is being built."""
