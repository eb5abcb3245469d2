from __future__ import annotations

import datetime
import io
import pickle
import pickletools

import pytest

from model.fastai_export.inert_pickle import PickleError, read_pickle
from model.fastai_export.inert_tree import Global, Object
from model.fastai_export.inert_values import attributes, name_of


def read(content: bytes):
    return read_pickle(io.BytesIO(content), "model.pkl").value


class Thing:
    def __init__(self) -> None:
        self.size = 3


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -1,
        2**40,
        2**70,
        1.5,
        "text ü 猫",
        [1, [2, []]],
        (),
        (1,),
        (1, 2),
        (1, 2, 3),
        tuple(range(9)),
        {"a": {1: (2, [3])}, None: b"x" * 300, (1, "b"): 2},
        ["a" * 70_000],
    ],
)
def test_plain_values_are_what_they_are(value, protocol):
    found = read(pickle.dumps(value, protocol))
    if protocol < 3 and isinstance(value, dict):  # bytes are written as a call of _codecs.encode
        found[None] = found[None].args[0].encode("latin1")
    assert found == value


@pytest.mark.parametrize("protocol", [4, 5])
def test_sets_are_what_they_are(protocol):
    value = [{1, "a", None}, frozenset({(1, 2)})]
    assert read(pickle.dumps(value, protocol)) == value


@pytest.mark.parametrize("protocol", range(6))
def test_objects_are_names_and_attributes(protocol):
    found = read(pickle.dumps(Thing(), protocol))
    assert name_of(found) == f"{__name__}.Thing"
    assert attributes(found) == {"size": 3}


def test_what_is_used_twice_is_held_once():
    inner = [1]
    found = read(pickle.dumps([inner, inner]))
    assert found[0] is found[1]


def test_a_call_is_a_record_and_nothing_happens():
    found = read(pickle.dumps(datetime.date(2026, 1, 2)))
    assert isinstance(found, Object)
    assert found.function == Global("datetime", "date")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"\x80\x04cposix\nsystem\n)R.",
            "names posix.system, which serves to run programs or open files, and calls posix.system() when",
        ),
        (b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93)R.", "calls builtins.eval()"),
        (b"\x80\x04ctorch\nserialization.os.system\n)R.", "calls torch.serialization.os.system()"),
        (b"\x80\x04K\x01K\x02\x93.", "builds a name out of something that is not text"),
        (b"\x80\x04\x82\x01.", "uses the opcode EXT1"),
        (b"\x80\x04}]K\x01s.", "has a list as a dictionary key"),
        (b"\x80\x04]", "cut short"),
        (b"\x80\x04" + b"]" * 3 + b".", "ends with 3 values"),
        (b"\x80\x04h\x07.", "memo 7 was never set"),
        (b"\x80\x04R.", "damaged"),
        (b"\x80\x04X\xff\xff\xff\x7fabc.", "cut short"),
        (b"\x80\x04\x8e" + b"\xff" * 8 + b"abc.", "cut short"),
        (b"\x80\x04}(K\x01u.", "a key without a value"),
        (b"", "cut short"),
    ],
)
def test_what_no_honest_file_holds_is_one_sentence(content, words):
    with pytest.raises(PickleError) as caught:
        read(content)
    assert words in str(caught.value)
    assert str(caught.value).startswith("model.pkl ")
    assert "\n" not in str(caught.value)


def test_hash_bombs_are_refused_and_not_hashed():
    bomb = b"\x80\x04K\x01" + b"2\x86" * 60  # a pair of itself, sixty times: 2**60 leaves
    assert read(bomb + b".")
    with pytest.raises(PickleError, match="tuple as a dictionary key"):
        read(b"\x80\x04}" + bomb[2:] + b"Ns.")


def test_more_opcodes_than_any_classifier_has_are_refused():
    with pytest.raises(PickleError, match="2,000,000 opcodes"):
        read(b"\x80\x04" + b"N0" * 1_000_001 + b"N.")


def test_every_opcode_is_decided_on():
    from model.fastai_export.inert_pickle import _HANDLERS

    undecided = {opcode.name for opcode in pickletools.opcodes} - set(_HANDLERS)
    assert undecided == {"EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"}  # refused: nothing here needs them
