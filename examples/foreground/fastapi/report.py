"""The slow work of this app. Knows nothing of jobs: who calls it passes `step`, which is awaited before each row."""

import asyncio


async def build_report(rows, delay_ms, step):
    """Adds up `rows` orders, `delay_ms` apart. Answers `{rows, cents}`; `step` gets the row, all rows, and a sentence."""
    cents = 0
    for row in range(1, rows + 1):
        await step(row, rows, f"order {row}")
        await asyncio.sleep(delay_ms / 1000)
        cents += row * 100
    return {"rows": rows, "cents": cents}
