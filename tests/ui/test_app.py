"""The real server, driven by the clients people use: gradio_client, httpx, InferenceClient."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from huggingface_hub import InferenceClient
from PIL import Image

from model.photo import MAX_BYTES
from tests.pictures import CAT, COFFEE, encoded
from tests.running import ROOT, running_app
from ui.texts import say


@pytest.fixture(scope="module")
def client(app):
    client = Client(app.url, verbose=False)
    yield client
    client.close()


@pytest.fixture
def http(app):
    with httpx.Client(base_url=app.url, timeout=60) as http:
        yield http


def scores(response: httpx.Response) -> dict[str, float]:
    assert response.status_code == 200, response.text
    return {row["label"]: row["score"] for row in response.json()}


def test_health_names_the_model(http, classifier):
    assert http.get("/health").json() == {
        "status": "ok",
        "model": classifier.config.name,
        "revision": "embedded",
        "labels": ["Cat", "Dog"],
        "answers": ["Cat", "Dog", "neither"],
    }


def test_raw_bytes_give_sorted_scores_that_sum_to_one(http, classifier):
    response = http.post("/api/classify", content=CAT.read_bytes())
    found = scores(response)
    assert list(found) == sorted(found, key=found.__getitem__, reverse=True)
    assert list(found)[0] == "Cat"
    assert sum(found.values()) == pytest.approx(1, abs=1e-6)
    assert found == pytest.approx(classifier.classify([CAT])[0].as_dict(), abs=1e-6)


def test_a_multipart_field_named_file(http):
    response = http.post("/api/classify", files={"file": ("cup.jpg", COFFEE.read_bytes(), "image/jpeg")})
    assert next(iter(scores(response))) == "neither"


def test_every_answer_agrees_whatever_the_route(http, client):
    raw = scores(http.post("/api/classify", content=CAT.read_bytes()))
    document = {"inputs": base64.b64encode(CAT.read_bytes()).decode()}
    assert scores(http.post("/api/classify", json=document)) == pytest.approx(raw, abs=1e-6)
    label = client.predict(photo=handle_file(CAT), api_name="/classify")
    assert {row["label"]: row["confidence"] for row in label["confidences"]} == pytest.approx(raw, abs=1e-6)
    assert label["label"] == "Cat"


@pytest.mark.parametrize("prefix", ["", "data:image/jpeg;base64,"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes])
def test_every_way_to_write_base64_in_json(http, prefix, encode):
    written = encode(CAT.read_bytes()).decode()
    for inputs in (prefix + written, prefix + written.rstrip("=\n")):
        assert next(iter(scores(http.post("/api/classify", json={"inputs": inputs})))) == "Cat"


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_what_is_wrong_with_a_photo_is_said_in_the_language_that_is_asked_for(http, language):
    response = http.post("/api/classify", content=b"%PDF-1.7", headers={"Accept-Language": language})
    assert response.json() == {"error": say("photo.pdf", language)}


def test_inference_client(app):
    client = InferenceClient(model=f"{app.url}/api/classify")
    for photo in (CAT.read_bytes(), str(CAT)):
        best = client.image_classification(photo)[0]
        assert best.label == "Cat"
        assert best.score > 0.5
    assert len(client.image_classification(CAT.read_bytes(), top_k=1)) == 1


@pytest.mark.parametrize(
    ("request_options", "status", "words"),
    [
        ({"content": b""}, 400, "no body"),
        ({"content": b"not a photo"}, 415, "JPEG, PNG"),
        ({"content": b"%PDF-1.4"}, 415, "PDF"),
        ({"content": CAT.read_bytes()[:5000]}, 400, "cut off"),
        ({"content": bytes(MAX_BYTES * 4 // 3 + 200_000)}, 413, "20 MB"),
        ({"content": b"\xff\xd8" + bytes(MAX_BYTES)}, 413, "20 MB"),
        ({"files": {"photo": b"x"}}, 400, "field 'file'"),
        ({"data": {"file": "text"}, "files": {"other": b"x"}}, 400, "field 'file'"),
        ({"content": b"{}", "headers": {"content-type": "application/json"}}, 400, "inputs"),
        ({"content": b'{"inputs": 5}', "headers": {"content-type": "application/json"}}, 400, "base64"),
        ({"json": {"inputs": "data:image/jpeg,abc"}}, 400, "data: URL must be base64"),
        ({"json": {"inputs": "data:image/jpeg;base64,a"}}, 400, "not valid base64"),
        ({"content": b"[" * 5000, "headers": {"content-type": "application/json"}}, 400, "base64"),
        ({"json": {"inputs": "", "parameters": {"top_k": 0}}}, 400, "top_k"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400, "multipart"),
        (
            {
                "content": b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xff"\r\n\r\nabc\r\n--x--\r\n',
                "headers": {"content-type": "multipart/form-data; boundary=x; charset=undefined"},
            },
            400,
            "multipart",
        ),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=y"}}, 400, "multipart"),
    ],
)
def test_errors_are_json_with_a_sentence(http, request_options, status, words):
    response = http.post("/api/classify", **request_options)
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    assert words in response.json()["error"]


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(http):
    def endless():
        for _ in range(60):
            yield bytes(1_000_000)

    try:
        assert http.post("/api/classify", content=endless()).status_code == 413
    except httpx.WriteError:
        pass  # the server answered and hung up before all was sent
    assert http.get("/health").status_code == 200


def test_pixel_bombs_are_413(http):
    bomb = encoded(Image.new("1", (12_000, 12_000)), "PNG")
    assert len(bomb) < 100_000
    response = http.post("/api/classify", content=bomb)
    assert response.status_code == 413
    assert "megapixels" in response.json()["error"]


def test_get_says_how_to_send_a_photo(http):
    response = http.get("/api/classify")
    assert response.status_code == 405
    assert "POST" in response.json()["error"]


def test_many_clients_at_once_each_get_their_own_answer(http):
    def ask(index: int) -> str:
        photo = (CAT, COFFEE)[index % 2]
        return next(iter(scores(http.post("/api/classify", content=photo.read_bytes()))))

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, range(64)))
    assert found == ["Cat", "neither"] * 32


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (None, "no photo yet"),
        ({"path": "https://example.org/cat.jpg", "meta": {"_type": "gradio.FileData"}}, "not fetched"),
        ({"url": "data:image/png;base64,AAAA", "path": None, "meta": {"_type": "gradio.FileData"}}, "not a photo"),
    ],
)
def test_the_gradio_endpoint_raises_errors_people_can_read(client, photo, words):
    with pytest.raises(AppError, match=words):
        client.predict(photo=photo, api_name="/classify")


def called(http: httpx.Client, data: list, language: str = "") -> tuple[str, object]:
    """The event that a call through Gradio's own route ends with, and what comes with it."""
    headers = {"Accept-Language": language}
    event = http.post("/gradio_api/call/classify", json={"data": data}, headers=headers).json()["event_id"]
    kind, content = re.fullmatch(
        r"event: (\w+)\ndata: (.*)", http.get(f"/gradio_api/call/classify/{event}").text.strip()
    ).groups()
    return kind, json.loads(content)


