"""Questions to the model that runs in a browser's tab."""

from __future__ import annotations

import base64
from typing import Any

from model import Classifier


def in_the_browser(tab: Any, photo: bytes) -> dict[str, float]:
    """The answer of web/model.js, in a tab that shows a page of web/."""
    rows = tab.evaluate(
        """async (base64) => {
            const { decode } = await import("./cat-or-dog.js");
            window.model ??= (await import("./model.js")).loadModel("vendor/");
            const photo = new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))]);
            return (await window.model).classify(await decode(photo), photo);
        }""",
        base64.b64encode(photo).decode(),
    )
    return {row["label"]: row["score"] for row in rows}


def difference(tab: Any, classifier: Classifier, photo: bytes) -> float:
    """The largest difference of a probability between the browser and the server."""
    ours, servers = in_the_browser(tab, photo), classifier.classify([photo])[0].as_dict()
    assert ours.keys() == servers.keys()
    return max(abs(ours[label] - servers[label]) for label in servers)
