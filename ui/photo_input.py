"""The photo a visitor gives: Gradio's image component, but the bytes reach `model.photo` untouched."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData
from pydantic import ConfigDict, Field, PrivateAttr, ValidationError, ValidatorFunctionWrapHandler, model_validator

from model.photo import MAX_BYTES, PhotoError
from ui.data_url import SCHEME, WEB, from_text
from ui.errors import UploadError
from ui.texts import t

EXAMPLES = Path(__file__).parent / "examples"
EXAMPLE_NAMES = ("cat", "dog", "both", "fox", "drawing", "coffee")
_ASKED = 'An uploaded file, in Python handle_file("photo.jpg"), or a data: URL in base64. Web addresses are not fetched.'
_ONE_PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="


class PhotoData(ImageData):
    """A photo as Gradio's routes take it: an upload's path or a base64 `data:` URL, in an object or alone."""

    path: str | None = Field(default=None, description="What POST /gradio_api/upload answered for an uploaded file")
    url: str | None = Field(default=None, description="Or the photo itself: data:image/jpeg;base64, and then in base64")

    model_config = ConfigDict(json_schema_extra={"description": _ASKED})
    _alone: bool = PrivateAttr(False)

    @model_validator(mode="wrap")
    @classmethod
    def _of_anything(cls, sent: Any, read: ValidatorFunctionWrapHandler) -> PhotoData:
        """What makes no sense becomes an empty one: `preprocess` has the sentence for it."""
        alone = isinstance(sent, str)
        if alone:
            sent = {"url" if sent[: len(SCHEME)].lower() == SCHEME else "path": sent}
        try:
            photo: PhotoData = read(sent)
        except ValidationError:
            photo = read({})
        else:
            photo._alone = alone
        return photo

    @property
    def is_alone(self) -> bool:
        """Whether it was sent as a string."""
        return self._alone


class Unusable(io.BytesIO):
    """Stands for a photo that cannot be used: whoever reads it is told why, as with a photo that cannot be opened."""

    def __init__(self, error: PhotoError) -> None:
        super().__init__()
        self._error = error

    def read(self, size: int | None = -1) -> bytes:
        """Raise the error."""
        raise self._error


class PhotoInput(gr.Image):
    """Upload, webcam and clipboard; hands the function the encoded bytes of the photo, or None where there is none.

    Gradio's own component would open any of Pillow's formats, skip EXIF rotation for some and colour conversion for
    others, and fetch web addresses. Here nothing is decoded and nothing is fetched.
    """

    is_template = True  # the page shows it as gr.Image
    data_model = PhotoData

    def preprocess(self, payload: Any) -> bytes | Unusable | None:
        """The bytes of the uploaded file or of a base64 `data:` URL, at most one above the limit of 20 MB.

        Where there are none, what comes back raises a `PhotoError` once it is opened: the function says it in its place.
        """
        if payload is None:
            return None
        try:
            return self._read(payload)
        except PhotoError as error:
            return Unusable(error)

    def _read(self, payload: PhotoData) -> bytes:
        if payload.url and payload.url[: len(SCHEME)].lower() == SCHEME:
            return from_text(payload.url)
        if not payload.path:
            raise UploadError("sent_address" if (payload.url or "").startswith(WEB) else "sent_nothing")
        if payload.path.startswith(WEB):
            raise UploadError("sent_address")
        code = "sent_path" if payload.is_alone else "upload_gone"
        try:
            # Gradio checks the path only where the payload says that it is a file: look again, at every path
            path = Path(payload.path).resolve()
            if path.is_relative_to(Path(self.GRADIO_CACHE).resolve()):
                code = "upload_gone"
                if path.is_file():
                    with path.open("rb") as file:
                        return file.read(MAX_BYTES + 1)
        except (OSError, ValueError):
            pass
        raise UploadError(code)

    def example_payload(self) -> dict[str, str]:
        """A photo for the examples of the API's page, which they send as it stands; Gradio's is a web address."""
        return {"url": _ONE_PIXEL}

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        """Leave web addresses alone: the server sends no requests of its own on a visitor's behalf."""
        if str(url_or_file_path).startswith(WEB):
            return str(url_or_file_path)
        moved: str | None = await super().async_move_resource_to_block_cache(url_or_file_path)
        return moved


def example_buttons(photo: PhotoInput) -> None:
    """A picture of every example the project ships, named in the visitor's language, that puts the photo into `photo`.

    The pictures are parts of one file, `examples/sheet.jpg`; page.css has which is whose.
    """
    with gr.Row(elem_classes="examples"):
        for name in EXAMPLE_NAMES:
            path = str(EXAMPLES / f"{name}.jpg")
            gr.Button(t(f"classify.{name}"), size="sm", min_width=40, elem_classes=["example", f"example-{name}"]).click(
                lambda path=path: path,
                None,
                photo,
                api_visibility="private",
                show_progress="hidden",
                concurrency_limit=1,
                concurrency_id="examples",  # one after the other: the last that was pressed stays
            )
