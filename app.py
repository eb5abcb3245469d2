"""Cat or Dog? The Space: find the model, build the page, serve it.

    python app.py

What a deployment can choose is in `ui/settings.py`; Gradio reads GRADIO_SERVER_PORT and GRADIO_SERVER_NAME.
"""

from __future__ import annotations

import ui.zero_gpu  # noqa: F401 - marks a function, or a ZeroGPU Space does not start the app
from model import Classifier, ModelError
from ui.page import build, launch_options
from ui.server import app_options
from ui.service import Service
from ui.settings import Settings
from ui.teach.sessions import Sessions


def main() -> None:
    """Serve until interrupted."""
    try:
        settings = Settings.from_environment()
        classifier = Classifier.load(
            settings.model_repo, settings.model_revision, labels=settings.model_labels, allow=settings.model_allow
        )
        service = Service(classifier, settings.max_waiting, Sessions(classifier) if settings.teach else None)
        page = build(service, settings)
    except (ValueError, ModelError) as error:
        raise SystemExit(f"Cannot start: {error}") from None
    page.queue(max_size=settings.max_waiting)
    page.launch(app_kwargs=app_options(service, settings), mcp_server=False, **launch_options())  # agents have their own


if __name__ == "__main__":
    main()
