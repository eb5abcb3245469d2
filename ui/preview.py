"""How a link to the page looks where people share it (https://ogp.me), instead of Gradio's name and picture."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from ui.texts import say

_PICTURE = Path(__file__).parent / "preview.jpg"
_SIZE = (1200, 630)
# as an address in the page itself, which saves a request; Gradio's own is served as before to those who ask for it
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#c2410c" d="M5 3l7 6h8l7-6v15a11 11 0 0 1-22 0z"/>'
    '<g fill="#fff"><circle cx="11.5" cy="16" r="2.5"/><circle cx="20.5" cy="16" r="2.5"/><path d="M13 22h6l-3 3z"/></g></svg>'
)


def picture_route() -> Route:
    """The picture that is shown beside a link."""

    def picture(request: Request) -> FileResponse:
        return FileResponse(_PICTURE, headers={"Cache-Control": "public, max-age=86400"})

    return Route("/preview.jpg", picture)


def with_preview(html: str, title: str, language: str) -> str:
    """Gradio's page with our title, description, picture and icon, before all else: some read no further than they must."""
    html = re.sub(r'\s*<meta\s+(?:property|name)="(?:og|twitter):[^>]*>', "", html)
    root = re.search(r'const root = ("(?:[^"\\]|\\.)*");', html)  # the page's address as its visitors see it
    address = json.loads(root[1]).rstrip("/") if root else ""
    description = say("preview.description", language)
    tags = [
        ("name", "description", description),
        ("property", "og:type", "website"),
        ("property", "og:title", title),
        ("property", "og:description", description),
        ("property", "og:url", f"{address}/"),
        ("property", "og:image", f"{address}/preview.jpg"),
        ("property", "og:image:width", str(_SIZE[0])),
        ("property", "og:image:height", str(_SIZE[1])),
        ("property", "og:image:alt", say("preview.picture", language)),
        ("name", "twitter:card", "summary_large_image"),
    ]
    written = f"<title>{escape(title)}</title>" + "".join(
        f'<meta {kind}="{name}" content="{escape(content)}">' for kind, name, content in tags
    )
    icon = f'<link rel="icon" type="image/svg+xml" href="data:image/svg+xml,{quote(_ICON)}">'
    start = re.compile(r"<head\b[^>]*>(?:\s*<meta charset=[^>]*>)?")
    return start.sub(lambda found: found[0] + written + icon, html, count=1)
