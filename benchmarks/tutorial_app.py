"""The app of the tutorial this project grew out of, to measure against: `python benchmarks/tutorial_app.py MODEL.pkl`."""

import sys

import gradio as gr
from fastai.vision.all import load_learner

learn = load_learner(sys.argv[1])
categories = learn.dls.vocab

gr.Interface(
    fn=lambda img: dict(zip(categories, map(float, learn.predict(img)[2]), strict=False)),
    inputs=gr.Image(type="pil"),
    outputs=gr.Label(num_top_classes=2),
).launch()
