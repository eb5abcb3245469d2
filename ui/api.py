"""The routes beside the page: `POST /api/classify` and `/api/explain` for programs, `GET /health` for whoever watches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from model.classifier import Prediction
from model.errors import ModelError
from model.inside.explain import HeatMap
from model.photo import PhotoError, PhotoFormatError, PhotoTooLarge
from ui.desk import Busy
from ui.errors import sentence
from ui.parameters import read_top_k
from ui.request_photo import Refused, read_photo
from ui.service import Gone, Service, Untaught
from ui.texts import language_of


def routes(service: Service) -> list[Route]:
    """The routes, ready for the server that carries the page."""

    async def classify(request: Request) -> Any:
        """A photo as the raw body, as the multipart field `file`, or as base64 in the Hub's JSON → scores, best first."""
        photo, parameters = await read_photo(request)
        top_k = read_top_k(parameters, service.classifier.config.probabilities)
        return scores(await service.answer(photo))[:top_k]

    async def explain(request: Request) -> Any:
        """The same, and a heat map for the answer that the parameter `label` names, or for the most probable one."""
        photo, parameters = await read_photo(request)
        top_k = read_top_k(parameters, service.classifier.config.probabilities, "label")
        label = parameters.get("label") or None
        if not isinstance(label, str | None):
            raise Refused(400, f"label must be a text, not {str(label)[:20]!r}")
        try:
            prediction, heat_map = await service.explain(photo, label)
        except PhotoError:
            raise
        except ValueError as error:  # the model has no such label
            raise Refused(400, str(error)) from None
        return {"scores": scores(prediction)[:top_k]} | evidence(heat_map)

    async def health(request: Request) -> Response:
        """Which model answers here."""
        config = service.classifier.config
        return JSONResponse(
            {
                "status": "ok",
                "model": config.name,
                "revision": service.classifier.revision,
                "labels": list(config.labels),
                "answers": list(config.answers),
            }
        )

    usage = "Send the photo with POST: as the body, or as the multipart field 'file'."
    return [
        *posted("/api/classify", classify, usage),
        *posted("/api/explain", explain, usage),
        Route("/health", health, methods=["GET"]),
    ]


def scores(prediction: Prediction) -> list[dict[str, Any]]:
    """[{"label": ..., "score": 0-1}, ...], best first, as the Hub's image-classification API has it."""
    return [{"label": label, "score": score} for label, score in prediction.as_dict().items()]


def evidence(heat_map: HeatMap) -> dict[str, Any]:
    """`label` and `method`; `heat`, rows of numbers from 0 to 1; `box`, where in the photo they lie, as shares of it."""
    return {
        "label": heat_map.label,
        "method": heat_map.method,
        "heat": [[round(value, 4) for value in row] for row in heat_map.heat().tolist()],
        "box": [round(edge, 6) for edge in heat_map.box],
    }


def posted(path: str, work: Callable[[Request], Awaitable[Any]], usage: str) -> list[Route]:
    """What answers POST as `answering` does, and any other method with the sentence that says how to use it."""

    async def refuse(request: Request) -> Response:
        return problem(405, usage, {"Allow": "POST"})

    others = ["GET", "PUT", "PATCH", "DELETE"]
    return [Route(path, answering(work), methods=["POST"]), Route(path, refuse, methods=others)]


def answering(work: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that answers with what `work` returns, a response or JSON, or with the sentence that says why it does not.

    What is wrong with a photo is said in the language that the request asks for: the page shows it to the visitor.
    """

    async def endpoint(request: Request) -> Response:
        try:
            result = await work(request)
            return result if isinstance(result, Response) else JSONResponse(result)
        except Refused as refused:
            headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after else None
            return problem(refused.status, str(refused), headers)
        except Untaught as error:
            return problem(409, str(error))
        except Gone as error:
            return problem(404, str(error), ended=error.why)
        except PhotoError as error:
            return problem(photo_status(error), sentence(error, language_of(request)))
        except ModelError as error:
            return problem(501, str(error))
        except Busy as error:
            return problem(503, sentence(error, language_of(request)), {"Retry-After": "1"})
        except ClientDisconnect:
            return Response(status_code=400)

    return endpoint


def photo_status(error: PhotoError) -> int:
    """The HTTP status that says what is wrong with a photo."""
    return 413 if isinstance(error, PhotoTooLarge) else 415 if isinstance(error, PhotoFormatError) else 400


def problem(status: int, sentence: str, headers: dict[str, str] | None = None, **more: str) -> JSONResponse:
    """Why there is no answer: {"error": a sentence}, and what else a program may want to know."""
    return JSONResponse({"error": sentence, **{key: value for key, value in more.items() if value}}, status, headers)
