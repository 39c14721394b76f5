"""A backend that hears the channel: what Tidings says of the jobs that it runs, and what others publish.

The rule for whoever hears it: of each task, what is not newer than what is known already is passed over. So a message that comes a second
time, which may happen after a crash or a lost connection, changes nothing.
"""

import asyncio
import json
import os
from datetime import datetime

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CHANNEL = "task_status_update"


async def updates(url: str):
    """Each task's newer words, for ever. When Redis is gone it is tried again; what others said meanwhile cannot be had again."""
    known = {}
    away = False
    while True:
        try:
            # Without tries of the library's own, which wait longer and longer: whoever is back first hears what is told first.
            async with redis.from_url(url, retry=Retry(NoBackoff(), 0)) as connection, connection.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                async for message in channel.listen():
                    if message["type"] == "subscribe":
                        print("listening", flush=True)
                        away = False
                        continue
                    update = json.loads(message["data"])
                    at = datetime.fromisoformat(update["updated_at"])
                    before = known.get(update["task_id"])
                    # At the very same time an end still counts after what came before it.
                    if before and (at < before[0] or (at == before[0] and update["status"] == before[1])):
                        continue
                    known[update["task_id"]] = (at, update["status"])
                    yield update
        except redis.ConnectionError as problem:
            if not away:
                print(f"Redis is away, and tried again: {problem}", flush=True)
            away = True
        await asyncio.sleep(0.1)


async def main() -> None:
    async for update in updates(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")):
        by = "Tidings" if update.get("from") else "the channel"
        print(f"{by}: task {update['task_id']} is {update['status']}, output {update['output']!r}, error {update['error']!r}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
