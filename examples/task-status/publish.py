"""A backend that tells how its tasks go: over the Redis channel `task_status_update`, as the document of task status updates has it.

Nothing here knows Tidings. The class is that of the document; below it a task that runs for a few seconds and tells of itself.
"""

import asyncio
import json
import os
import sys
from datetime import datetime, timezone

import redis.asyncio as redis

CHANNEL = "task_status_update"


class TaskStatusBroadcaster:
    def __init__(self, url: str) -> None:
        self.redis = redis.from_url(url)

    async def publish_task_status_update(
        self, task_id, status, updated_at, output=None, error=None, assignee=None, project_id=None
    ) -> None:
        message = {
            "task_id": task_id,
            "status": status,
            "updated_at": updated_at.isoformat(),
            "output": output,
            "error": error,
            "assignee": assignee,
            "project_id": project_id,
        }
        await self.redis.publish(CHANNEL, json.dumps(message))


task_status_broadcaster = TaskStatusBroadcaster(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))


async def main(task_id: str, seconds: float) -> None:
    async def tell(status: str, **more) -> None:
        now = datetime.now(timezone.utc)
        await task_status_broadcaster.publish_task_status_update(task_id=task_id, status=status, updated_at=now, **more)
        print(f"task {task_id}: {status}", flush=True)

    await tell("pending", assignee="agent-name", project_id=456)
    await tell("running", output="0 of 5 files")
    for count in range(1, 6):
        await asyncio.sleep(seconds / 5)
        await tell("running", output=f"{count} of 5 files")
    await tell("completed", output="Task output text")
    await task_status_broadcaster.redis.aclose()


if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else "123"
    try:
        asyncio.run(main(int(name) if name.isdigit() else name, float(os.environ.get("SECONDS", "5"))))
    except redis.ConnectionError as problem:
        sys.exit(f"Redis does not answer. Start it, or name another with REDIS_URL: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