@pytest.mark.parametrize("prefix", ["data:image/jpeg;base64,", "DATA:;base64,"])
@pytest.mark.parametrize("in_an_object", [False, True])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_the_gradio_endpoint_takes_data_urls(http, prefix, in_an_object, encode):
    url = prefix + encode(CAT.read_bytes()).decode().rstrip("=")
    kind, [answer] = called(http, [{"url": url} if in_an_object else url])
    assert (kind, answer["label"]) == ("complete", "Cat")


def test_the_gradio_endpoint_takes_what_an_upload_answered(http):
    [path] = http.post("/gradio_api/upload", files={"files": CAT.read_bytes()}).json()
    for photo in (path, {"path": path}, {"path": path, "meta": {"_type": "gradio.FileData"}}):
        assert called(http, [photo])[1][0]["label"] == "Cat"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (["some/path"], "sent_path"),
        ([str(CAT)], "sent_path"),
        (["https://example.org/cat.jpg"], "sent_address"),
        ([{"url": "https://example.org/cat.jpg"}], "sent_address"),
        (["data:image/jpeg,cat"], "not_base64"),
        (["data:image/jpeg;base64,!"], "broken_base64"),
        (["data:;base64,JVBERi0xLjc="], "pdf"),
        ([123], "sent_nothing"),
        ([True], "sent_nothing"),
        ([{}], "sent_nothing"),
        ([[]], "sent_nothing"),
        ([{"path": 5, "url": ["x"]}], "sent_nothing"),
        ([{"path": "cat.jpg", "meta": 5}], "sent_wrong"),
        ([{"path": str(CAT), "meta": {"_type": "gradio.FileData"}}], "sent_wrong"),
        ([], "sent_wrong"),
    ],
    ids=str,
)
@pytest.mark.parametrize("language", ["", "fr"])
def test_whatever_is_sent_gets_a_sentence(http, data, code, language):
    kind, content = called(http, data, language)
    assert kind == "error"
    assert content["error"] == say(f"photo.{code}", language or "en")
    assert content["title"] == say("photo.no_answer", language or "en")


