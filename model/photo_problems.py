"""All that can be wrong with a photo: a code for each problem, its sentence in English, which says what to do, and the errors.

`ui/texts/*/photo.json` says the same in the languages of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

PROBLEMS: Mapping[str, str] = {
    # not a photo
    "pdf": "This is a PDF: take a screenshot of the page, or export it as JPEG.",
    "zip": "This is a zip archive or an office document: send the photos in it one by one.",
    "git_lfs": "This is a git-lfs pointer, not the photo itself: run `git lfs pull`.",
    "svg": "This is an SVG drawing: export it as PNG.",
    "xml": "This is an XML file, not a photo: send the photo itself.",
    "web_page": "This is a web page: open it and save the picture in it.",
    "data_url": "This is a data: URL: send the decoded bytes.",
    "video": "This is a video: send one frame of it as JPEG.",
    "postscript": "This is a PostScript file: export it as PNG.",
    "video_or_photo": "This is a video or a kind of photo that cannot be opened: send a JPEG.",
    "not_a_photo": "This is not a photo that can be opened. Send a {formats} file.",
    "no_bytes": "The photo is empty: there are no bytes in it.",
    "no_pixels": "The photo is empty: it has no pixels.",
    # damaged
    "cut_off": "This photo is cut off: part of the file is missing. Send it again.",
    "upper_part": "This photo is cut off: only the upper {percent} % of it are there. Send it again.",
    "part": "This photo is damaged: only {percent} % of it are there. Send it again.",
    "coarse": "This photo is cut off: it is there in coarse outlines only. Send it again.",
    "damaged": "This {format} file is damaged or of a rare kind. Open it, save it as JPEG and send that.",
    "header": "This photo is damaged: its header makes no sense. Open it, save it as JPEG and send that.",
    "scans": "This JPEG is built of too many layers. Open it, save it again and send that.",
    "parts": "This {format} file is made of more parts than any photo needs (over {limit}). "
    "Save it again with a photo program.",
    "shared": "In this {format} file, several parts lie in the same place. Save it again with a photo program.",
    # too large
    "bytes": "The photo is larger than {mb} MB. Send a smaller one.",
    "pixels": "This {format} has {width}×{height} pixels; at most {limit} megapixels and {side} a side are accepted. "
    "Send a smaller one.",
    "progressive": "This JPEG of {width}×{height} pixels is stored in layers, and too large for that. Send a smaller one.",
    "narrow": "This photo of {width}×{height} pixels is too narrow. Send a smaller or a wider one.",
    "too_long": "This photo takes too long to open. Send it as JPEG, or a smaller one.",
    "memory": "This photo needs more memory than there is. Send a smaller one.",
    # what only programs send
    "web_address": "{source} is a web address. Download the photo and send the file.",
    "folder": "{source} is a folder. Name the photos in it.",
    "missing": "There is no file {source}.",
    "unreadable": "{source} cannot be read: {reason}.",
    "text_mode": "The file must be opened in binary mode: open(path, 'rb').",
    "wrong_type": "A photo is bytes, a path, a binary file, a PIL image or an array, not {type}.",
    "array_shape": "An array photo has the shape (H, W), (H, W, 3) or (H, W, 4), not {shape}.",
    "array_range": "A float array holds values from 0 to 1. Divide by 255, or send uint8.",
    "array_type": "An array photo is uint8, uint16, bool or float, not {dtype}.",
}


def one_of(names: Sequence[str], word: str = "or") -> str:
    """Names as a choice: `JPEG, PNG or HEIC`, with the language's own word for "or"."""
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)


class PhotoError(ValueError):
    """A photo that cannot be used. The message is for the person who sent it and says what to do, in English.

    Args:
        code: which of `problems` it is; or a sentence, which is the message as it stands.
        values: what is put into the sentence.

    Attributes:
        code, values: as given, for who says it in another language.
        problems: code → sentence with {names} of values in it.
    """

    problems: ClassVar[Mapping[str, str]] = PROBLEMS

    def __init__(self, code: str, **values: object) -> None:
        said = {name: one_of(value) if isinstance(value, tuple) else value for name, value in values.items()}
        super().__init__(self.problems[code].format(**said) if code in self.problems else code)
        self.code = code
        self.values = values


class PhotoTooLarge(PhotoError):
    """More bytes or more pixels than are accepted."""


class PhotoFormatError(PhotoError):
    """Not a picture, or in a format that is not accepted."""
