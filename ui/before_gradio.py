"""What has to happen before Gradio is imported, and happens as this is: its variables are read, or a sentence ends the app.

Nothing but app.py imports this, and first of all.
"""

from __future__ import annotations

import os

from ui.gradio_variables import prepare

try:
    ADDRESS = prepare(os.environ)
except ValueError as problem:
    raise SystemExit(f"Cannot start: {problem}") from None
