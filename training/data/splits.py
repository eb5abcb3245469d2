"""The splits that folders stand for, by what their names mean: `train`, `training_set`, `seg_train`, `train2017`."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from training.data.photos import PARTS
from training.data.same import same
from training.data.tree import Branch, Notes

_WORDS = {
    "train": "train trains training trainings trn trng trained trainval learning entrenamiento entrainement apprentissage "
    "treino treinamento treinos addestramento allenamento egitim trening treningowy treningowe uczenie uczacy "
    "trian trainng trainig traning",
    "valid": "val vals valid validation validations validate validating vld vali dev devel development validierung validacion "
    "validacao validazione convalida dogrulama gecerleme walidacja walidacyjny walidacyjne vaild vaildation validaton",
    "test": "test tests testing tst eval evals evaluation evaluations evaluate evaluating holdout unseen prueba pruebas "
    "essai essais teste testes prova sinama testowy testowe tset",
}
_FILLERS = (
    "set sets data dataset datasets daten datos donnees split splits subset part fold folder dir image images img imgs "
    "pic pics picture pictures photo photos foto fotos bild bilder jpg jpeg jpegs png pngs sample samples "
    "example examples file files class classes labels labelled labeled raw full all final new my the"
)
_OTHER_SCRIPTS = {"train": ("训练", "訓練", "学習", "обуч", "трен", "학습", "훈련"),
                  "valid": ("验证", "驗證", "検証", "валид", "провер", "검증"),
                  "test": ("测试", "測試", "テスト", "тест", "시험", "테스트", "평가")}  # fmt: skip
_NEGATIONS = {"not", "non", "no"}
_SPLIT_OF = {word: split for split, words in _WORDS.items() for word in words.split()}
_filler = f"(?:{'|'.join(sorted(_FILLERS.split(), key=len, reverse=True))})"
_ONE_WORD = re.compile(f"{_filler}*?({'|'.join(sorted(_SPLIT_OF, key=len, reverse=True))}){_filler}*")
_ONLY_FILLERS = re.compile(f"{_filler}+")
_TOKENS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_PLAIN_NAMES = {"train", "training", "val", "valid", "validation", "test", "testing"}
NAMES = {"train": "training", "valid": "validation", "test": "test"}
NOT_A_SPLIT = "beside the folders to train and test on"


class Meaning(NamedTuple):
    """What a folder's name means: its split, and the words that have nothing to do with it: `seg` of `seg_train`."""

    split: str
    rest: tuple[str, ...]


def meaning(name: str) -> Meaning | None:
    """The split that a folder's name means, if it means one: in any case, with words before and behind it, and numbers."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    plain = unicodedata.normalize("NFC", plain)  # the syllables of Korean
    plain = re.sub(r"h[oe]ld[\W_]*out", "holdout", plain, flags=re.IGNORECASE)
    tokens = [token.lower() for token in _TOKENS.findall(plain)]
    if not any(_split(token) for token in tokens):  # TRAINset
        tokens = re.findall(r"[^\W\d_]+", plain.lower())
    splits = list(dict.fromkeys(split for token in tokens if (split := _split(token))))
    if splits == ["train", "valid"]:
        splits = ["train"]
    if len(splits) != 1 or _NEGATIONS & set(tokens):
        return None
    rest = tuple(token for token in tokens if not _split(token) and not _ONLY_FILLERS.fullmatch(token))
    return Meaning(splits[0], rest)


def plain_split(name: str) -> str | None:
    """The split that a folder's name means where it has no other words: `test`, `Test set`, `val2017`."""
    found = meaning(name)
    return found.split if found and not found.rest else None


def is_filler(name: str) -> bool:
    """Whether a folder's name says nothing of what is in it: `images`, `train`, `all_photos`."""
    found = meaning(name)
    tokens = _TOKENS.findall(name)
    return not found.rest if found else bool(tokens) and all(_ONLY_FILLERS.fullmatch(token.lower()) for token in tokens)


