"""The pages over HTTP. GET shows, POST acts; there are no cookies, a link in a letter is all that opens a door."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from monitor.errors import VietnhatError
from monitor.links import BadToken, Purpose
from monitor.logs import warn
from monitor.masking import logged
from monitor.pages.desk import Answer, Desk
from monitor.pages.screen import style, style_name
from monitor.pages.visit import Refusal, Visit, visit_of

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
SLOWNESS = 0.25
"""Seconds that answers take which must not tell by their time whether an address is known."""

_ALIKE = frozenset({"/signup", "/link", "/m/{token}/address"})

THREADS = 24
"""For pages alone: visitors who wait for the database must not keep the health pages waiting."""

_OPEN = frozenset({"/", "/privacy"})
"""What search engines may show."""

Handler = Callable[[Visit], Answer]


@cache
def _threads() -> CapacityLimiter:
    return CapacityLimiter(THREADS)


def application(health: Iterable[BaseRoute], desk: Desk, *, slowness: float = SLOWNESS) -> Starlette:
    """All pages, after those for machines. `slowness` is how long answers take that must not tell by their time."""
    house = _House(desk, slowness)
    pages: Mapping[str, Mapping[str, Handler]] = {
        "/": {"GET": desk.home},
        "/privacy": {"GET": desk.privacy},
        "/signup": {"POST": desk.sign_up},
        "/link": {"POST": desk.send_link},
        "/asked": {"GET": desk.asked},
        "/c/{token}": {"GET": desk.show_agree, "POST": desk.agree},
        "/a/{token}": {"GET": desk.show_move, "POST": desk.move},
        "/p/{token}/link": {"POST": desk.send_own_link},
        "/m/{token}/address": {"POST": desk.ask_to_move},
        "/m/{token}/erase": {"POST": desk.erase},
        "/m/{token}/data": {"GET": desk.data},
        **{
            f"/{door}/{{token}}{path}": handlers
            for door in (Purpose.CHOOSE, Purpose.OWN)
            for path, handlers in {
                "": {"GET": desk.show_preferences, "POST": desk.choose},
                "/pause": {"POST": desk.pause},
                "/resume": {"POST": desk.resume},
                "/digests/{about}": {"GET": desk.past},
            }.items()
        },
        "/u/{token}": {"GET": desk.show_leave, "POST": desk.leave},
        "/u/{token}/back": {"POST": desk.come_back},
        "/u/{token}/erase": {"POST": desk.erase_left},
        "/f/{token}/{about}": {"GET": desk.show_judge, "POST": desk.judge},
        "/d/{token}": {"GET": desk.issue},
    }
    site = Starlette(
        routes=[
            *health,
            *(
                Route(path, house.endpoint(path, handlers), methods=list(handlers))
                for path, handlers in pages.items()
            ),
            Route(style_name(), _style, methods=["GET"]),
            Route("/robots.txt", _robots, methods=["GET"]),
        ],
        exception_handlers={HTTPException: house.unknown},
    )
    site.router.redirect_slashes = False  # such a redirect would lead wherever the Host header says
    return site


@dataclass(frozen=True, slots=True)
class _House:
    """Turns requests into visits, and answers and errors into responses."""

    desk: Desk
    slowness: float

    def endpoint(self, path: str, handlers: Mapping[str, Handler]) -> Callable[[Request], object]:
        """One page as Starlette calls it. Handlers work in threads: they wait for the database."""

        async def answer(request: Request) -> Response:
            handler = handlers["GET" if request.method == "HEAD" else request.method]
            began = time.monotonic()
            try:
                visit = await visit_of(request, own_host=self.desk.host)
            except Refusal as error:
                return self._refused(error.status, path)
            response = await to_thread.run_sync(self._answer, handler, visit, path, limiter=_threads())
            if path in _ALIKE:
                await asyncio.sleep(max(0.0, began + self.slowness - time.monotonic()))
            return response

        return answer

    def _answer(self, handler: Handler, visit: Visit, path: str) -> Response:
        """The second of the program's two catch-alls: a bug on a page is told to the log, not to the visitor."""
        try:
            return _response(handler(visit), path)
        except BadToken:
            return self._refused(
                429 if self.desk.rates.guessed(visit.network) else 404, path, visit, link=True
            )
        except Refusal as error:
            return self._refused(error.status, path, visit)
        except VietnhatError as error:
            warn("page", path=path, reason=logged(str(error)))
            return self._refused(503, path, visit)
        except Exception as error:
            warn("bug", page=path, reason=logged(repr(error))[:500])
            return self._refused(500, path, visit)

    def _refused(self, status: int, path: str, visit: Visit | None = None, *, link: bool = False) -> Response:
        answer = self.desk.refused(status, visit, link=link)
        return _response(answer, path)

    async def unknown(self, _: Request, error: Exception) -> Response:
        """No such page, or no such method for it."""
        if not isinstance(error, HTTPException):
            return self._refused(500, "")
        response = self._refused(error.status_code, "")
        response.headers.update(error.headers or {})
        return response


def _response(answer: Answer, path: str) -> Response:
    headers = {name: value for name, value in HEADERS.items() if name != "X-Robots-Tag" or path not in _OPEN}
    if answer.to:
        return RedirectResponse(answer.to, HTTPStatus.SEE_OTHER, headers)
    if answer.data is not None:
        text = json.dumps(answer.data, ensure_ascii=False, indent=1)
        disposition = {"Content-Disposition": 'attachment; filename="vietnhat.json"'}
        return Response(text, 200, {**headers, **disposition}, "application/json; charset=utf-8")
    return HTMLResponse(answer.page, answer.status, headers)


def _style(_: Request) -> Response:
    kept = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(style(), 200, kept, "text/css; charset=utf-8")


def _robots(_: Request) -> Response:
    return PlainTextResponse("User-agent: *\nAllow: /$\nAllow: /privacy\nDisallow: /\n", 200, HEADERS)
