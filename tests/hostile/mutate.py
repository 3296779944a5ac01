"""Feeds that were well-formed once: own RSS 2.0, RSS 1.0 and Atom documents, damaged in ways a seed decides.

The same seed gives the same bytes, so that whatever breaks can be called up again: `mutated(seed)`.
"""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

_PLACES = ("Hà Nội", "Đà Nẵng", "Cần Thơ", "Thừa Thiên Huế", "Tokyo", "Osaka", "Quảng Ngãi")
_DEEDS = (
    "đón đoàn doanh nghiệp Nhật Bản",
    "khánh thành nhà máy xử lý nước",
    "mở lớp tiếng Nhật miễn phí",
    "giá lúa tăng nhẹ trong tuần",
    "“Đường sắt tốc độ cao” & những câu hỏi",
    "ký thỏa thuận về thực tập sinh kỹ năng",
)
_DATES = (
    "Sat, 21 Nov 2026 08:30:00 +0700",
    "2026-11-21T08:30:00+07:00",
    "21/11/2026 08:30",
    "Thứ Bảy, 21/11/2026 08:30 (GMT+7)",
    "Sat, 21 Nov 2026 08:30:00 GMT+7",
    "",
)
_TYPES = (
    "application/rss+xml; charset=utf-8",
    "text/xml",
    "application/xml; charset=iso-8859-1",
    "application/atom+xml;charset=UTF-16",
    "text/html; charset=windows-1258",
    "",
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A damaged document and how it came about."""

    seed: int
    body: bytes
    content_type: str
    steps: tuple[str, ...]


def mutated(seed: int) -> Mutant:
    """The document of this seed: one of three kinds, damaged one to five times."""
    chance = random.Random(seed)
    template = chance.choice((_rss, _rdf, _atom))
    body, steps = template(chance, seed).encode(), [template.__name__.strip("_")]
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4, 5))):
        damage = chance.choice(DAMAGES)
        body = damage(chance, body)
        steps.append(damage.__name__)
    return Mutant(seed, body, chance.choice(_TYPES), tuple(steps))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _entry_text(chance: random.Random, seed: int, number: int) -> tuple[str, str, str]:
    title = _escaped(f"{chance.choice(_PLACES)} {chance.choice(_DEEDS)} ({seed}-{number})")
    link = f"https://bao-{seed % 7}.example/tin/{seed}-{number}.html"
    summary = _escaped(f"<p>{chance.choice(_PLACES)}: {chance.choice(_DEEDS)}.</p><a href='{link}'>Đọc</a>")
    return title, link, summary


def _rss(chance: random.Random, seed: int) -> str:
    items = []
    for number in range(chance.randint(0, 9)):
        title, link, summary = _entry_text(chance, seed, number)
        text = f"<![CDATA[{summary}]]>" if chance.random() < 0.4 else summary
        guid = f'<guid isPermaLink="false">{seed}-{number}</guid>' if chance.random() < 0.7 else ""
        items.append(
            f"<item><title>{title}</title><link>{link}</link>{guid}<pubDate>{chance.choice(_DATES)}</pubDate>"
            f'<description>{text}</description><enclosure url="{link}.jpg" length="1" type="image/jpeg"/></item>'
        )
    head = "<title>Báo thử</title><link>https://bao.example/</link><description>tin</description>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'


def _rdf(chance: random.Random, seed: int) -> str:
    items = []
    for number in range(chance.randint(0, 7)):
        title, link, summary = _entry_text(chance, seed, number)
        items.append(
            f'<item rdf:about="{link}"><title>{title}</title><link>{link}</link><description>{summary}</description>'
            f"<dc:date>{chance.choice(_DATES)}</dc:date></item>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="https://bao.example/"><title>Báo thử</title></channel>{"".join(items)}</rdf:RDF>'
    )


def _atom(chance: random.Random, seed: int) -> str:
    entries = []
    for number in range(chance.randint(0, 7)):
        title, link, summary = _entry_text(chance, seed, number)
        kind = chance.choice(("html", "text", "xhtml"))
        inner = f'<div xmlns="http://www.w3.org/1999/xhtml">{number}</div>' if kind == "xhtml" else summary
        entries.append(
            f'<entry><title type="html">{title}</title><id>tag:bao.example,2026:{seed}-{number}</id>'
            f'<link rel="alternate" href="{link}"/><updated>{chance.choice(_DATES)}</updated>'
            f'<summary type="{kind}">{inner}</summary></entry>'
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="vi">'
        f"<title>Báo thử</title><id>tag:bao.example,2026:f</id>{''.join(entries)}</feed>"
    )


# --- damages: (chance, body) -> body ---------------------------------------------------------

_TAG = re.compile(rb"<[^<>]{1,200}>")


def flip_bits(chance: random.Random, body: bytes) -> bytes:
    """Up to a dozen bits the other way."""
    out = bytearray(body)
    for _ in range(chance.randint(1, 12) if out else 0):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def cut_bytes(chance: random.Random, body: bytes) -> bytes:
    """A piece is missing: at the start, at the end or anywhere, through letters and tags."""
    start = chance.choice((0, chance.randint(0, len(body))))
    end = chance.choice((len(body), min(len(body), start + chance.randint(1, 400))))
    return body[:start] + body[end:] if chance.random() < 0.5 else body[start:end]


def repeat_bytes(chance: random.Random, body: bytes) -> bytes:
    """A piece is there many times."""
    start = chance.randint(0, len(body))
    piece = body[start : start + chance.randint(1, 300)]
    return body[:start] + piece * chance.choice((2, 3, 50, 1000)) + body[start:]


def drop_tag(chance: random.Random, body: bytes) -> bytes:
    """A tag less."""
    tag = _some_tag(chance, body)
    return body[: tag.start()] + body[tag.end() :] if tag else body


def double_tag(chance: random.Random, body: bytes) -> bytes:
    """A tag twice or very often."""
    tag = _some_tag(chance, body)
    return body[: tag.end()] + tag[0] * chance.choice((1, 2, 500)) + body[tag.end() :] if tag else body


def swap_tags(chance: random.Random, body: bytes) -> bytes:
    """Two tags change places."""
    tags = list(_TAG.finditer(body))
    if len(tags) < 2:
        return body
    one, two = sorted(chance.sample(tags, 2), key=lambda tag: tag.start())
    between = body[one.end() : two.start()]
    return body[: one.start()] + two[0] + between + one[0] + body[two.end() :]


def odd_attributes(chance: random.Random, body: bytes) -> bytes:
    """Attributes that are many, doubled, unquoted, endless or in nobody's namespace."""
    odd = chance.choice(
        (
            b' a="1" a="2"',
            b" a=unquoted b='",
            b' xml:base="javascript:alert(1)//"',
            b' xml:base="http://[::1/"',
            b' xmlns="http://nobody.example/"',
            b' xmlns:x="" x:y="1"',
            b' isPermaLink="true" type="xhtml" mode="base64" rel="enclosure"',
            b" " + b" ".join(b'n%d="v"' % number for number in range(2000)),
            b' long="' + b"\xc4\x90" * 50_000 + b'"',
            b' type="application/octet-stream;base64" src="file:///etc/passwd"',
        )
    )
    tag = _some_tag(chance, body)
    return body[: tag.end() - 1] + odd + body[tag.end() - 1 :] if tag else body


def odd_namespace(chance: random.Random, body: bytes) -> bytes:
    """The namespaces are others, or nobody declared them."""
    old, new = chance.choice(
        (
            (b"http://www.w3.org/2005/Atom", b"http://purl.org/atom/ns#"),
            (b"http://purl.org/rss/1.0/", b"http://my.netscape.com/rdf/simple/0.9/"),
            (b"<item", b"<x:item"),
            (b"<entry", b"<a:entry"),
            (b"<title", b"<media:title"),
            (b' version="2.0"', b""),
            (b"<rss", b"<RSS"),
            (b"xmlns", b"XMLNS"),
        )
    )
    return body.replace(old, new)


def odd_reference(chance: random.Random, body: bytes) -> bytes:
    """An entity or character reference that is impossible, undefined or a trick."""
    odd = chance.choice(
        (
            b"&nbsp;", b"&undefined;", b"&", b"&#0;", b"&#xD800;", b"&#x110000;", b"&#99999999999999999999;",
            b"&#x1F600;", b"&amp;amp;amp;lt;b&gt;", b"&#xFFFE;", b"&agrave", b"&#", b"&#x;", b"&lt;!--" * 50,
            b"&#8238;", b"&a;&b;&c;",
        )
    )  # fmt: skip
    return _inserted(chance, body, odd)


def odd_doctype(chance: random.Random, body: bytes) -> bytes:
    """A document type with entities, harmless or not."""
    odd = chance.choice(
        (
            b'<!DOCTYPE r [<!ENTITY a "x">]>',
            b'<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>',
            b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
            b'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>',
            b'<!DOCTYPE rss PUBLIC "-//x//" "http://127.0.0.1:9/x.dtd">',
            b"<!DOCTYPE r [",
            b"<!DOCTYPE " + b"[" * 3000,
            b'<!DOCTYPE r [<!ATTLIST item x CDATA "d"><!NOTATION n SYSTEM "n">]>',
        )
    )
    end = body.find(b"?>") + 2 if body.startswith(b"<?xml") else 0
    return body[:end] + odd + body[end:]


def odd_markup(chance: random.Random, body: bytes) -> bytes:
    """Comments, CDATA, instructions and declarations, whole or cut."""
    odd = chance.choice(
        (
            b"<!--", b"-->", b"<!-- -- -->", b"<![CDATA[", b"]]>", b"<![CDATA[<![CDATA[", b"<?php echo 1 ?>", b"<?",
            b'<?xml version="1.0"?>', b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>', b"<!h<!h<", b"<!ENTITY",
            b"<script>alert(1)</script>", b"<xi:include href='file:///etc/passwd'/>", b"</channel>", b"</rss>", b"<",
            b"<!--" * 300,
        )
    )  # fmt: skip
    return _inserted(chance, body, odd)


def odd_letters(chance: random.Random, body: bytes) -> bytes:
    """Letters that are cut, forbidden, invisible or of another encoding."""
    odd = chance.choice(
        (
            b"\x00", b"\xff", b"\xc3", b"\xe1\xbb", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xff\xfe",
            b"\x1b[31m", b"\x07" * 40, "\u202e\u2066\u200b".encode(), "e\u0302\u0323".encode() * 200,
            "\U000e0041".encode(), "Bão số 9".encode("cp1258", "replace"), "日本".encode("shift_jis"),
        )
    )  # fmt: skip
    return _inserted(chance, body, odd)


def other_encoding(chance: random.Random, body: bytes) -> bytes:
    """The whole document, or its second half, in another encoding than it says."""
    text = body.decode("utf-8", "replace")
    encoding = chance.choice(
        ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1258", "latin-1", "shift_jis", "gb18030", "utf-7")
    )
    if chance.random() < 0.3:
        half = len(text) // 2
        return text[:half].encode() + text[half:].encode(encoding, "replace")
    return text.encode(encoding, "replace")


def other_declaration(chance: random.Random, body: bytes) -> bytes:
    """The declaration says something else."""
    said = chance.choice(
        (
            b'encoding="utf-16"', b'encoding="x-banana"', b'encoding="utf-7"', b'encoding="hex"', b'encoding=""',
            b'encoding="us-ascii"', b'encoding="shift_jis"', b'encoding="idna"', b'encoding="undefined"',
            b'encoding="utf-8" standalone="maybe"',
        )
    )  # fmt: skip
    return re.sub(rb'encoding="[^"]{0,20}"', said, body, count=1)


def deep_nesting(chance: random.Random, body: bytes) -> bytes:
    """Elements in elements in elements."""
    name = chance.choice((b"b", b"item", b"entry", b"div", b"x:y", b"description", b"svg"))
    depth = chance.choice((10, 300, 5000))
    closing = (b"</%s>" % name) * depth if chance.random() < 0.7 else b""
    return _inserted(chance, body, (b"<%s>" % name) * depth + closing)


def huge_field(chance: random.Random, body: bytes) -> bytes:
    """A field of a few hundred kilobytes."""
    filling = chance.choice((b"\xc4\x90", b"a ", b"&amp;", b"<b>x</b>", b"&lt;", b"]]", b"\n"))
    field = chance.choice(
        (b"title", b"link", b"guid", b"pubDate", b"description", b"id", b"updated", b"author")
    )
    return _inserted(chance, body, b"<%s>%s</%s>" % (field, filling * chance.choice((5_000, 60_000)), field))


def spliced(chance: random.Random, body: bytes) -> bytes:
    """Cut off anywhere and continued by another document."""
    other = chance.choice((_rss, _rdf, _atom))(chance, chance.randrange(10**6)).encode()
    return body[: chance.randint(0, len(body))] + other[chance.randint(0, len(other)) :]


def packed(chance: random.Random, body: bytes) -> bytes:
    """Compressed once more than anybody says."""
    return gzip.compress(body, mtime=0)


def _some_tag(chance: random.Random, body: bytes) -> re.Match[bytes] | None:
    tags = list(_TAG.finditer(body))
    return chance.choice(tags) if tags else None


def _inserted(chance: random.Random, body: bytes, piece: bytes) -> bytes:
    place = chance.randint(0, len(body))
    return body[:place] + piece + body[place:]


DAMAGES: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    flip_bits, flip_bits, cut_bytes, cut_bytes, repeat_bytes, drop_tag, double_tag, swap_tags, odd_attributes,
    odd_namespace, odd_reference, odd_reference, odd_doctype, odd_markup, odd_markup, odd_letters, odd_letters,
    other_encoding, other_declaration, deep_nesting, huge_field, spliced, packed,
)  # fmt: skip
