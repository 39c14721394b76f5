"""Why Tidings took no request: a refusal (RFC 9457, with a stable `code`), or no answer at all."""

import json
from email.message import Message


class TidingsProblem(Exception):
    """`code` is stable, `unreachable` when there was no answer; `status` is that of HTTP, 0 without an answer."""

    def __init__(
        self, message: str, *, code: str, status: int, retry_after_s: float = 0, job_status: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        #: How long the server asks to wait.
        self.retry_after_s = retry_after_s
        #: Where the job stands, when the refusal says so.
        self.job_status = job_status

    @property
    def is_passing(self) -> bool:
        """Whether the same request may well be taken later: no answer, an overload, a server that starts or stops."""
        return self.status in (0, 408, 425, 429) or self.status >= 500


def problem_of(status: int, headers: Message, body: bytes) -> TidingsProblem:
    """The problem of an answer that is not 2xx, also when a proxy wrote it."""
    try:
        said = json.loads(body)
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    after = headers.get("Retry-After", "")
    job = said.get("job")
    return TidingsProblem(
        said.get("detail") or said.get("title") or f"Tidings answered {status}",
        code=said.get("code") or f"http_{status}",
        status=status,
        retry_after_s=float(after) if after.isdigit() else 0,
        job_status=job.get("status") if isinstance(job, dict) else None,
    )
