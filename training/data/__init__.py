"""Photos in: found, checked, split, and seen in many formats.

`photos` holds lists of photos with labels and sources; `sources` opens whatever `--data` names, with `unpack` for archives
and `dataset_rows` for datasets of the Hub and of torchvision. `check` opens every photo before training: `duplicates` finds
near-duplicates, `looks` the properties of files, and `shortcuts` the classes that these tell apart; `suspects` finds labels
that are probably wrong; `report` says what was found. `split` and `draw` choose, `decode` opens many in threads, `formats` is
the augmentation, and `pictures` keeps small ones in memory.
"""
