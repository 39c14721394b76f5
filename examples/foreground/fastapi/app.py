"""An ordinary FastAPI app with two slow routes. The lines marked `tidings` made them tracked jobs; without them it is what it was.

    GET  /                page.html, which finds its report again after a reload
    POST /reports         {rows?, delayMs?, session?}: the report as JSON, when it is done
    GET  /reports/stream  ?rows=&delayMs=&session=: the app's own events: `progress`, then `done` or `failed`

Environment: PORT (8442), TIDINGS_URL (http://127.0.0.1:8430), TIDINGS_TOKEN (none in open mode), LEASE_MS (30000).
OWNER stands for the signed-in user, whom a real app takes from its own session, never from the request.
"""

import asyncio
import json
import os
import pathlib
import socket
from contextlib import asynccontextmanager
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, Field
from report import build_report
from tidings import Stopped, TidingsProblem, Tracker  # tidings

TIDINGS_URL = os.environ.get("TIDINGS_URL", "http://127.0.0.1:8430")
OWNER = os.environ.get("OWNER")
PAGE = pathlib.Path(__file__).parent.parent / "page.html"

tidings = Tracker(TIDINGS_URL, os.environ.get("TIDINGS_TOKEN"), lease_s=int(os.environ.get("LEASE_MS", 30_000)) / 1000)  # tidings


@asynccontextmanager
async def lifespan(_app):
    yield
    await asyncio.to_thread(tidings.shut_down, "the app was restarted")  # tidings


app = FastAPI(lifespan=lifespan)


class Order(BaseModel):
    rows: int = Field(20, ge=1, le=10_000)
    delayMs: int = Field(100, ge=0, le=10_000)
    session: str | None = None


@app.get("/")
def page():
    return HTMLResponse(PAGE.read_text().replace("TIDINGS_URL", TIDINGS_URL))


@app.post("/reports")
async def reports(order: Order):
    async def work(job):  # tidings
        async def step(row, rows, message):
            await job.checkpoint()  # tidings
            job.progress(100 * row // rows, message, current=row, total=rows)  # tidings

        return await build_report(order.rows, order.delayMs, step)

    return await tidings.track("report", **about(order))(work)  # tidings


@app.get("/reports/stream")
async def stream(order: Annotated[Order, Query()]):
    news = asyncio.Queue()

    async def work(job):  # tidings
        async def step(row, rows, message):
            await job.checkpoint()  # tidings
            job.progress(100 * row // rows, message, current=row, total=rows)  # tidings
            news.put_nowait(("progress", {"percentage": 100 * row // rows, "current": row, "total": rows, "message": message}))

        return await build_report(order.rows, order.delayMs, step)

    async def build():
        try:
            news.put_nowait(("done", await tidings.track("report", **about(order))(work)))  # tidings
        except Exception as error:
            news.put_nowait(("failed", {"error": str(error)}))

    async def events():
        # A browser that leaves cancels this task and what it awaits; the job is not among that.
        building = asyncio.create_task(build())
        name = None
        while name not in ("done", "failed"):
            name, data = await news.get()
            yield f"event: {name}\ndata: {json.dumps(data)}\n\n"
        await building

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@app.exception_handler(Stopped)  # tidings
@app.exception_handler(TidingsProblem)  # tidings
def not_done(_request: Request, error: Exception):
    return JSONResponse({"error": str(error)}, 409 if isinstance(error, Stopped) else 503)


@app.exception_handler(RequestValidationError)
def not_valid(_request: Request, error: RequestValidationError):
    return JSONResponse({"error": str(error.errors()[0]["msg"])}, 400)


def about(order):
    """What the job is about, and where a page that comes back finds it."""
    return {
        "owner": OWNER,
        "session": order.session,
        "subject": ("report", str(order.rows)),
        "title": f"Report of {order.rows} orders",
        "input": {"rows": order.rows, "delayMs": order.delayMs},
    }


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", 8442))))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5)).run([listener])
