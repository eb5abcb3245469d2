"""What Gradio's own variables (GRADIO_...) say, read before Gradio does.

Gradio reads them while it is imported and while it starts, tries the next port where one is taken, and answers what makes no
sense with a traceback. Here they become sentences. What this app never does, no variable turns on.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from importlib.util import find_spec
from urllib.parse import urlsplit

from ui.address import Address, whole_number
from ui.uploads import make_uploads_folder

_IGNORED = {
    "GRADIO_ALLOWED_PATHS": "visitors would see files of this machine",
    "GRADIO_EXAMPLES_CACHE": "visitors would see the files in it",
    "GRADIO_NUM_WORKERS": "its processes would answer beside this app, without its rules",
    "GRADIO_VIBE_MODE": "visitors could change the program",
}
_GIVEN_TO_LAUNCH = ("GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH")
_MANY = 10_000
_LOCAL = "localhost,127.0.0.1,::1"


def prepare(environment: MutableMapping[str, str]) -> Address:
    """Where to listen; the variables are left as Gradio can read them, with a folder of this process alone for uploads.

    Raises:
        ValueError: a variable makes no sense, the port is taken, or there is no place for uploads; the message says what to do.
    """
    for variable in [name for name in environment if name.startswith("GRADIO_") and not environment[name].strip()]:
        del environment[variable]  # to Gradio, an empty one is no number either
    _check_numbers(environment)
    _check_proxies(environment)
    address = Address.from_environment(environment)
    address.check()
    for variable, reason in _IGNORED.items():
        if environment.pop(variable, None):
            print(f"{variable} is ignored: {reason}.", file=sys.stderr)
    for variable in _GIVEN_TO_LAUNCH:
        environment.pop(variable, None)
    # Gradio asks the server whether it is there: at home, whatever leads to other machines
    direct = environment.get("no_proxy") or environment.get("NO_PROXY", "")
    environment["no_proxy"] = ",".join(filter(None, (direct, _LOCAL, address.host)))
    environment["GRADIO_TEMP_DIR"] = str(make_uploads_folder(environment))
    return address


def _check_numbers(environment: MutableMapping[str, str]) -> None:
    whole_number(environment, "GRADIO_NODE_NUM_PORTS", _MANY)
    if environment.get("GRADIO_DEBUG", "0").strip() not in ("0", "1"):
        raise ValueError(f"GRADIO_DEBUG must be 0 or 1, not {environment['GRADIO_DEBUG'][:20]!r}")
    limit = "GRADIO_DEFAULT_CONCURRENCY_LIMIT"
    if environment.get(limit, "").strip().lower() != "none":
        whole_number(environment, limit, _MANY)


def _check_proxies(environment: MutableMapping[str, str]) -> None:
    """What leads to other machines must be something that httpx knows: Gradio makes a client while it is imported."""
    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        for name in (variable, variable.upper()):
            proxy = environment.get(name, "").strip()
            scheme = urlsplit(proxy).scheme.lower() if "://" in proxy else "http"
            if scheme in ("http", "https"):
                continue
            if scheme not in ("socks5", "socks5h"):
                raise ValueError(f"{name} names a proxy of the kind {scheme[:20]!r}; http, https and socks5 are known")
            if find_spec("socksio") is None:
                raise ValueError(f"{name} names a SOCKS proxy, which needs a package: pip install socksio")
