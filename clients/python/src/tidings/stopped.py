"""Why work has to stop: what `checkpoint` raises, and what the work of a stopped job ends with."""


class Stopped(Exception):
    """What all reasons to stop have in common."""


class Aborted(Stopped):
    """Somebody asked for it, or the task's time limit has passed.

    The job ends as `aborted` (`timed_out` by a limit) once the work has stopped. Work that comes to its end all the same is told as
    completed. `asked` is `abort` or `kill`; `by` is the user who asked, None when the time limit did.
    """

    def __init__(self, asked: str, by: str | None = None) -> None:
        super().__init__("the time limit of the job has passed" if by is None else f"{by} asked to {asked} the job")
        self.asked = asked
        self.by = by


class LeaseLost(Stopped):
    """The job is no longer this process's to report: it has ended already, or it was deleted. Nothing more can be told."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the job is not this process's any more: {why}")


class Interrupted(Stopped):
    """The app ends: `shut_down` was called. The job fails with kind `interrupted` and this message."""

    kind = "interrupted"
