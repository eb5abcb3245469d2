"""What prints the numbers that README, docs and model cards quote, each with its hardware, versions, n and spread.

`tutorial_app`, `tutorial_train` and `bare_app` are what others are compared with; `machine`, `http_client` and `resnet34` are
shared; `fuzz_learner` looks for crashes; `screenshot` and `draw_patches` make pictures. Each program says how it is run.
"""
