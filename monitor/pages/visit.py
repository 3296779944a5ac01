"""A request as the pages see it: bounded in size and time, with the visitor's language and network."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from starlette.requests import ClientDisconnect, Request

from monitor.pages.forms import LANGUAGES, Form
from monitor.types import Language

MAX_FORM = 64 * 1024
"""Octets of a form; the largest honest one is a tenth of it."""

MAX_FIELDS = 300
FORM_SECONDS = 10.0


class Refusal(Exception):
    """A request that is answered with this status and no more."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `door` is the first part of the path, `token` the second; `network` is the visitor's address, ""
    when it is not known; `asked` the language in ?lang=."""

    now: datetime
    door: str
    token: str
    about: str
    form: Form
    network: str
    language: Language
    asked: Language | None
    query: Mapping[str, str]


async def visit_of(request: Request, *, own_host: str) -> Visit:
    """The request, its form read. Raises Refusal.

    What stops the letters comes from mail programs and webmail as they please (RFC 8058): only its token counts.
    """
    form: Form = {}
    door = request.url.path.strip("/").partition("/")[0]
    if request.method == "POST" and request.url.path != f"/u/{request.path_params.get('token')}":
        _refuse_strangers(request, own_host)
        form = await _form(request)
    asked = next((each for each in LANGUAGES if each == request.query_params.get("lang")), None)
    return Visit(
        now=datetime.now(UTC).replace(microsecond=0),
        door=door,
        token=request.path_params.get("token", ""),
        about=request.path_params.get("about", ""),
        form=form,
        network=_network(request),
        language=asked or _spoken(request.headers.get("accept-language", "")),
        asked=asked,
        query=dict(request.query_params),
    )


def group(network: str, *, ipv6: int) -> str:
    """Who counts as one for limits: an IPv4 address, or the IPv6 network of so many bits around it."""
    try:
        address = ipaddress.ip_address(network)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, ipv6), strict=False))
    return network


def _network(request: Request) -> str:
    """The visitor's address; proxies may add a port to it, and sockets for both families dress up IPv4 as IPv6."""
    host = request.client.host if request.client else ""
    if host.count(":") == 1:
        host = host.partition(":")[0]
    elif host.startswith("["):
        host = host[1:].partition("]")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    plain = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(plain or address)


def _refuse_strangers(request: Request, own_host: str) -> None:
    """A form on somebody else's site must not act here (Fetch Metadata, W3C; older browsers name the origin alone)."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    foreign = urlsplit(origin).netloc not in (own_host, request.headers.get("host")) if origin else False
    if site not in (None, "none", "same-origin") or (site is None and foreign):
        raise Refusal(403)


async def _form(request: Request) -> Form:
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_FORM:
        raise Refusal(413)
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_FORM:
                    raise Refusal(413)
    except TimeoutError as error:
        raise Refusal(408) from error
    except ClientDisconnect as error:
        raise Refusal(400) from error
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        return parse_qs(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError as error:
        raise Refusal(400) from error


def _spoken(header: str) -> Language:
    """The first of our languages a browser prefers; Vietnamese otherwise (RFC 9110, 12.5.4)."""
    wanted = []
    for place, part in enumerate(header[:500].split(",")):
        name, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            quality = 0.0
        wanted.append((-quality, place, name.strip().casefold()[:2]))
    for quality, _, name in sorted(wanted):
        for language in LANGUAGES:
            if name == language and quality < 0:
                return language
    return "vi"
