"""Reading `learn.export()` files of fastai without running anything that is in them: any platform, any Python, any fastai 2.

`learn.export()` writes a pickle, and fastai's `load_learner` runs it: the file can do whatever it likes, and it needs the
Python and fastai that wrote it, and the label function, too. This folder is a security boundary: a file of a stranger comes
in, and what goes out is a network of known layers, labels and plain numbers, or a `ModelError`.

What is guaranteed: no name in the file is imported or called but the layer classes of `allowed_layers`; functions,
transforms, callbacks and code in the file are never run; work and memory grow with the size of the file, not with what it
claims: they are counted on a `budget`, and `apart` has a clock for what counting does not see. What is not: the layers' own
code does run (`__setstate__`, `forward`), with attributes the file chose, so a file can describe a network that answers
nonsense, or takes seconds for a photo; and a layer class that the caller allows is imported and trusted.

The way in: `inert_pickle` reads the pickle into an `inert_tree` of names and values. A file that would run programs or open
files where plain pickle opens it is refused: `what_runs` follows its calls, with what is in `known_calls`, to names that are
`forbidden`, and `runner_places` where those lie that only run programs; what is only named is listed by `origin`.
`torch_file` opens the file around it and finds the tensors' numbers; `inert_values` says what common objects stand for.
`learner` finds the classifier in the tree, with `vocabulary`, `loss`, `transforms` (how photos are prepared), `origin` and
`architecture_name`. None of these needs torch. The way out: `load` gives a classifier that answers, put together by `layers`
out of the classes in `allowed_layers`, with the weights that `weight_hooks` would compute, behind `batch_steps`, and tried
by `dry_run`, once `network_cost` has counted what it takes. `options` is what the caller may add. `apart` has all of that done
in the process of `trial` first, which answers with the `facts` that `inspect` shows. `convert` writes a model folder, which
needs none of this again.
"""
