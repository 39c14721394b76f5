"""Turn the work of a request handler into a job that everybody can follow."""

from .job import AsyncJob, Job
from .problem import TidingsProblem
from .stopped import Aborted, Interrupted, LeaseLost, Stopped
from .tracker import Tracker
from .tracking import Tracking

__all__ = [
    "Aborted",
    "AsyncJob",
    "Interrupted",
    "Job",
    "LeaseLost",
    "Stopped",
    "TidingsProblem",
    "Tracker",
    "Tracking",
]
