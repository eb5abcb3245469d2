"""ONNX Runtime reports to its maker what it runs, from version 1.31 on also on Linux, unless this is set before its import.

Nothing about photos, models or visitors is sent anywhere from here. Whoever wants to send it sets ORT_DISABLE_TELEMETRY=0.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
