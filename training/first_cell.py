# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# The first cell of every lesson as a notebook: it finds the project, or fetches it where the notebook stands alone, as on Colab
# and Kaggle, and installs what is missing there.

# %%
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

if "ipykernel" not in sys.modules:
    raise SystemExit("This is the first cell of the lessons as notebooks; training/README.md says how to make them.")
REPOSITORY = "https://github.com/cat-or-dog/cat-or-dog"
NEEDED = {
    "accelerate": "accelerate",
    "cleanlab": "cleanlab",
    "fastai": "fastai==2.8.12",
    "imagehash": "imagehash",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "onnxscript": "onnxscript",
    "pillow_heif": "pillow-heif",
    "timm": "timm",
}
places = [Path.cwd(), *Path.cwd().parents]
project = next((folder for folder in places if (folder / "model" / "config.py").is_file()), Path("cat-or-dog").resolve())
if not project.is_dir():
    subprocess.run(["git", "clone", "--depth", "1", REPOSITORY, str(project)], check=True)
if missing := [requirement for module, requirement in NEEDED.items() if find_spec(module) is None]:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing], check=True)
sys.path.insert(0, str(project))
