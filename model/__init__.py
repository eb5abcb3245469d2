"""Everything about a trained model at prediction time: opening photos, running the network, finding the model."""

from model.classifier import Classifier, Prediction
from model.errors import ModelError
from model.photo import PhotoError

__all__ = ["Classifier", "ModelError", "PhotoError", "Prediction"]
