"""The worker's side of the channel `lines`: JSON lines both ways on the descriptor named in TIDINGS_CHANNEL_FD.

Copy this file beside your worker:

    from tidings_lines import run

    def work(channel, input):
        for number, item in enumerate(input["items"], start=1):
            channel.checkpoint()                      # stands still while paused, ends here when aborted
            ...
            channel.progress(current=number, total=len(input["items"]), message=item)
        return {"done": len(input["items"])}          # the result of the job

    run(work)

An exception of `work` fails the job; raise Failure to choose its kind and whether it may be tried again.
"""
import json
import os
import signal
import sys
import threading


class Aborted(BaseException):
    """Raised by checkpoint() when the job was aborted. Clean up in `finally`; do not swallow it."""


class Failure(Exception):
    """The job fails: `kind` groups equal errors, `retry` False says that another attempt would fail too."""

    def __init__(self, message, kind="error", retry=True):
        super().__init__(message)
        self.kind, self.retry = kind, retry


class Channel:
    def __init__(self, descriptor):
        os.set_blocking(descriptor, True)
        os.set_inheritable(descriptor, False)
        self._incoming = os.fdopen(os.dup(descriptor), "r", encoding="utf-8")
        self._outgoing = os.fdopen(descriptor, "w", encoding="utf-8")
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._pause = None  # number of the pause that stands; None while the work may go on
        self._aborted = False
        self.start = json.loads(self._incoming.readline() or "{}")
        if self.start.get("type") != "start":
            raise SystemExit("the first line on the channel must be a start")
        threading.Thread(target=self._listen, daemon=True).start()

    def checkpoint(self):
        """A safe point: returns at once, after the resume when a pause stands, or raises Aborted."""
        with self._changed:
            pause = self._pause
        if pause is not None and not self._aborted:
            self._send({"type": "paused", "wish": pause})
            with self._changed:
                self._changed.wait_for(lambda: self._pause is None or self._aborted)
            if not self._aborted:
                self._send({"type": "resumed"})
        if self._aborted:
            raise Aborted

    def progress(self, **fields):
        """percentage (0 to 100), current, total, message, and the counters ok, failed, skipped; all optional."""
        self._send({"type": "progress", **fields})

    def log(self, text, level="info"):
        self._send({"type": "log", "level": level, "text": text})

    def end(self, message):
        """The last word: complete, fail or aborted. `run` says it for you."""
        self._send(message)

    def abort(self, *_):
        with self._changed:
            self._aborted = True
            self._changed.notify_all()

    def _listen(self):
        for line in self._incoming:
            message = json.loads(line)
            with self._changed:
                if message["type"] == "pause":
                    self._pause = message["wish"]
                elif message["type"] == "resume":
                    self._pause = None
                self._changed.notify_all()
            if message["type"] == "abort":
                self.abort()
        self.abort()  # the server is gone: nobody would see the result

    def _send(self, message):
        try:
            with self._sending:
                self._outgoing.write(json.dumps(message, ensure_ascii=False) + "\n")
                self._outgoing.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.abort()


def run(work):
    """Runs `work(channel, input)` as one job, says how it ended, and leaves the process."""
    descriptor = os.environ.get("TIDINGS_CHANNEL_FD")
    if descriptor is None:
        sys.exit("TIDINGS_CHANNEL_FD is not set: start this worker through Tidings")
    channel = Channel(int(descriptor))
    signal.signal(signal.SIGTERM, channel.abort)
    try:
        channel.end({"type": "complete", "result": work(channel, channel.start.get("input"))})
    except Aborted:
        channel.end({"type": "aborted"})
    except Failure as failure:
        channel.end({"type": "fail", "message": str(failure), "kind": failure.kind, "retry": failure.retry})
        sys.exit(1)
    except Exception as error:
        channel.end({"type": "fail", "message": f"{type(error).__name__}: {error}", "kind": type(error).__name__, "retry": True})
        raise
