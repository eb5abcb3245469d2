from __future__ import annotations

import base64
import random
import re

import pytest

from model.photo import MAX_BYTES, PhotoTooLarge
from ui.data_url import data_url, from_text
from ui.errors import UploadError

BYTES = bytes(range(256)) + b"\xfb\xef\xbe\xff"  # + and / in base64, and padding
PLAIN, SAFE = base64.b64encode(BYTES).decode(), base64.urlsafe_b64encode(BYTES).decode()


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        SAFE,
        PLAIN.rstrip("="),
        SAFE.rstrip("="),
        re.sub("(.{76})", r"\1\r\n", PLAIN),
        data_url(BYTES, "jpeg"),
        f"data:image/jpeg;base64,{SAFE.rstrip('=')}",
        f"DATA:image/jpeg;charset=utf-8;BASE64,{PLAIN}",
        "data:;base64," + PLAIN.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
    ],
)
def test_every_way_to_write_base64(text):
    assert from_text(text) == BYTES


@pytest.mark.parametrize("length", range(7))
def test_every_length_with_padding_and_without(length):
    content = random.Random(length).randbytes(length)
    written = base64.b64encode(content).decode()
    assert from_text(written) == from_text(written.rstrip("=")) == content


@pytest.mark.parametrize("text", ["A", "AA=A", "photo.jpg", "é", "data:image/png;base64,!", "AAAA====A"])
def test_what_is_no_base64_is_refused(text):
    with pytest.raises(UploadError, match="not valid base64"):
        from_text(text)


@pytest.mark.parametrize("text", ["data:image/png,abc", "data:", "data:image/png;base64"])
def test_a_data_url_must_be_base64(text):
    with pytest.raises(UploadError, match="must be base64"):
        from_text(text)


def test_too_much_is_refused_before_it_is_decoded():
    with pytest.raises(PhotoTooLarge, match="20 MB"):
        from_text("A" * (MAX_BYTES * 4 // 3 + 8))