def test_the_examples_of_the_api_page_work_as_they_stand(http):
    endpoint = http.get("/gradio_api/info").json()["named_endpoints"]["/classify"]
    assert "http" not in json.dumps(endpoint["parameters"])
    [parameter] = endpoint["parameters"]
    assert called(http, [parameter["example_input"]])[1][0]["label"] == "neither"
    result: dict[str, object] = {}
    exec(endpoint["code_snippets"]["python"], result)
    assert result["result"]["label"] == "neither"
    assert json.dumps(parameter["example_input"]) in endpoint["code_snippets"]["javascript"]
    assert json.dumps(parameter["example_input"]) in endpoint["code_snippets"]["bash"]


@pytest.mark.parametrize("meta", [{}, {"meta": {"_type": "x"}}, {"meta": {"_type": "gradio.FileData"}}])
@pytest.mark.parametrize("path", [str(CAT), "/etc/passwd", "/dev/zero", "/etc", "nowhere"])
def test_files_that_were_not_uploaded_are_never_opened(http, path, meta):
    event = http.post("/gradio_api/call/classify", json={"data": [{"path": path} | meta]}).json()["event_id"]
    stream = http.get(f"/gradio_api/call/classify/{event}").text
    assert "event: error" in stream
    assert not re.search("Cat|not a photo|larger than|Errno", stream)
    if "meta" not in meta:
        assert "not among the uploads" in stream


def test_the_gradio_endpoint_names_what_is_no_photo(client, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(AppError, match="This is a PDF"):
        client.predict(photo=handle_file(path), api_name="/classify")


def test_gradio_formats_that_its_own_component_would_garble(client, tmp_path):
    """A GIF, and a JPEG merely named .gif, arrive as RGB like everything else."""
    for name, data in (("a.gif", encoded(Image.open(CAT), "GIF")), ("b.gif", CAT.read_bytes())):
        path = tmp_path / name
        path.write_bytes(data)
        assert client.predict(photo=handle_file(path), api_name="/classify")["label"] == "Cat"


def test_the_api_offers_classify_alone(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert list(endpoints) == ["/classify"]
    assert [parameter["parameter_name"] for parameter in endpoints["/classify"]["parameters"]] == ["photo"]


@pytest.mark.parametrize("path", ["/monitoring/summary", "/gradio_api/monitoring/summary", "/pwa_icon", "/pwa_icon/4000",
                                  "/gradio_api/file=/etc/passwd", "/gradio_api/file=model/starter/config.json"])  # fmt: skip
def test_what_must_not_be_public_is_not(http, path):
    assert http.get(path).status_code in (403, 404)


def test_without_settings_the_page_knows_no_corrections(app):
    components = json.dumps(httpx.get(f"{app.url}/config").json()["components"])
    assert "classify.photo" in components
    assert "corrections" not in components


def test_uploads_above_the_limit_are_refused(http):
    response = http.post("/gradio_api/upload", files={"files": ("big.jpg", bytes(20 * 2**20 + 1), "image/jpeg")})
    assert response.status_code == 413


def test_the_page_loads_nothing_from_elsewhere(http):
    page = http.get("/").text
    assert "Cat or Dog?" in page
    assert "fonts.googleapis.com" not in page


def test_a_model_folder_of_ones_own_is_served(folder, config):
    document, write = config
    write(document | {"labels": ["Tabby", "Poodle"], "name": "mine", "neither": document["neither"]})
    with running_app({"MODEL_REPO": str(folder)}) as own:
        assert httpx.get(f"{own.url}/health").json()["answers"] == ["Tabby", "Poodle", "neither"]
        assert "Tabby or Poodle?" in httpx.get(own.url).text


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MODEL_REPO": "/no/such/folder"}, "there is no model folder"),
        ({"MODEL_REVISION": "v1"}, "MODEL_REPO is not"),
        ({"MAX_WAITING": "many"}, "MAX_WAITING must be a whole number"),
        pytest.param(  # the Hub's client tries for 23 seconds
            {"MODEL_REPO": "someone/pets", "HF_ENDPOINT": "http://127.0.0.1:9"}, "cannot be reached", marks=pytest.mark.slow
        ),
    ],
)
def test_a_wrong_setting_ends_the_app_with_one_sentence(environment, words, tmp_path):
    import os

    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | environment | {"HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "Cannot start: " in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_json_bodies_are_not_confused_with_photos(http):
    document = json.dumps({"inputs": "AAAA"}).encode()
    assert http.post("/api/classify", content=document).status_code == 415
