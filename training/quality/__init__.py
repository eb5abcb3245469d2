"""How good a model is: figures, report and card.

`inputs` opens what is measured, `measure` goes from a classifier and photos to figures, with the formulas of `metrics`;
`by_source` has those of each source, `robustness` and `resaved` the answers to corrupted photos and to photos saved again,
`compare` a second model, `machine` what a number was measured on.

`schema` and `report_schema` define what is written to JSON, `rows` what each figure is called and where it is shown, `tables`
the tables that follow. `report` gathers a report; `page` and `charts` write and draw it; `card` writes the model card.
"""
