"""A thin HTTP client for measuring servers: the same for every one of them."""

from __future__ import annotations

import http.client
import json
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit


class HttpClient:
    """A keep-alive connection to one server, with one opened page."""

    def __init__(self, url: str) -> None:
        self._session = uuid.uuid4().hex
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)

    def send(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> bytes:
        """The body of the answer.

        Raises:
            RuntimeError: the status is not 200 or 201.
        """
        status, answer = self.ask(method, path, body, content_type)
        if status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {status} {answer[:200]!r}")
        return answer

    def ask(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> tuple[int, bytes]:
        """Status and body of the answer."""
        headers = {"Content-Type": content_type} if content_type else {}
        self._connection.request(method, path, body, headers)
        try:
            response = self._connection.getresponse()
        except http.client.RemoteDisconnected:  # a connection that was idle too long
            self._connection.close()
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        return response.status, response.read()

    def classify(self, photo: bytes) -> object:
        """One photo through POST /api/classify."""
        return json.loads(self.send("POST", "/api/classify", photo, "image/jpeg"))

    def upload(self, photo: bytes) -> dict[str, object]:
        """One photo to Gradio's folder; what its functions are given of it."""
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="photo.jpg"\r\n'
        body = head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + photo + f"\r\n--{boundary}--\r\n".encode()
        path = json.loads(self.send("POST", "/gradio_api/upload", body, f"multipart/form-data; boundary={boundary}"))[0]
        return {"path": path, "orig_name": "photo.jpg", "meta": {"_type": "gradio.FileData"}}

    def three_calls(self, photo: bytes, endpoint: str) -> object:
        """One photo through Gradio's own API: upload, call, result."""
        data = {"data": [self.upload(photo)]}
        call = self.send("POST", f"/gradio_api/call/{endpoint}", json.dumps(data).encode(), "application/json")
        stream = self.send("GET", f"/gradio_api/call/{endpoint}/{json.loads(call)['event_id']}").decode()
        if "event: complete" not in stream:
            raise RuntimeError(stream)
        return json.loads(stream.split("data: ")[-1])

    def visit(self, photo: bytes, function: PageFunction) -> object:
        """One photo as the page sends it: upload and call; or a place in Gradio's queue, and the stream of what happens."""
        data = [self.upload(photo), *[""] * (function.inputs - 1)]
        asked = {"data": data, "fn_index": function.index, "session_hash": self._session, "event_data": None}
        route = "queue/join" if function.waits_in_queue else "run/predict"
        answer = json.loads(self.send("POST", f"/gradio_api/{route}", json.dumps(asked).encode(), "application/json"))
        if not function.waits_in_queue:
            return answer["data"]
        stream = self.send("GET", f"/gradio_api/queue/data?session_hash={self._session}").decode()
        for line in stream.splitlines():
            message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if message.get("msg") == "process_completed" and message["success"]:
                return message["output"]["data"]
        raise RuntimeError(stream)


@dataclass(frozen=True)
class PageFunction:
    """What a page calls when it is given a photo.

    Attributes:
        index: its number. inputs: how many it has, the photo first. waits_in_queue: whether it is called by Gradio's queue.
    """

    index: int
    inputs: int
    waits_in_queue: bool


def page_function_of(url: str) -> PageFunction:
    """The function of the photo of our page, or of an interface that has one."""
    config = json.loads(HttpClient(url).send("GET", "/config"))
    photo = next((each["id"] for each in config["components"] if each["props"].get("elem_id") == "photo"), None)
    for function in config["dependencies"]:
        if [photo, "change"] in function["targets"] if photo is not None else function["api_visibility"] == "public":
            return PageFunction(function["id"], len(function["inputs"]), function["queue"] is not False)
    raise ValueError(f"{url} has no function for a photo")


def endpoint_of(url: str) -> str:
    """The name of the only endpoint of a Gradio app."""
    info = json.loads(HttpClient(url).send("GET", "/gradio_api/info"))
    return str(next(iter(info["named_endpoints"]))).strip("/")
