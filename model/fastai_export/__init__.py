"""Reading `learn.export()` files of fastai without running anything that is in them.

This folder is a security boundary: a file of a stranger comes in, and what goes out is a network of known layers, labels and
plain numbers, or a `ModelError`. `inert_pickle` reads the pickle into a tree of names and values, `inert_values` says what
common objects in it stand for, `torch_file` finds the tensors, `learner` the classifier, `transforms` and `batch_steps` how
photos are prepared, `layers` builds the network, `origin` and `architecture_name` say where it comes from. `convert` writes a
model folder, which needs none of this again.
"""
