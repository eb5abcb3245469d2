"""Changes to a pickle that keep most of it a pickle, for fuzzing the reader: the changes a forger would try, at random."""

from __future__ import annotations

import pickletools
import random
from pathlib import Path

from tests.payloads import PAYLOADS, call, entry, get, number, put, stacked, text, values

# Names that a reader might confuse, and values that break assumptions.
_NAMES = (
    "os system", "builtins eval", "builtins getattr", "canary_module touch", "functools partial", "collections OrderedDict",
    "torch.nn.modules.linear Linear", "torch.nn.modules.container Sequential", "torch._utils _rebuild_tensor_v2",
    "torch FloatStorage", "torch.nn.modules.module Module", "fastai.learner Learner", "copyreg _reconstructor",
)  # fmt: skip
_VALUES = (
    *(b"N", b"\x88", b")", b"]", b"}", b"\x8f", b"G\x7f\xf0" + bytes(6), b")" + b"2\x86" * 60),
    *map(number, (0, -1, 2**31 - 1, 10**30)),
    *map(text, ("", "__class__", "weight", "forward")),
    values(number(2**40), number(2**40)),
)


class Mutator:
    """Makes variants of one pickle; the same seed makes the same ones.

    Args:
        canary: what the payloads that are put in would touch.
    """

    def __init__(self, stream: bytes, canary: Path, seed: int = 0) -> None:
        self.dice = random.Random(seed)
        self.snippets = [ops for ops in (payload.ops(canary) for payload in PAYLOADS) if len(ops) < 2000]
        self.parts = parts_of(stream)

    def variant(self) -> bytes:
        """The pickle with one to five changes."""
        return self._changed(list(self.parts))

    def variant_of(self, stream: bytes) -> bytes:
        """The same of another pickle."""
        return self._changed(parts_of(stream))

    def _changed(self, parts: list[bytes]) -> bytes:
        for _ in range(self.dice.randint(1, 5)):
            self.change(parts)
        return b"".join(parts)

    def change(self, parts: list[bytes]) -> None:
        """One change, in place; `parts` are opcodes with their arguments."""
        dice = self.dice
        at, other = dice.randrange(len(parts)), dice.randrange(len(parts))
        match dice.randrange(11):
            case 0:  # a bit
                part = bytearray(parts[at] or b"N")
                part[dice.randrange(len(part))] ^= 1 << dice.randrange(8)
                parts[at] = bytes(part)
            case 1:
                parts[at] = dice.randbytes(dice.randint(1, 4))
            case 2:
                del parts[at : at + dice.choice((1, 1, 2, 10))]
                parts += [] if parts else [b"."]
            case 3:
                parts[at:at] = parts[other : other + dice.choice((1, 3, 20, 200))]
            case 4:
                parts[at], parts[other] = parts[other], parts[at]
            case 5:  # a payload whose value is thrown away
                parts.insert(at, dice.choice(self.snippets) + b"0")
            case 6:  # a payload where something else stood
                parts[at] = dice.choice(self.snippets)
            case 7:
                parts[at] = dice.choice(_VALUES)
            case 8:  # another name
                names = [index for index, part in enumerate(parts) if part.startswith(b"c")]
                if names:
                    parts[dice.choice(names)] = entry(*dice.choice(_NAMES).split())
            case 9:  # a call of something, a state for something
                function = stacked(*dice.choice(_NAMES).split())
                parts.insert(at, dice.choice((call(function), function + b")\x81}b", function + b")R0")))
            case 10:  # the memo
                index = dice.randrange(5)
                parts[at] += put(index)
                parts[other] += get(index)


def parts_of(stream: bytes) -> list[bytes]:
    """The opcodes of a pickle with their arguments, as far as they can be told apart, and the rest in one."""
    starts = [0]
    try:
        starts += [at for _, _, at in pickletools.genops(stream) if at]
    except ValueError:
        pass
    return [stream[start:end] for start, end in zip(starts, [*starts[1:], len(stream)], strict=True)]
