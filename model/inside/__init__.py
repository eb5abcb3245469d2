"""Looking into a network that serves: its layers, its feature maps, and which parts of a photo an answer rests on.

`graph` is a network as a list of operations; `onnx_graph` and `torch_graph` make that list for the two kinds of networks, and
give any tensor for a photo, and what an operation has `learned`. `look` picks the right one for a classifier. `explain` draws
class activation maps from it, and `convolution` takes one layer apart.
"""
