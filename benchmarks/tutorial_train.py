"""The training of the tutorial this project grew out of, to measure against: DATA RESULT [WEIGHTS].

It writes photos/s of each epoch and the accuracy on DATA/valid to RESULT. Only the timing, and --weights from a file where
nothing can be downloaded, are not in the tutorial.
"""

import json
import sys
import time
from pathlib import Path

import torch
from fastai.vision.all import Callback, ImageDataLoaders, Resize, accuracy, models, vision_learner

data, result = Path(sys.argv[1]), Path(sys.argv[2])
speeds = []


class Timer(Callback):
    def before_train(self) -> None:
        self.started = time.monotonic()

    def after_train(self) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        speeds.append(self.learn.dls.train.n / (time.monotonic() - self.started))


dls = ImageDataLoaders.from_folder(data, train="train", valid="valid", item_tfms=Resize(224), bs=64)
learn = vision_learner(dls, models.resnet34, metrics=accuracy, pretrained=False)
learn.unfreeze()
epochs = int(sys.argv[3])
learn.fit_one_cycle(epochs, 2e-3, cbs=Timer())
result.write_text(json.dumps({"photos_per_second": speeds, "accuracy": float(learn.recorder.values[-1][2])}))
