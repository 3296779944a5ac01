"""The pages over HTTP. GET shows, POST acts; there are no cookies, a link in a letter is all that opens a door."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from monitor.errors import VietnhatError
from monitor.links import BadToken
from monitor.logs import warn
from monitor.masking import logged
from monitor.pages.desk import Answer, Desk
from monitor.pages.screens import style, style_name
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
_OPEN = frozenset({"/", "/privacy"})
"""What search engines may show."""

Handler = Callable[[Visit], Answer]


def application(health: Iterable[BaseRoute], desk: Desk) -> Starlette:
    """All pages, after those for machines."""
    house = _House(desk)
    pages: Mapping[str, Mapping[str, Handler]] = {
        "/": {"GET": desk.home},
        "/privacy": {"GET": desk.privacy},
        "/signup": {"POST": desk.sign_up},
        "/link": {"POST": desk.send_link},
        "/asked": {"GET": desk.asked},
        "/c/{token}": {"GET": desk.show_agree, "POST": desk.agree},
        "/a/{token}": {"GET": desk.show_move, "POST": desk.move},
        "/p/{token}": {"GET": desk.show_preferences, "POST": desk.choose},
        "/p/{token}/pause": {"POST": desk.pause},
        "/p/{token}/resume": {"POST": desk.resume},
        "/p/{token}/address": {"POST": desk.ask_to_move},
        "/p/{token}/erase": {"POST": desk.erase},
        "/p/{token}/data": {"GET": desk.data},
        "/p/{token}/digests/{about}": {"GET": desk.past},
        "/u/{token}": {"GET": desk.show_leave, "POST": desk.leave},
        "/u/{token}/back": {"POST": desk.come_back},
        "/u/{token}/erase": {"POST": desk.erase_left},
        "/f/{token}/{about}": {"GET": desk.show_judge, "POST": desk.judge},
        "/d/{token}": {"GET": desk.issue},
    }
    return Starlette(
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


@dataclass(frozen=True, slots=True)
class _House:
    """Turns requests into visits, and answers and errors into responses."""

    desk: Desk

    def endpoint(self, path: str, handlers: Mapping[str, Handler]) -> Callable[[Request], object]:
        """One page as Starlette calls it. Handlers work in threads: they wait for the database."""

        async def answer(request: Request) -> Response:
            handler = handlers["GET" if request.method == "HEAD" else request.method]
            try:
                visit = await visit_of(request)
            except Refusal as error:
                return self._refused(error.status, path)
            return await run_in_threadpool(self._answer, handler, visit, path)

        return answer

    def _answer(self, handler: Handler, visit: Visit, path: str) -> Response:
        """The second of the program's two catch-alls: a bug on a page is told to the log, not to the visitor."""
        try:
            return _response(handler(visit), path)
        except BadToken:
            known = self.desk.rates.may_guess(visit.network)
            self.desk.rates.guessed(visit.network)
            return self._refused(404 if known else 429, path, visit, link=True)
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
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self._refused(status, "")


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
