"""Further feeds of the kinds that hurt: other spellings, other tricks, other broken servers, each with its expectation.

What counts is the kind of behaviour, never a list: every entry here is a neighbour of a known attack.
"""

from __future__ import annotations

import gzip
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

TITLE = "Nhật Bản và Việt Nam ký thỏa thuận mới"
Outcome = Literal["new", "failed", "either"]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: how often this path was asked before, its headers, and where the canary listens."""

    before: int
    headers: dict[str, str]
    canary: int


Answer = Callable[[Visit], bytes]
"""The whole answer, status line and all."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to answer. `titles` are all that is stored, in any order; None leaves them open.

    `drip` sends the rest of the answer byte by byte after its first half.
    """

    name: str
    answer: Answer
    outcome: Outcome
    titles: tuple[str, ...] | None = None
    linkless: bool = False
    drip: bool = False
    seconds: float = 15.0
    """Longest it may take, from the request to the end of the reading."""


def item(number: int = 0, *, title: str = TITLE, link: str | None = None, more: str = "") -> str:
    """One item, relevant and dated by its reader."""
    where = f"https://kinds.example/{number}" if link is None else link
    return f"<item><title>{title}</title><link>{where}</link>{more}</item>"


def rss(*items: str, prolog: str = '<?xml version="1.0" encoding="utf-8"?>', doctype: str = "") -> str:
    """A document of items."""
    return f'{prolog}{doctype}<rss version="2.0"><channel><title>k</title>{"".join(items)}</channel></rss>'


def http(
    body: str | bytes,
    *headers: str,
    status: str = "200 OK",
    before: bytes = b"",
    kind: str = "application/rss+xml; charset=utf-8",
) -> bytes:
    """An answer with an honest length, unless the headers say otherwise."""
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    named = " ".join(headers).lower()
    lines = [f"HTTP/1.1 {status}", "Connection: close", f"Content-Type: {kind}", *headers]
    if "content-length" not in named and "transfer-encoding" not in named:
        lines.append(f"Content-Length: {len(raw)}")
    return before + "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + raw


def same(body: str | bytes, *headers: str, **more: str) -> Answer:
    """The same answer each time."""
    return lambda _: http(body, *headers, **more)  # type: ignore[arg-type]  # names as in `http`


def redirect(target: str) -> Answer:
    """To an address inside; {p} is the canary's port."""
    return lambda visit: http("", f"Location: {target.replace('{p}', str(visit.canary))}", status="302 Found")


