"""The photo a visitor gives: Gradio's image component, but the bytes reach `model.photo` untouched."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

import gradio as gr

from model.photo import MAX_BYTES
from ui.texts import t

EXAMPLES = Path(__file__).parent / "examples"
EXAMPLE_NAMES = ("cat", "coffee")


class PhotoInput(gr.Image):
    """Upload, webcam and clipboard; hands the function the encoded bytes of the photo, or None where there is none.

    Gradio's own component would open any of Pillow's formats, skip EXIF rotation for some and colour conversion for
    others, and fetch web addresses. Here nothing is decoded and nothing is fetched.
    """

    is_template = True  # the page shows it as gr.Image

    def preprocess(self, payload: Any) -> bytes | None:
        """The bytes of the uploaded file or of a base64 `data:` URL, at most one above the limit of 20 MB."""
        if payload is None:
            return None
        if payload.url and payload.url.startswith("data:"):
            return _from_data_url(payload.url)
        if payload.path is None:
            raise gr.Error("The photo has no path. Upload a file, or send a base64 data: URL.", print_exception=False)
        try:
            # Gradio checks the path only where the payload says that it is a file: look again, at every path
            path = Path(payload.path).resolve()
            if path.is_relative_to(Path(self.GRADIO_CACHE).resolve()) and path.is_file():
                with path.open("rb") as file:
                    return file.read(MAX_BYTES + 1)
        except (OSError, ValueError):
            pass
        message = "This photo is not among the uploads, which are deleted after ten minutes. Upload it again."
        raise gr.Error(message, print_exception=False)

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        """Refuse web addresses: the server sends no requests of its own on a visitor's behalf."""
        if str(url_or_file_path).startswith(("http://", "https://")):
            message = "Web addresses are not fetched. Download the photo and send the file."
            raise gr.Error(message, print_exception=False)
        moved: str | None = await super().async_move_resource_to_block_cache(url_or_file_path)
        return moved


def example_buttons(photo: PhotoInput) -> None:
    """A button for every photo the project ships, each with its name in the visitor's language, that puts it into `photo`."""
    with gr.Row():
        for name in EXAMPLE_NAMES:
            path = str(EXAMPLES / f"{name}.jpg")
            gr.Button(t(f"classify.{name}"), size="sm", min_width=100).click(
                lambda path=path: path, None, photo, api_visibility="private", show_progress="hidden"
            )


def _from_data_url(url: str) -> bytes:
    header, _, body = url.partition(",")
    if not header.endswith(";base64"):
        raise gr.Error("A data: URL must be base64: data:image/jpeg;base64,...", print_exception=False)
    if len(body) > MAX_BYTES * 4 // 3 + 4:
        raise gr.Error(f"The photo is larger than {MAX_BYTES // 1_000_000} MB. Send a smaller one.", print_exception=False)
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise gr.Error("The data: URL is not valid base64. Encode the photo again.", print_exception=False) from None
