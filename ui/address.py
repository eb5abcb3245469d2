"""Where the server listens: the address and the port that a deployment chose, or a sentence about what is wrong with them."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

PORT = 7860
_TRIES = 100
_MOST_TRIES = 10_000
_HIGHEST = 65535
_ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}  # the machine has no such address, or speaks no IPv6


@dataclass(frozen=True)
class Address:
    """Where the server listens.

    Attributes:
        host: a name or an address of this machine; without brackets.
        port: exactly this one; None for the first that is free of those from 7860 on, which Gradio prints.
        tries: how many those are.
        root_path: what the page's own addresses begin with, behind a proxy: a path, or a whole address.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    tries: int = _TRIES
    root_path: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Address:
        """Read GRADIO_SERVER_NAME, _SERVER_PORT, _NUM_PORTS and _ROOT_PATH; an empty one counts as not set.

        A Space is asked at 7860 alone, so there the port counts as set.

        Raises:
            ValueError: one of them has no usable value; the message names it.
        """
        host = environment.get("GRADIO_SERVER_NAME", "").strip() or cls.host
        port = whole_number(environment, "GRADIO_SERVER_PORT", _HIGHEST)
        if port is None and environment.get("SPACE_ID"):
            port = PORT
        tries = whole_number(environment, "GRADIO_NUM_PORTS", _MOST_TRIES) or cls.tries
        return cls(_without_brackets(host), port, tries, _root_path(environment.get("GRADIO_ROOT_PATH", "").strip()))

    @property
    def options(self) -> dict[str, object]:
        """What `launch` takes."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return {"server_name": host, "server_port": self.port, "root_path": self.root_path}

    def check(self) -> None:
        """Try whether a server could listen there now; of ports that are not set, whether there could be any.

        Raises:
            ValueError: it could not; the message says why, and what to do.
        """
        try:
            places = socket.getaddrinfo(self.host, self.port or 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except (OSError, UnicodeError):
            raise ValueError(self._nowhere()) from None
        absent = 0
        for family, kind, protocol, _, place in places:
            try:
                with socket.socket(family, kind, protocol) as probe:
                    if os.name == "posix":  # elsewhere it would let two programs have the same port
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    if family == socket.AF_INET6:
                        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    probe.bind(place)
            except OSError as error:
                if error.errno not in _ABSENT:
                    raise ValueError(self.refused(error)) from None
                absent += 1
        if absent == len(places):
            raise ValueError(self._nowhere())

    def refused(self, error: OSError) -> str:
        """What to say where nobody can listen there: the system's error, or Gradio's, which found no port that is free."""
        if error.errno in (None, errno.EADDRINUSE):
            return self._taken()
        if isinstance(error, PermissionError):
            return f"port {self.port} needs rights that this user lacks; set GRADIO_SERVER_PORT to one from 1024 on"
        return f"nobody can listen at {self.host}, port {self.port or PORT}: {error.strerror or error}"

    def _taken(self) -> str:
        """What to say where other programs have the port, or all that were tried."""
        if self.port is None and self.tries > 1:
            last = PORT + self.tries - 1
            return f"ports {PORT} to {last} are taken by other programs; free one or set GRADIO_SERVER_PORT to another"
        return f"port {self.port or PORT} is taken by another program; free it or set GRADIO_SERVER_PORT to another"

    def _nowhere(self) -> str:
        return (
            f"GRADIO_SERVER_NAME is {self.host[:60]!r}, which is no address of this machine: "
            "127.0.0.1 answers this machine alone, 0.0.0.0 every one that reaches it"
        )


def whole_number(environment: Mapping[str, str], variable: str, most: int) -> int | None:
    """The number from 1 to `most` that a variable holds; None where it is not set, or empty.

    Raises:
        ValueError: it holds something else; the message names it.
    """
    text = environment.get(variable, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)) or not 1 <= int(text) <= most:
        raise ValueError(f"{variable} must be a whole number from 1 to {most}, not {text[:20]!r}")
    return int(text)


def _without_brackets(host: str) -> str:
    """`[::1]`, as addresses of pages have it, as `::1`."""
    inner = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return str(ipaddress.ip_address(inner))
    except ValueError:
        return host


def _root_path(text: str) -> str:
    path = r"(/[\w.~!$&'()*+,;=:@%-]+)*/?"
    if text in ("", "/"):
        return ""
    if not re.fullmatch(rf"(https?://[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\])?{path}", text, re.ASCII) or ".." in text.split("/"):
        raise ValueError(
            f"GRADIO_ROOT_PATH must be the path at which a proxy shows the page, /cats, or the whole address, "
            f"https://my.site/cats, not {text[:60]!r}"
        )
    return text.rstrip("/")
