"""Training, measuring and publishing models. The files in this folder are programs: `python -m training.NAME --help`.

`fine_tune`, `head`, `from_scratch` and `transfer` are lessons that train; `unfreeze` tries on a GPU whether the body should
train too; `starter` lists the data of the embedded model. `evaluate` measures a model, `score` answers very many photos,
`publish` and `space` put model and app on the Hub, by `model.hub`. What they share lies in `data`, `fit`, `quality` and
`scoring`; `program`, `options` and `settings` are no programs but their beginnings and command lines, and `first_cell` is that
of notebooks. `logs` has what the measured runs printed.
"""

import sys

from training.program import say_when_interrupted

if sys.argv[:1] == ["-m"]:  # python -m training.NAME: while its libraries are loading, for seconds
    say_when_interrupted("Interrupted; nothing was written.")
