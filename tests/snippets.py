"""The code in README.md and docs/clients.md that readers copy."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.running import ROOT

ADDRESS = "http://127.0.0.1:7860"


@dataclass(frozen=True)
class Snippet:
    """One fenced block.

    Attributes:
        where: file and line.
        language: as the fence says.
    """

    where: str
    language: str
    code: str

    def against(self, url: str) -> str:
        """The code, with the address of an app that runs."""
        return self.code.replace(ADDRESS, url)


def snippets(language: str, starting: str = "") -> list[Snippet]:
    """All blocks of a language whose code starts so."""
    found = []
    for path in (ROOT / "README.md", ROOT / "docs" / "clients.md"):
        text = path.read_text("utf-8")
        for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            if match[1] == language and match[2].startswith(starting):
                found.append(Snippet(f"{path.name}:{line}", language, match[2]))
    return found
