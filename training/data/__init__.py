"""Photos in: found, checked, split, and seen in many formats.

`sources` opens whatever `--data` names and gives lists of photos with their labels and sources, as `photos` describes them.
Folders are listed by `model/photo_files.py` and walked as a `tree`: `layout` says what the folders in it stand for, `splits`
what their names mean, `folders` and `label_rules` give the labels, and `held_out` has the rules for photos to validate and
to test on; names are compared by `same`. `unpack` unpacks archives: `archives` finds the photos in them, `zip_names` and
`codepage` their names. `measured` finds test and validation folders beside and inside classes. Datasets of the Hub and of
torchvision come by `load_rows`, `dataset_rows`, `row_photos` and `lay_out`; tables by `table_files`, `tables` and
`photo_paths`, where folders have them beside them by `tables_beside`. Both take `columns`, `split_columns`, `label_values`
and `class_names` for what their columns say, and become lists of photos by `listed`.

`check` opens every photo before training: `duplicates` finds near-duplicates, `looks` the properties of files, and
`shortcuts` the classes that these tell apart; `suspects` finds labels that are probably wrong; `report` and `contact_sheet`
show what was found, for `python -m training.data` too. `split` and `draw` choose, `decode` opens many in threads, `formats`
is the augmentation, and `pictures` keeps small ones in memory.
"""
