"""What a request asks for besides the answer to its photo: the Hub's inference parameters, honoured or refused by name."""

from __future__ import annotations

from collections.abc import Mapping

from model.config import Probabilities
from model.photo_problems import one_of
from ui.request_photo import Refused, known_names

TOP_K = "top_k"
FUNCTION = "function_to_apply"
_MOST = 999_999_999
_FUNCTIONS: Mapping[object, Probabilities | None] = {"softmax": "exclusive", "sigmoid": "independent", "none": None}


def read_top_k(given: Mapping[str, object], probabilities: Probabilities, *others: str) -> int | None:
    """How many scores are wanted; None: all.

    Args:
        given: the parameters by name, as JSON has them or as text; None and empty text count as not given.
        probabilities: how the model makes them: it can give no others.
        others: names of parameters that somebody else reads.

    Raises:
        Refused: a parameter is not known, or its value cannot be honoured; the sentence names it.
    """
    known_names(given, (*others, TOP_K, FUNCTION), "parameter")
    function = given.get(FUNCTION)
    if function not in (None, ""):
        _check_function(function, probabilities)
    return _top_k(given.get(TOP_K))


def _top_k(value: object) -> int | None:
    if value is None or value == "":
        return None
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else value
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= _MOST:
        raise Refused(400, f"{TOP_K} must be a whole number from 1 to {_MOST}, not {str(value)[:20]!r}")
    return number


def _check_function(function: object, probabilities: Probabilities) -> None:
    if not isinstance(function, str) or function not in _FUNCTIONS:
        raise Refused(400, f"{FUNCTION} must be {one_of([str(name) for name in _FUNCTIONS])}, not {str(function)[:20]!r}")
    if _FUNCTIONS[function] == probabilities:
        return
    own = next(name for name, made in _FUNCTIONS.items() if made == probabilities)
    raise Refused(
        400,
        f"{FUNCTION} cannot be {function} here: this model's scores are calibrated probabilities, made by {own}. Leave it out.",
    )
