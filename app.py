"""Cat or Dog? The Space: find the model, build the page, serve it.

    python app.py

What a deployment can choose is in `ui/settings.py`, and where it listens in `ui/address.py`.
"""

from __future__ import annotations

import ui.before_gradio  # first, as it says
import ui.zero_gpu  # marks a function, or a ZeroGPU Space does not start the app
from model import Classifier, ModelError
from model.decode.wall import behind_wall
from model.errors import EntryPoint
from ui.desk import OPENERS
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
            settings.model_repo,
            settings.model_revision,
            labels=settings.model_labels,
            allow=settings.model_allow,
            size=settings.model_size,
            activation=settings.model_activation,
            trust=settings.model_trust,
            apart=True,
        )
        service = Service(classifier, settings.max_waiting, Sessions(classifier) if settings.teach else None)
        page = build(service, settings)
    except ValueError as error:
        raise SystemExit(f"Cannot start: {error}") from None
    except ModelError as error:
        raise SystemExit(f"Cannot start: {error.at(EntryPoint.APP)}") from None
    page.queue(max_size=settings.max_waiting)
    address = ui.before_gradio.ADDRESS
    try:
        with behind_wall(OPENERS):
            page.launch(
                app_kwargs=app_options(service, settings),
                mcp_server=False,  # agents have their own tools
                **address.options,
                **launch_options(),
            )
    except OSError as error:  # another program took the port meanwhile
        raise SystemExit(f"Cannot start: {address.refused(error)}") from None


if __name__ == "__main__":
    main()