def _split(token: str) -> str | None:
    if match := _ONE_WORD.fullmatch(token):
        return _SPLIT_OF[match[1]]
    return next((split for split, parts in _OTHER_SCRIPTS.items() if any(part in token for part in parts)), None)


def split_folders(branch: Branch, by_folder: bool, notes: Notes) -> dict[str, list[Branch]]:
    """The folders of the splits that lie in a folder: some to train on, and some to validate or test on; or none.

    A name may have other words where these are the same in both (`seg_train`, `seg_test`), where the folders in both have
    names in common, or where what is to be trained on is divided into folders: `test_tube` beside `train` is a class. It is
    left aside where one of that split has none: `old_train` beside `train`.

    Args:
        by_folder: whether folders name the labels.
        notes: gets what is beside them, and what was understood where that is not obvious.
    """
    meant = {child.name: found for child in branch.inside.values() if (found := meaning(child.name))}
    trains = [branch.inside[name] for name, found in meant.items() if found.split == "train"]
    others = [branch.inside[name] for name, found in meant.items() if found.split != "train"]

    def agree(train: Branch, other: Branch) -> bool:
        is_plain = not meant[train.name].rest
        if meant[train.name].rest == meant[other.name].rest or (is_plain and _is_divided(train)):
            return True
        return by_folder and bool(_folder_names(train) & _folder_names(other))

    def is_plainer(one: Branch, other: Branch) -> bool:
        """Whether one of two folders of a split has the plainer name: `test` beside `test_more`."""
        of_one_split = meant[one.name].split == meant[other.name].split
        is_usable = bool(one.full) or (bool(one.photos) and not other.full)
        return of_one_split and is_usable and not meant[one.name].rest and bool(meant[other.name].rest)

    trains = [train for train in trains if any(agree(train, other) for other in others)]
    others = [other for other in others if any(agree(train, other) for train in trains)]
    odd = [child for same_kind in (trains, others) for child in same_kind if any(is_plainer(one, child) for one in same_kind)]
    trains, others = ([child for child in same_kind if child not in odd] for same_kind in (trains, others))
    if not trains:
        return {}
    beside = [child for child in branch.full if child not in trains and child not in others]
    if by_folder and not any(child.full for child in (*trains, *others)) and sum(bool(c.loose) for c in beside) > 1:
        notes.say(f"{enumerated(trains + others)} are taken as classes, as {enumerated(beside)} are")
        return {}
    for child in beside:
        notes.leave(NOT_A_SPLIT, child)
    if odd := [child for child in odd if child.photos]:
        notes.say(f"{enumerated(odd)} {'are' if len(odd) > 1 else 'is'} left aside, as there are folders with plainer names")
    if branch.loose:
        notes.leave(NOT_A_SPLIT, branch, branch.loose)
    every = [*trains, *others]
    parts = {split: [child for child in every if meant[child.name].split == split] for split in PARTS}
    return {split: children for split, children in parts.items() if children}


def say_splits(splits: dict[str, list[Branch]], notes: Notes) -> None:
    """Say which folders were understood as which split, where that is not plain from their names."""
    every = [branch for branches in splits.values() for branch in branches]
    if all(branch.name.lower() in _PLAIN_NAMES for branch in every) and len(every) == len(splits):
        return
    parts = [
        f"{enumerated(branches)} {'together are' if len(branches) > 1 else 'is'} the {NAMES[split]} set"
        for split, branches in splits.items()
    ]
    notes.say(f"{', '.join(parts)}; --layout classes takes them as classes")


def _is_divided(branch: Branch) -> bool:
    inner = innermost(branch)
    return len(inner.full) > 1 and not inner.loose


def _folder_names(branch: Branch) -> set[str]:
    inner = innermost(branch)
    return {same(child.name) for child in inner.full} | {same(inner.name)}


def innermost(branch: Branch) -> Branch:
    """The folder itself, or the only one in it that holds photos, as deep as that goes."""
    while len(branch.full) == 1 and not branch.loose:
        branch = branch.full[0]
    return branch


def enumerated(branches: list[Branch]) -> str:
    """The folders for people: `a/, b/ and c/`."""
    names = [branch.told for branch in branches]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
