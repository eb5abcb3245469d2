"""Photos in: found, checked, split, and seen in many formats.

`photos` holds lists of photos with labels and sources, and splits them; `sources` opens whatever `--data` names, with
`dataset_rows` for datasets of the Hub and of torchvision. `check` opens every photo before training, with `duplicates` for
near-duplicates, `shortcuts` for classes that a file's format tells apart, and `suspects` for labels that are probably
wrong; `report` says what was found. `formats` is the augmentation, `pictures` reads small photos into memory.
"""
