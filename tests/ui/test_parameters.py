"""What programs ask for beside a photo is honoured, or refused by its name."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from model import Classifier
from tests.pictures import CAT
from ui.api import routes
from ui.service import Service

PHOTO = CAT.read_bytes()
INPUTS = base64.b64encode(PHOTO).decode()
Ask = Callable[[TestClient, dict[str, object]], tuple[int, object]]


@pytest.fixture(scope="module")
def http(classifier):
    with TestClient(Starlette(routes=routes(Service(classifier)))) as client:
        yield client


@pytest.fixture
def independent(folder, config):
    """A model whose labels do not exclude each other."""
    document, write = config
    write(document | {"probabilities": "independent", "labels": document["labels"] + ["neither"], "neither": None})
    with TestClient(Starlette(routes=routes(Service(Classifier.load(folder))))) as client:
        yield client


def in_json(http: TestClient, parameters: dict[str, object]) -> tuple[int, object]:
    response = http.post("/api/classify", json={"inputs": INPUTS, "parameters": parameters})
    return response.status_code, response.json()


def in_the_query(http: TestClient, parameters: dict[str, object]) -> tuple[int, object]:
    response = http.post("/api/classify", params=parameters, content=PHOTO)
    return response.status_code, response.json()


def in_a_form(http: TestClient, parameters: dict[str, object]) -> tuple[int, object]:
    fields = {name: "" if value is None else str(value) for name, value in parameters.items()}
    response = http.post("/api/classify", data=fields, files={"file": PHOTO})
    return response.status_code, response.json()


EVERYWHERE = pytest.mark.parametrize("ask", [in_json, in_the_query, in_a_form])


@EVERYWHERE
def test_what_the_model_does_by_itself_may_be_asked_for(http, ask: Ask):
    status, every = ask(http, {})
    assert (status, len(every)) == (200, 3)
    assert ask(http, {"function_to_apply": "softmax"}) == (200, every)
    assert ask(http, {"function_to_apply": "softmax", "top_k": 2}) == (200, every[:2])
    assert ask(http, {"function_to_apply": None, "top_k": None}) == (200, every)
    assert ask(http, {"top_k": 99}) == (200, every)


@EVERYWHERE
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"function_to_apply": "sigmoid"}, ["function_to_apply cannot be sigmoid", "softmax", "Leave it out"]),
        ({"function_to_apply": "none"}, ["function_to_apply cannot be none", "calibrated"]),
        ({"function_to_apply": "Softmax"}, ["function_to_apply must be softmax, sigmoid or none, not 'Softmax'"]),
        ({"function_to_apply": 1}, ["function_to_apply must be", "'1'"]),
        ({"top_k": 0}, ["top_k must be a whole number from 1 to 999999999, not '0'"]),
        ({"top_k": -1}, ["top_k"]),
        ({"top_k": 1.5}, ["top_k", "'1.5'"]),
        ({"top_k": "two"}, ["top_k", "'two'"]),
        ({"topk": 1}, ["no parameter 'topk'", "top_k and function_to_apply"]),
        ({"top_k": 1, "threshold": 0.5}, ["no parameter 'threshold'"]),
    ],
    ids=str,
)
def test_what_cannot_be_honoured_is_named(http, ask: Ask, parameters, words):
    status, document = ask(http, parameters)
    assert status == 400
    assert list(document) == ["error"]
    assert all(word in document["error"] for word in words), document


def test_of_labels_that_do_not_exclude_each_other_the_scores_are_by_sigmoid(independent):
    assert in_json(independent, {"function_to_apply": "sigmoid"})[0] == 200
    status, document = in_json(independent, {"function_to_apply": "softmax"})
    assert status == 400
    assert "made by sigmoid" in document["error"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"top_k": 1}, "no field 'top_k'"),
        ({"parameters": [1]}, "parameters must be an object"),
        ({"parameters": "top_k"}, "parameters must be an object"),
        ({"options": {"top_k": 1}}, "no option 'top_k'"),
        ({"options": 1}, "options must be an object"),
        ({"inputs": "https://example.org/cat.jpg"}, "not fetched"),
    ],
    ids=str,
)
def test_the_rest_of_the_json_is_read_too(http, document, words):
    response = http.post("/api/classify", json={"inputs": INPUTS} | document)
    assert response.status_code == 400
    assert words in response.json()["error"]


def test_the_hubs_own_options_and_what_a_proxy_adds_change_nothing(http):
    every = in_json(http, {})[1]
    options = {"use_cache": False, "wait_for_model": True}
    assert http.post("/api/classify", json={"inputs": INPUTS, "options": options, "parameters": None}).json() == every
    assert http.post("/api/classify?__sign=abc&_=1", content=PHOTO).json() == every


def test_explain_knows_a_label_besides(http):
    heat = http.post("/api/explain", params={"label": "Dog", "top_k": 1}, content=PHOTO).json()
    assert (heat["label"], len(heat["scores"])) == ("Dog", 1)
    body = {"inputs": INPUTS, "parameters": {"label": "Dog", "top_k": 1}}
    assert http.post("/api/explain", json=body).json() == heat
    for parameters in ({"function_to_apply": "none"}, {"label": 5}, {"lable": "Dog"}):
        response = http.post("/api/explain", json={"inputs": INPUTS, "parameters": parameters})
        assert response.status_code == 400
        assert next(iter(parameters)) in response.json()["error"]
    assert "no parameter 'label'" in in_json(http, {"label": "Dog"})[1]["error"]


@pytest.mark.parametrize(
    ("query", "form"), [([("top_k", "1"), ("top_k", "2")], {}), ([("top_k", "1")], {"top_k": "2"})], ids=["query", "both"]
)
def test_two_values_of_one_parameter_are_refused(http, query, form):
    response = http.post("/api/classify", params=query, data=form, files={"file": PHOTO})
    assert response.status_code == 400
    assert response.json() == {"error": "The parameter 'top_k' is given twice, with two values."}


def test_a_value_that_is_given_twice_alike_is_one(http):
    response = http.post("/api/classify", params={"top_k": "1"}, json={"inputs": INPUTS, "parameters": {"top_k": 1}})
    assert (response.status_code, len(response.json())) == (200, 1)
