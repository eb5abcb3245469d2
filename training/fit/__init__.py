"""Fitting a network to photos: where its weights come from, what is kept while it trains, and what is written at the end.

`weights` and `prior` are the beginning (a body, and what its old head knows), `base` any network up to its classifier,
`features` what a frozen body sees in a photo, `head` the choice and the fit of a head to these, `budget` how much of that fits
into some minutes, `checkpoint` what happens when a run stops early, `drawing` curves and predictions, `export` the int8 graph
and the fastai export, `provenance` where the model comes from, `finish` calibration, report and card.
"""
