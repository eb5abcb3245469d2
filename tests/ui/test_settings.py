"""What a deployment chooses; its sites are in test_cors.py, its agents in test_agents.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from ui.settings import Settings


def test_which_model_and_how_many_may_wait():
    def read(environment: dict[str, str]) -> Settings:  # whether agents are served depends on what is installed
        return Settings.from_environment({"GRADIO_MCP_SERVER": "False"} | environment)

    assert read({}) == Settings()
    assert read({"MODEL_REPO": " ", "MAX_WAITING": ""}) == Settings()
    full = {"MODEL_REPO": "a/b", "MODEL_REVISION": "v1", "MAX_WAITING": "9"}
    assert read(full) == Settings("a/b", "v1", max_waiting=9)
    export = {"MODEL_REPO": "a/model.pkl", "MODEL_LABELS": "dog, cat", "MODEL_ALLOW": "pets.Layer"}
    assert read(export) == Settings("a/model.pkl", None, ("dog", "cat"), ("pets.Layer",))
    odd = {"MODEL_REPO": "a/model.pkl", "MODEL_SIZE": " 224x320", "MODEL_ACTIVATION": "Sigmoid"}
    assert read(odd) == Settings("a/model.pkl", model_size=(224, 320), model_activation="sigmoid")
    assert read({"MODEL_REPO": "a/model.pkl", "MODEL_SIZE": "64"}).model_size == (64, 64)
    for name, value in (
        ("MODEL_SIZE", "big"),
        ("MODEL_SIZE", "8"),
        ("MODEL_SIZE", "64x"),
        ("MODEL_ACTIVATION", "relu"),
        ("MODEL_TRUST", "yes"),
    ):
        with pytest.raises(ValueError, match=f"^{name} must be"):
            Settings.from_environment({"MODEL_REPO": "a/b", name: value})
    assert read({"MODEL_REPO": "a/model.pkl", "MODEL_TRUST": "1"}).model_trust
    for name, value in (("MODEL_SIZE", "64"), ("MODEL_ACTIVATION", "softmax"), ("MODEL_TRUST", "on")):
        with pytest.raises(ValueError, match=f"^{name} is set but MODEL_REPO is not"):
            Settings.from_environment({name: value})
    for wrong in ({"MODEL_LABELS": "a,b"}, {"MODEL_REPO": "a/b", "MODEL_LABELS": "a,,b"}, {"MODEL_ALLOW": "a.B"}):
        with pytest.raises(ValueError, match="MODEL_LABELS|MODEL_ALLOW"):
            Settings.from_environment(wrong)
    for wrong in ({"MODEL_REVISION": "v1"}, {"MAX_WAITING": "0"}, {"MAX_WAITING": "-1"}, {"MAX_WAITING": "²"}):
        with pytest.raises(ValueError, match="MODEL_REVISION|MAX_WAITING"):
            Settings.from_environment(wrong)


def test_where_corrections_go():
    assert Settings().corrections_folder is None
    settings = Settings.from_environment(
        {"CORRECTIONS_FOLDER": "/data/c", "CORRECTIONS_REPO": "a/b", "CORRECTIONS_MAX_MB": "5"}
    )
    assert settings.corrections_folder == Path("/data/c")
    assert settings.corrections_repo == "a/b"
    assert settings.corrections_max_mb == 5
    for wrong in ({"CORRECTIONS_MAX_MB": "0"}, {"CORRECTIONS_REPO": "nobody"}, {"CORRECTIONS_REPO": "a/b/c"}):
        with pytest.raises(ValueError, match="CORRECTIONS_"):
            Settings.from_environment(wrong)


def test_whether_visitors_may_teach():
    for said in ("", "on", "TRUE", " 1 "):
        assert Settings.from_environment({"TEACH": said}).teach
    for said in ("off", "False", "0"):
        assert not Settings.from_environment({"TEACH": said}).teach
    assert Settings().teach
    for wrong in ("of", "no", "2", "on off"):
        with pytest.raises(ValueError, match="TEACH must be on or off"):
            Settings.from_environment({"TEACH": wrong})
