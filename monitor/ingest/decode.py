"""Bytes to text, by what the bytes are rather than by what is said of them.

News sites cut letters in half and declare what they do not send; one wrong guess turns a whole feed into
mojibake. So: a byte order mark wins, then UTF-8 if the bytes are (mostly) that, then what is declared.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODING_IN_XML = re.compile(
    rb"""^[^<]{0,200}<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']"""
)
_CHARSET_IN_HTTP = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
# Only plain character sets: Python also knows "encodings" that hide markup (utf-7) or are none (hex).
_CHARACTER_SET = re.compile(r"(iso8859|cp\d|koi8|gb|big5|shift_jis|euc_|iso2022|mac-|tis-620|ptcp)")
# Encodings with rules of their own to break: bytes that keep them all are no accident.
_EAST_ASIAN = re.compile(r"gb|big5|shift_jis|euc_|iso2022")
_DECLARATION = re.compile(r"<\?xml\s[^>]*>")
_ROOT = re.compile(r"<(?:rss|feed|rdf:RDF)[\s>]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_CHARACTER_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_FALLBACK = "cp1258"


@dataclass(frozen=True, slots=True)
class Decoded:
    """XML text without declaration, byte order mark and characters XML forbids."""

    text: str
    problems: tuple[str, ...] = ()


def decode(body: bytes, content_type: str) -> Decoded:
    """The text of a feed's body. Never fails: the worst case is windows-1258 with replacement characters."""
    text, problems = _decoded(body, tuple(_declared(body, content_type)))
    text, cut = _without_declaration(text)
    if cut:
        problems += ("text before the XML declaration was left out",)
    cleaned = _CHARACTER_REFERENCE.sub(_possible_reference, _NOT_XML.sub("", text))
    if cleaned != text:
        problems += ("control or impossible characters were removed",)
    return Decoded(cleaned, problems)


def _declared(body: bytes, content_type: str) -> Iterator[str]:
    """Usable declared character sets in Python's own spelling, the document's word before the server's."""
    in_xml = _ENCODING_IN_XML.match(body[:1024])
    in_http = _CHARSET_IN_HTTP.search(content_type)
    names = [in_xml[1].decode("ascii")] if in_xml else []
    names += [in_http[1]] if in_http else []
    for name in names:
        try:
            known = codecs.lookup(name).name
        except LookupError:
            continue
        if _CHARACTER_SET.match(known):
            yield "cp1252" if known == "iso8859-1" else known  # as browsers do


def _decoded(body: bytes, declared: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _replacing(body[len(mark) :], encoding)
    if body[:2] in (b"<\x00", b"\x00<"):
        return _replacing(body, "utf-16-le" if body[1] == 0 else "utf-16-be")
    east_asian = [name for name in declared if _EAST_ASIAN.match(name)]
    for encoding in ("utf-8", *east_asian) if not body.isascii() else east_asian:
        try:
            return body.decode(encoding), ()
        except UnicodeDecodeError:
            continue
    if _mostly_utf8(body):
        return _replacing(body, "utf-8")
    if not declared:
        text, problems = _replacing(body, _FALLBACK)
        return text, (f"no usable character set declared; read as {_FALLBACK}", *problems)
    return _replacing(body, declared[0])


def _replacing(body: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    text = body.decode(encoding, errors="replace")
    damaged = text.count("\ufffd")
    return text, (f"{damaged} damaged characters, read as {encoding}",) if damaged else ()


def _mostly_utf8(body: bytes) -> bool:
    """At least one whole multi-byte letter for every four damaged places: other encodings give hardly any."""
    text = body.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    whole = sum(1 for letter in text if letter > "\x7f") - damaged
    return whole * 4 >= damaged


def _without_declaration(text: str) -> tuple[str, bool]:
    text = text.lstrip("\ufeff \t\r\n")
    declaration = _DECLARATION.search(text, 0, 4096)
    if declaration is None or _ROOT.search(text, 0, declaration.start()):
        return text, False
    return text[declaration.end() :], bool(text[: declaration.start()].strip())


def _possible_reference(match: re.Match[str]) -> str:
    digits, base = (match[1], 16) if match[1] else (match[2], 10)
    number = int(digits, base) if len(digits) <= 8 else 0x110000
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        return "\ufffd"
    return "" if _NOT_XML.match(chr(number)) else match[0]