def chunked(*pieces: bytes, trailer: bytes = b"") -> bytes:
    """Chunks and their trailer."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailer + b"\r\n"


_NINE = tuple(f"{TITLE} số {number}" for number in range(9))
_PLAIN = rss(item())
_PLAIN_BYTES = _PLAIN.encode()
_CUT = rss(
    *(item(n, title=title, more=f"<description>CUT{n}</description>") for n, title in enumerate(_NINE))
).encode()
for _n in range(9):
    _CUT = _CUT.replace(b"CUT%d" % _n, "Thủ tướng".encode()[: 3 + _n % 3])

_INSIDE = {
    "long-mapped": "http://[0:0:0:0:0:ffff:7f00:0001]:{p}/",
    "translated": "http://[::ffff:0:127.0.0.1]:{p}/",
    "compatible": "http://[::127.0.0.1]:{p}/",
    "local-nat64": "http://[64:ff9b:1::7f00:1]:{p}/",
    "scoped": "http://[fe80::1%25lo]:{p}/",
    "mixed-hex": "http://0x7f.1:{p}/",
    "whole-octal": "http://017700000001:{p}/",
    "mixed-octal": "http://0177.0.0x0.1:{p}/",
    "shouting": "http://LOCALHOST:{p}/",
    "escaped-dot": "http://127%2e0%2e0%2e1:{p}/",
    "ideographic-dots": "http://127。0。0。1:{p}/",
    "circled": "http://①②⑦.⓪.⓪.①:{p}/",
    "nul": "http://127.0.0.1%00.kinds.example:{p}/",
    "no-scheme": "//127.0.0.1:{p}/",
    "one-slash": "http:/127.0.0.1:{p}/",
    "tab-in-scheme": "ht\ttp://127.0.0.1:{p}/",
    "far-loopback": "http://127.255.255.254:{p}/",
    "benchmark-net": "http://198.18.0.1:{p}/",
    "teredo": "http://[2001:0:7f00:1::1]:{p}/",
    "user-and-port": "http://kinds.example:80@127.0.0.1:{p}/",
    "uppercase-file": "FILE:///etc/passwd",
    "view-source": "view-source:http://127.0.0.1:{p}/",
    "port-22": "http://127.0.0.1:22/",
    "local-name": "http://printer.local:{p}/",
}

_RETRY = {
    "fraction": "1.5", "exponent": "1e9", "plus": "+60", "arabic-digits": "٣٦٠٠", "asctime": "Sun Nov  6 08:49:37 2094",
    "year-10000": "Fri, 31 Dec 10000 23:59:59 GMT", "list": "60, 120", "hex": "0x3c", "endless": "9" * 5000,
    "blank": "  ",
}  # fmt: skip


def _weak_and_strong(visit: Visit) -> bytes:
    return http(_PLAIN, f'ETag: {"W/" if visit.before % 2 else ""}"a"')


def _not_modified_with_a_body(visit: Visit) -> bytes:
    if "if-none-match" in visit.headers:
        return http(rss(item(7, title="Không bao giờ được đọc")), 'ETag: "z"', status="304 Not Modified")
    return http(_PLAIN, 'ETag: "a"')


def _control_guids(_: Visit) -> bytes:
    guids = ("\x01\x02", "\x03", "\x7f\x85", "\t\n")
    return http(
        rss(*(item(n, title=_NINE[n], link="", more=f"<guid>{guid}</guid>") for n, guid in enumerate(guids)))
    )


def _canary_document(document: str) -> Answer:
    return lambda visit: http(document.replace("{c}", f"http://127.0.0.1:{visit.canary}/x"))


_OUTSIDE = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
_UNPARSED = '<!DOCTYPE r [<!NOTATION n SYSTEM "{c}"><!ENTITY u SYSTEM "{c}" NDATA n>]>'
_SHEET = '<?xml version="1.0"?><?xml-stylesheet href="{c}" type="text/xsl"?>'
_INCLUDE = (
    '<description xmlns:xi="http://www.w3.org/2001/XInclude">a<xi:include href="{c}" parse="text"/>'
    "</description>"
)
_SCHEMA = '<x xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a {c}"/>'
_SPLIT = f"<description><![CDATA[{']]]]><![CDATA[>' * 10_000}]]></description>"
_SHIFT_JIS = rss(item(title="日本とベトナム"), prolog='<?xml version="1.0" encoding="shift_jis"?>').encode(
    "shift_jis"
)
_RUNNING = (
    "javascript:alert(1)",
    "JAVASCRIPT&#58;alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "&#x6A;avascript:x",
)
_ATTRIBUTE = "Đ" * 2_000_000
_BUDDHIST = "".join(
    item(n, title=_NINE[n], more=f"<pubDate>{date}</pubDate>")
    for n, date in enumerate(("Sat, 21 Nov 2569 08:00:00 +0700", "21/11/2569 08:00", "令和8年11月21日"))
)

KINDS: tuple[Kind, ...] = (
    *(Kind(f"inside-{name}", redirect(target), "failed", ()) for name, target in _INSIDE.items()),
    *(
        Kind(f"retry-{name}", same("wait", f"Retry-After: {value}", status="429 Wait"), "failed", ())
        for name, value in _RETRY.items()
    ),
    # entities and other ways to make a parser fetch or grow
    Kind(
        "one-entity-50000-times",
        same(rss(item(title="&a;" * 50_000), doctype='<!DOCTYPE r [<!ENTITY a "x">]>')),
        "either",
    ),
    Kind(
        "parameter-makes-entity",
        same(rss(item(title="&b;"), doctype="""<!DOCTYPE r [<!ENTITY % a "<!ENTITY b 'xx'>"> %a;]>""")),
        "either",
    ),
    Kind(
        "entity-of-itself",
        same(rss(item(title="&a;"), doctype='<!DOCTYPE r [<!ENTITY a "&a;">]>')),
        "failed",
        (),
    ),
    Kind(
        "late-doctype",
        same("<!--" + "x" * 5000 + "-->" + rss(item(title="&a;"), prolog="", doctype=_OUTSIDE)),
        "either",
    ),
    Kind("unparsed-entity", _canary_document(rss(item(), doctype=_UNPARSED)), "either"),
    Kind(
        "public-entity",
        _canary_document(rss(item(title="&a;"), doctype='<!DOCTYPE r [<!ENTITY a PUBLIC "p" "{c}">]>')),
        "failed",
        (),
    ),
    Kind("stylesheet", _canary_document(rss(item(), prolog=_SHEET)), "new", (TITLE,)),
    Kind("xinclude", _canary_document(rss(item(more=_INCLUDE))), "new", (TITLE,)),
    Kind("schema-location", _canary_document(rss(item(more=_SCHEMA))), "new", (TITLE,)),
    Kind("instructions", same(rss(f"<?php echo 1; ?>{item(more='<?evil do?>')}<?end?>")), "new", (TITLE,)),
    Kind("xml-1.1", same(rss(item(), prolog='<?xml version="1.1" encoding="utf-8"?>')), "new", (TITLE,)),
    Kind("cdata-split-10000-times", same(rss(item(more=_SPLIT))), "new", (TITLE,)),
    Kind(
        "attribute-of-4-mb",
        same(rss(item(more=f'<enclosure url="{_ATTRIBUTE}" length="1" type="x"/>'))),
        "new",
        (TITLE,),
    ),
    Kind("20000-categories", same(rss(item(more="<category>a</category>" * 20_000))), "new", (TITLE,)),
    Kind("5000-nested-items", same(rss("<item><title>a</title>" * 5000 + "</item>" * 5000)), "either"),
    # letters
    Kind(
        "utf-32",
        same(b"\xff\xfe\x00\x00" + _PLAIN.encode("utf-32-le"), kind="application/rss+xml"),
        "new",
        (TITLE,),
    ),
    Kind(
        "utf-8-said-to-be-16",
        same(_PLAIN.replace("utf-8", "utf-16"), kind="application/rss+xml; charset=utf-16"),
        "new",
        (TITLE,),
    ),
    Kind(
        "mark-and-lie",
        same(b"\xef\xbb\xbf" + _PLAIN_BYTES.replace(b"utf-8", b"windows-1252")),
        "new",
        (TITLE,),
    ),
    Kind("letters-cut-everywhere", same(_CUT), "new", _NINE),
    Kind("decomposed", same(unicodedata.normalize("NFD", _PLAIN)), "new", (TITLE,)),
    Kind(
        "smart-quotes-of-windows",
        same(rss(item(), item(1, title="QQ")).encode().replace(b"QQ", b"\x93Vi\x94")),
        "new",
    ),
    Kind("japanese", same(_SHIFT_JIS, kind="text/xml"), "new", ("日本とベトナム",)),
    # servers
    Kind(
        "early-hints",
        lambda _: http(_PLAIN, before=b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"),
        "new",
        (TITLE,),
    ),
    Kind(
        "continue-five-times",
        lambda _: http(_PLAIN, before=b"HTTP/1.1 100 Continue\r\n\r\n" * 5),
        "new",
        (TITLE,),
    ),
    Kind("continue-for-ever", lambda _: b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000, "failed", (), drip=True),
    Kind(
        "slow-trailer",
        lambda _: http(
            chunked(_PLAIN_BYTES, trailer=b"X-A: " + b"y" * 4000 + b"\r\n"), "Transfer-Encoding: chunked"
        ),
        "failed",
        (),
        drip=True,
    ),
    Kind(
        "endless-trailer",
        lambda _: http(chunked(_PLAIN_BYTES, trailer=b"X-A: y\r\n" * 300_000), "Transfer-Encoding: chunked"),
        "either",
    ),
    Kind(
        "tiny-chunks",
        lambda _: http(chunked(*(bytes([b]) for b in _PLAIN_BYTES)), "Transfer-Encoding: chunked"),
        "new",
        (TITLE,),
    ),
    Kind(
        "endless-chunk-extension",
        lambda _: http(b"5;" + b"a" * 3_000_000 + b"\r\n", "Transfer-Encoding: chunked"),
        "failed",
        (),
    ),
    Kind("huge-chunk-size", lambda _: http(b"f" * 40 + b"\r\n", "Transfer-Encoding: chunked"), "failed", ()),
    Kind("two-lengths", same(_PLAIN, "Content-Length: 5", "Content-Length: 500"), "failed", ()),
    Kind(
        "length-and-chunks",
        lambda _: http(chunked(_PLAIN_BYTES), "Content-Length: 9", "Transfer-Encoding: chunked"),
        "either",
    ),
    Kind("negative-length", same(_PLAIN, "Content-Length: -1"), "failed", ()),
    Kind("length-in-hex", same(_PLAIN, "Content-Length: 0x40"), "failed", ()),
    Kind(
        "gzip-in-gzip",
        same(gzip.compress(gzip.compress(_PLAIN_BYTES)), "Content-Encoding: gzip"),
        "failed",
        (),
    ),
    Kind(
        "gzip-of-two-members",
        same(gzip.compress(_PLAIN_BYTES[:60]) + gzip.compress(_PLAIN_BYTES[60:]), "Content-Encoding: gzip"),
        "either",
    ),
    Kind(
        "gzip-and-rubbish",
        same(gzip.compress(_PLAIN_BYTES) + b"rubbish" * 9, "Content-Encoding: gzip"),
        "either",
    ),
    Kind("gzip-of-nothing", same(gzip.compress(b""), "Content-Encoding: gzip"), "failed", ()),
    Kind(
        "partial", same(_PLAIN, "Content-Range: bytes 0-99/9999", status="206 Partial Content"), "failed", ()
    ),
    Kind("no-content", same("", status="204 No Content"), "failed", ()),
    Kind("status-999", same(_PLAIN, status="999 Denied"), "failed", ()),
    Kind("http-1.0", lambda _: b"HTTP/1.0 200 OK\r\n\r\n" + _PLAIN_BYTES, "new", (TITLE,)),
    Kind("folded-header", same(_PLAIN, "X-A: b\r\n c"), "either"),
    Kind("weak-and-strong", _weak_and_strong, "new", (TITLE,)),
    Kind("not-modified-with-a-body", _not_modified_with_a_body, "new", (TITLE,)),
    Kind(
        "cookie-bomb", same(_PLAIN, *(f"Set-Cookie: c{n}={'v' * 3000}" for n in range(30))), "new", (TITLE,)
    ),
    # fields
    Kind("guids-of-control-characters", _control_guids, "new", _NINE[:4]),
    Kind("buddhist-years", same(rss(_BUDDHIST)), "new", _NINE[:3]),
    Kind(
        "links-that-run",
        same(rss(*(item(n, title=_NINE[n], link=link) for n, link in enumerate(_RUNNING)))),
        "new",
        _NINE[:5],
        linkless=True,
    ),
    Kind(
        "base-that-runs",
        same(rss(item(link="x")).replace("<channel>", '<channel xml:base="javascript:alert(1)//">')),
        "new",
        (TITLE,),
    ),
    Kind("invisible-title", same(rss(item(title="\u200b\u2060\u00ad"), item(1))), "new", (TITLE,)),
    Kind("title-full-of-marks", same(rss(item(title=f"\u202e{TITLE}\u202c\u2066\u2069"))), "new", (TITLE,)),
    Kind(
        "title-with-markup",
        same(rss(item(title=f"&lt;b&gt;{TITLE}&lt;/b&gt;&lt;script&gt;x&lt;/script&gt;"))),
        "new",
        (TITLE,),
    ),
)

_MANY_ENTITIES = "".join(f'<!ENTITY e{n} "x">' for n in range(20_000))

HEAVY: dict[str, str] = {
    "60000 letters in a title": rss(item(title="Đ" * 60_000)),
    "60000 blanks in a title": rss(item(title=" " * 60_000)),
    "40000 empty lines": rss(item(), doctype="<!-- before the root -->" + "\n" * 40_000),
    "60000 empty lines": rss(item(more="\n" * 60_000)),
    "20000 entities": rss(item(), doctype=f"<!DOCTYPE r [{_MANY_ENTITIES}]>"),
    "60000 open brackets": rss(item(title="&lt;" * 60_000)),
    "60000 half comments": rss(item(more=f"<description>{'&lt;!--' * 60_000}</description>")),
    "60000 ampersands": rss(item(title="&" * 60_000)),
    "60000 quotes in a tag": rss(item(more="<x a=" + "'" * 60_000 + ">")),
    "a long author": rss(item(more=f"<author>{'a@' * 30_000}</author>")),
    "a long date": rss(item(more=f"<pubDate>{'1 ' * 30_000}</pubDate>")),
    "a long link": rss(item(link="https://kinds.example/" + "../" * 20_000)),
    "a long guid": rss(item(more=f"<guid>{'/' * 60_000}</guid>")),
}
"""Documents of a few hundred kilobytes that could keep a reader busy out of all proportion."""
