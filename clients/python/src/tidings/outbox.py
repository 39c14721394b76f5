"""What waits to be reported: output first, so that nothing is said after the end; then the newest progress with its acknowledgement.

Collaborators: reporter. Bounded, without IO.
"""

import math
from typing import Any

#: Characters of output that wait while the server is away. Above, the oldest is dropped and a line says so.
OUTPUT_WAITING = 1024 * 1024
#: Characters of output in one report: at most 240 KB of UTF-8; the server takes 256 KB.
OUTPUT_REPORT = 60 * 1024

COUNTS = ("current", "total", "ok", "failed", "skipped")


class Outbox:
    def __init__(self) -> None:
        self._lines: list[dict[str, str]] = []
        self._waiting = 0
        self._dropped = 0
        self._progress: dict[str, Any] = {}
        self._acknowledge: int | None = None

    @property
    def is_empty(self) -> bool:
        return not self._lines and not self._progress and self._acknowledge is None

    @property
    def has_output(self) -> bool:
        return bool(self._lines)

    @property
    def is_urgent(self) -> bool:
        """An acknowledgement does not wait for others."""
        return self._acknowledge is not None or self._waiting >= OUTPUT_REPORT

    def add_progress(self, progress: dict[str, Any]) -> None:
        """Field by field the newest wins."""
        self._progress |= sound(progress)

    def acknowledge(self, wish: int) -> None:
        self._acknowledge = wish

    def add_output(self, text: str, stream: str) -> None:
        last = self._lines[-1] if self._lines else None
        if last and last["stream"] == stream and len(last["text"]) + len(text) <= OUTPUT_REPORT:
            last["text"] += text
        else:
            pieces = (text[at : at + OUTPUT_REPORT] for at in range(0, len(text), OUTPUT_REPORT))
            self._lines += [{"stream": stream, "text": piece} for piece in pieces]
        self._waiting += len(text)
        while self._waiting > OUTPUT_WAITING and len(self._lines) > 1:
            oldest = self._lines.pop(0)
            self._waiting -= len(oldest["text"])
            self._dropped += len(oldest["text"])

    def take_progress(self) -> dict[str, Any]:
        """The last progress goes with the end."""
        progress, self._progress = self._progress, {}
        return progress

    def take(self) -> tuple[str, dict[str, Any]] | None:
        """The next report: its verb and its body."""
        if self._lines:
            return "output", {"chunks": self._take_lines()}
        if self.is_empty:
            return None
        body = self.take_progress()
        if self._acknowledge is not None:
            body["acknowledge"] = self._acknowledge
            self._acknowledge = None
        return "progress", body

    def put_back(self, body: dict[str, Any]) -> None:
        """What could not be sent; what came since wins."""
        if "chunks" in body:
            self._lines[:0] = body["chunks"]
            self._waiting += sum(len(line["text"]) for line in body["chunks"])
            return
        acknowledge = body.pop("acknowledge", None)
        if self._acknowledge is None:
            self._acknowledge = acknowledge
        self._progress = body | self._progress

    def _take_lines(self) -> list[dict[str, str]]:
        taken = []
        if self._dropped:
            text = f"({self._dropped} characters of output were dropped while Tidings was away)\n"
            taken.append({"stream": "warn", "text": text})
            self._dropped = 0
        size = 0
        while self._lines:
            size += len(self._lines[0]["text"])
            if size > OUTPUT_REPORT and taken:
                break
            taken.append(self._lines.pop(0))
            self._waiting -= len(taken[-1]["text"])
        return taken


def sound(progress: dict[str, Any]) -> dict[str, Any]:
    """Counts are whole and not below zero, percentages from 0 to 100: the server refuses others, and an odd fraction is no reason to."""
    kept: dict[str, Any] = {}
    for name, value in progress.items():
        if name == "message":
            kept[name] = str(value)
        elif isinstance(value, (int, float)) and math.isfinite(value):
            kept[name] = max(0, round(value)) if name in COUNTS else min(100.0, max(0.0, float(value)))
    return kept
