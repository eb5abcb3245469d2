"""The real app with a fastai export instead of a model folder."""

from __future__ import annotations

import httpx
import pytest
from gradio_client import Client, handle_file

from model import Classifier
from tests.exports.files import IS_CAT, renamed
from tests.hub import COMMIT, running_hub
from tests.running import ROOT, running_app
from tests.ui.test_which_model import Page

EXPORTS = ROOT / "tests" / "exports" / "3.10-2.7.19"
PICTURE = ROOT / "tests" / "exports" / "pictures" / "stripes.png"


@pytest.mark.slow
def test_a_hub_repository_with_only_an_export(tmp_path):
    with running_hub() as hub:
        hub.add("someone/pets", {"model.pkl": (EXPORTS / "is_cat.pkl").read_bytes(), "README.md": b"# pets"})
        settings = {"MODEL_REPO": "someone/pets", "MODEL_LABELS": "dog,cat", "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path)}
        with running_app(settings) as app, httpx.Client(base_url=app.url, timeout=60) as http:
            health = http.get("/health").json()
            assert (health["labels"], health["revision"], health["model"]) == (["dog", "cat"], COMMIT, "pets")
            found = {row["label"]: row["score"] for row in http.post("/api/classify", content=PICTURE.read_bytes()).json()}
            assert "Dog or Cat?" in http.get("/").text
    expected = Classifier.load(EXPORTS / "is_cat.pkl", labels=("dog", "cat")).classify([PICTURE])[0].as_dict()
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
def test_independent_labels_on_the_page_and_for_clients():
    path = EXPORTS / "from_df.pkl"
    with running_app({"MODEL_REPO": str(path)}) as app:
        client = Client(app.url, verbose=False)
        answer = client.predict(photo=handle_file(PICTURE), api_name="/classify")
        client.close()
        page = Page(app.url)
        shown = page.send(page.event("photo", "change"), [page.upload(PICTURE.read_bytes()), "", ""])["answer"]
        page.http.close()
    expected = Classifier.load(path).classify([PICTURE])[0].as_dict()
    assert {row["label"]: row["confidence"] for row in answer["confidences"]} == pytest.approx(expected, abs=1e-5)
    assert {row["label"] for row in shown["rows"]} == set(expected)
    assert "a percentage of its own" in shown["meaning"]


def test_a_loss_that_nobody_can_tell_is_asked_for_by_its_variable(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(renamed(IS_CAT, b"fastai.losses\nCrossEntropyLossFlat\n", b"mine\nLoss\n"))
    with (
        pytest.raises(RuntimeError, match=r"Cannot start: .*: MODEL_ACTIVATION=softmax where one label is right"),
        running_app({"MODEL_REPO": str(path)}),
    ):
        pass
    with running_app({"MODEL_REPO": str(path), "MODEL_ACTIVATION": "softmax"}) as app:
        assert httpx.get(f"{app.url}/health", timeout=60).json()["labels"] == ["False", "True"]


def test_a_hostile_or_foreign_file_stops_the_start_with_a_sentence(tmp_path):
    bad = tmp_path / "model.pkl"
    bad.write_bytes(b"\x80\x04cposix\nsystem\n\x8c\x09touch me!\x85R.")
    with (
        pytest.raises(RuntimeError, match=r"Cannot start: .*names posix\.system, which serves to run programs"),
        running_app({"MODEL_REPO": str(bad)}),
    ):
        pass
