"""Teaching a model new classes from a few photos, in a fraction of a second: a new head on the body that is loaded.

A photo becomes an `Example` (`examples`): pooled features of the frozen body (`body`) and a few numbers, no photo. A `Lesson`
(`lesson`) is examples and what they show. `teach` fits a head to it: what the old head knew goes first (`knowledge`), the
features of photos of everything else (`background`) stand for *neither*, and what is left to learn is one row for each class
(`learn`). `quality` says how good the head is on photos that were held back, with advice; `shortcuts` looks for classes that
can be told apart without looking at the thing.

What was taught answers as a `Classifier` (`model`), is kept as a model folder (`folder`, with `card` and `weights`), and can
be gone on with later (`project`). The page, the route for programs and `python -m training.head` all go this one way.
"""

from __future__ import annotations
