"""Names in archives that are not written in Unicode: which code page they are in is guessed by `charset-normalizer`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from charset_normalizer import from_bytes

_LIKELY = (  # what archives are written in, the likelier ones first: Windows, DOS and Unix of the languages that have their own
    "cp437", "cp1252", "cp850", "gb18030", "cp932", "cp949", "big5", "cp866", "cp1251", "cp852", "cp1250", "koi8_r", "cp737",
    "cp1253", "cp857", "cp1254", "cp862", "cp1255", "cp1256", "cp874", "cp775", "cp1257",
)  # fmt: skip
_NAMES = {"gb18030": "GBK", "cp932": "Shift JIS", "cp949": "EUC-KR (cp949)", "big5": "Big5", "koi8_r": "KOI8-R"}
_COMMON = {"gb18030": (0xB0, 0xD7), "cp932": (0x81, 0x97), "cp949": (0xB0, 0xC8), "big5": (0xA4, 0xC6)}  # first bytes
_EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA"}
_MIN_HANGUL = 5  # so many common syllables are no accident; fewer may as well be Chinese
_ENOUGH = 200  # letters that the library needs to tell languages by
_PLAIN = " -_.,()&'+!#@[]~=%$\\"


def decode_names(raw: Sequence[bytes]) -> tuple[list[str], str | None]:
    """Names as text, and the code page they were taken as; None where they are ASCII.

    Args:
        raw: paths, as they are in an archive, without a word on how they are written.
    """
    strange = sorted({part for name in raw for part in name.split(b"/") if not part.isascii()})
    if not strange:
        return [name.decode("ascii") for name in raw], None
    try:
        return [name.decode("utf-8") for name in raw], "UTF-8"
    except UnicodeDecodeError:
        encoding = _guess(strange)
    return [name.decode(encoding, "replace") for name in raw], _NAMES.get(encoding, encoding)


def _guess(words: list[bytes]) -> str:
    text = b"\n".join(words) + b"\n"
    found = from_bytes(text * (_ENOUGH // len(text) + 1), threshold=1.0, cp_isolation=list(_LIKELY))
    coherence = {name: match.coherence for match in found for name in match.could_be_from_charset}
    best, best_key = "cp437", (1_000_000, 0.0, 0)
    for place, encoding in enumerate(_LIKELY):
        try:
            decoded = [word.decode(encoding) for word in words]
        except UnicodeDecodeError:
            continue
        if encoding == "cp949" and all(map(_is_hangul, decoded)) and sum(map(len, decoded)) >= _MIN_HANGUL:
            place = -1
        key = (sum(_oddity(word, encoding) for word in decoded), -coherence.get(encoding, 0.0), place)
        if key < best_key:
            best, best_key = encoding, key
    return best


def _oddity(word: str, encoding: str) -> int:
    """How much in a word would be strange in a name: signs, letters of several scripts, rare characters."""
    scripts = {_script(letter) for letter in word} - {""}
    mixed = sum(len(_scripts(part)) > 1 for part in re.split(r"[\W\d_]+", word))
    odd = sum(1 for letter in word if not letter.isalnum() and letter not in _PLAIN and not _is_mark(letter))
    odd += sum(1 for letter in word if unicodedata.category(letter) in ("Lm", "No") or "HALFWIDTH" in _name(letter))
    odd += sum(1 for one, two in pairwise(word) if one.islower() and two.isupper() and not two.isascii())
    odd += any(
        part[0].isupper() and part[1].isupper() and part[2].islower() for part in zip(word, word[1:], word[2:], strict=False)
    )
    letters = [letter for letter in word if letter.isalpha()]
    if scripts == {"LATIN"} and len(letters) > 1:  # most of what people write has plain letters too
        odd += sum(not letter.isascii() for letter in letters) > 0.6 * len(letters)
    if encoding in _COMMON:
        low, high = _COMMON[encoding]
        leads = [letter.encode(encoding, "replace")[0] for letter in word if not letter.isascii()]
        odd += sum(not low <= lead <= high for lead in leads)
    return odd + 2 * mixed


def _scripts(letters: str) -> set[str]:
    """The scripts of letters; those of Chinese and Japanese, which are written together, as one."""
    return {"CJK" if script in _EAST_ASIAN else script for letter in letters if (script := _script(letter))}


def _is_hangul(word: str) -> bool:
    return all(_script(letter) in ("HANGUL", "") for letter in word)


def _script(letter: str) -> str:
    """The first word of a letter's name: LATIN, CYRILLIC, CJK...; empty for what is no letter."""
    return _name(letter).split(" ", 1)[0] if letter.isalpha() or _is_mark(letter) else ""


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in ("Mn", "Mc")


def _name(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN")
