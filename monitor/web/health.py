"""/healthz, /readyz and /metrics: for the service manager, the load balancer and Prometheus. Nothing here acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Checks:
    """What the pages ask. Each is called in a thread and may take its time.

    `alive` names why the process should be started anew, `ready` what keeps each part from working ("" is well),
    `figures` gives the metrics and their content type; None where there are none.
    """

    alive: Callable[[], list[str]]
    ready: Callable[[], Mapping[str, str]]
    figures: Callable[[], tuple[bytes, str]] | None = None


def routes(checks: Checks) -> list[Route]:
    """The health pages. Plain functions as endpoints: Starlette calls them in threads."""

    def healthz(_: Request) -> Response:
        ailments = checks.alive()
        text = "; ".join(ailments) or "ok"
        return PlainTextResponse(text + "\n", 503 if ailments else 200, HEADERS)

    def readyz(_: Request) -> Response:
        parts = checks.ready()
        ready = not any(parts.values())
        told = {name: words or "ok" for name, words in parts.items()}
        return JSONResponse({"ready": ready, "parts": told}, 200 if ready else 503, HEADERS)

    def metrics(_: Request) -> Response:
        if checks.figures is None:
            return PlainTextResponse("there are none here\n", 404, HEADERS)
        body, kind = checks.figures()
        return Response(body, 200, {**HEADERS, "Content-Type": kind})

    pages = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
    return [Route(path, page, methods=["GET"]) for path, page in pages.items()]
