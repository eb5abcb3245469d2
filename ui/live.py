"""The tab."""

from __future__ import annotations

from ui.service import Service


def build(service: Service) -> None:
    """The tab's components, in the tab that is being built."""
