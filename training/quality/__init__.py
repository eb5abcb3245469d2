"""How good a model is: figures, report and card.

`metrics` has the formulas, `by_source` figures of each source, `robustness` and `resaved` answers to worse photos and to the
same photos saved again, `machine` what a number was measured on. `report` writes the HTML page, `card` the model card.
"""
