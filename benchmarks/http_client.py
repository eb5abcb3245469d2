"""A thin HTTP client for measuring servers: the same for every one of them."""

from __future__ import annotations

import http.client
import json
import uuid
from urllib.parse import urlsplit


class HttpClient:
    """A keep-alive connection to one server."""

    def __init__(self, url: str) -> None:
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

    def three_calls(self, photo: bytes, endpoint: str) -> object:
        """One photo through Gradio's own API: upload, call, result."""
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="photo.jpg"\r\n'
        body = head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + photo + f"\r\n--{boundary}--\r\n".encode()
        path = json.loads(self.send("POST", "/gradio_api/upload", body, f"multipart/form-data; boundary={boundary}"))[0]
        data = {"data": [{"path": path, "orig_name": "photo.jpg", "meta": {"_type": "gradio.FileData"}}]}
        call = self.send("POST", f"/gradio_api/call/{endpoint}", json.dumps(data).encode(), "application/json")
        stream = self.send("GET", f"/gradio_api/call/{endpoint}/{json.loads(call)['event_id']}").decode()
        if "event: complete" not in stream:
            raise RuntimeError(stream)
        return json.loads(stream.split("data: ")[-1])


def endpoint_of(url: str) -> str:
    """The name of the only endpoint of a Gradio app."""
    info = json.loads(HttpClient(url).send("GET", "/gradio_api/info"))
    return str(next(iter(info["named_endpoints"]))).strip("/")
