"""The routes of a Tidings server, over one connection that is kept. A request is tried once; whether to repeat it is the caller's to say.

Collaborators: `http.client` below, reporter and tracker above. Uses no proxy: Tidings stands beside the app.
"""

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from .problem import TidingsProblem, problem_of

#: How long a request may take.
REQUEST_TIMEOUT_S = 10.0

TokenSource = str | None | Callable[[], str | None]


class Server:
    """Not for several threads at once: each takes one of its own, by `another`."""

    def __init__(self, url: str, token: TokenSource) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is not an http address")
        self.url = url.rstrip("/")
        self._token = token
        self._path = parts.path.rstrip("/")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=REQUEST_TIMEOUT_S)

    def another(self) -> "Server":
        return Server(self.url, self._token)

    def close(self) -> None:
        self._connection.close()

    def submit(self, body: bytes, key: str) -> dict[str, Any]:
        """The same key brings the same job, and for a tracked one the same lease."""
        return self.request("POST", "/jobs", body, {"Idempotency-Key": key})

    def report(self, job_id: str, lease: str, verb: str, body: Any) -> dict[str, Any]:
        """`verb`: `progress`, `heartbeat`, `output`, `complete`, `fail`. Raises TypeError or ValueError for what is no JSON."""
        text = json.dumps(body, allow_nan=False).encode()
        return self.request("POST", f"/jobs/{job_id}/{verb}", text, {"Tidings-Lease": lease})

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
        """Any route below `/api/v1`. Raises TidingsProblem."""
        try:
            token = self._token() if callable(self._token) else self._token
        except Exception as error:
            raise TidingsProblem(f"there is no token: {_in_words(error)}", code="no_token", status=0) from error
        sent = {"Accept": "application/json", **headers}
        if body is not None:
            sent["Content-Type"] = "application/json"
        if token:
            sent["Authorization"] = f"Bearer {token}"
        was_open = self._connection.sock is not None
        try:
            try:
                status, answered, text = self._exchange(method, path, body, sent)
            except (http.client.RemoteDisconnected, ConnectionError):
                # A kept connection that the server has closed meanwhile says nothing about the server.
                if not was_open:
                    raise
                self._connection.close()
                status, answered, text = self._exchange(method, path, body, sent)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            why = f"no answer within {REQUEST_TIMEOUT_S:g} s" if isinstance(error, TimeoutError) else _in_words(error)
            message = f"Tidings cannot be reached at {self.url}: {why}"
            raise TidingsProblem(message, code="unreachable", status=0) from error
        if not 200 <= status < 300:
            raise problem_of(status, answered, text)
        try:
            answer: dict[str, Any] = json.loads(text)
        except ValueError:
            raise TidingsProblem(f"what answers at {self.url} is no Tidings server", code="foreign", status=502) from None
        return answer

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any, bytes]:
        self._connection.request(method, f"{self._path}/api/v1{path}", body, headers)
        response = self._connection.getresponse()
        return response.status, response.headers, response.read()


def _in_words(error: BaseException) -> str:
    return str(error) or type(error).__name__
