"""The few routes of Tidings that a reporter uses, on loopback, with the job's wish in the hands of the test. Keeps every call."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DEADLINE_S = 10
NEXT = {"pause": "paused", "resume": "running", "abort": "aborted", "kill": "aborted"}
LATER = (503, {"code": "unavailable", "detail": "the store is away"})


class FakeServer:
    def __init__(self):
        self.calls = []
        self.status = "running"
        self.wish = {"kind": "none", "number": 0}
        #: Set to answer something else: a function of the call that answers (status, body), or None.
        self.answer = lambda call: None
        self._heard = threading.Condition()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(*fake._take(self.path, self.headers, body))

            def do_GET(self):
                self._answer(*fake._take(self.path, self.headers, None))

            def _answer(self, status, body):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def ask(self, kind):
        with self._heard:
            self.wish = {"kind": kind, "number": self.wish["number"] + 1, "by": "ann"}
            return self.wish["number"]

    def of(self, verb):
        return [call["body"] for call in self.calls if call["verb"] == verb]

    def verbs(self):
        return [call["verb"] for call in self.calls]

    def seen(self, what, fits):
        """The first call that fits, once it came."""
        with self._heard:
            found = lambda: next((call for call in self.calls if fits(call)), None)  # noqa: E731
            call = self._heard.wait_for(found, DEADLINE_S)
        if not call:
            raise AssertionError(f"still waiting for {what}; heard {self.verbs()}")
        return call

    def acknowledged(self, number):
        return self.seen(f"acknowledgement {number}", lambda call: call["body"].get("acknowledge") == number)

    def _take(self, path, headers, body):
        parts = path.split("/")
        verb = parts[5] if len(parts) > 5 else "submit" if body is not None else "read"
        call = {"verb": verb, "path": path, "headers": headers, "body": body}
        with self._heard:
            self.calls.append(call)
            answer = self.answer(call) or self._reply(call)
            self._heard.notify_all()
        return answer

    def _reply(self, call):
        verb, body = call["verb"], call["body"]
        if verb == "read":
            return 200, {"jobs": [{"id": "job_1"}], "id": "job_1"}
        if verb == "submit":
            lease = {"lease": {"token": "secret", "expiresAt": "2030-01-01T00:00:00Z"}}
            return 201, {"id": "job_1", "status": "running", **(lease if body.get("mode") == "tracked" else {})}
        if call["headers"]["Tidings-Lease"] != "secret":
            return 409, {"code": "stale_lease", "detail": "another lease"}
        if body.get("acknowledge") == self.wish["number"] and self.wish["kind"] != "none":
            self.status = NEXT[self.wish["kind"]]
            self.wish = {**self.wish, "kind": "none"}
        if verb in ("complete", "fail"):
            self.status = {"complete": "completed", "fail": "failed"}[verb]
        return 200, {"status": self.status, "rev": 1, "wish": self.wish}
