"""Vietnamese text in the codes of before Unicode, sent as if it were Unicode: recognised and written anew. Pure.

Old newsroom systems store TCVN3 ("ABC" fonts, TCVN 5712:1993) or VNI-Windows bytes and send them as Latin-1 or as its
UTF-8; others read UTF-8 as Windows-1252 and encode it again. Each shows as letters no Vietnamese word holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial

_TCVN3 = str.maketrans(
    "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢£¤¥¦§",
    "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂÊÔƠƯĐ",
)
_TCVN3_SIGNS = "µ¸¶·¹¨¾¼½©®ª¬¦§\u00ad"
"""What TCVN3 puts inside words and Unicode text does not; quotation marks are left out."""

_VNI_MARKS = {
    "ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323", "â": "\u0302", "á": "\u0302\u0301",
    "à": "\u0302\u0300", "å": "\u0302\u0309", "ã": "\u0302\u0303", "ä": "\u0302\u0323", "ê": "\u0306",
    "é": "\u0306\u0301", "è": "\u0306\u0300", "ú": "\u0306\u0309", "ü": "\u0306\u0303", "ë": "\u0306\u0323",
}  # fmt: skip
_VNI_LETTERS = {"ñ": "đ", "ô": "ơ", "ö": "ư", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI = re.compile(rf"([aeouyôö])([{''.join(_VNI_MARKS)}])|([{''.join(_VNI_LETTERS)}])", re.IGNORECASE)

_TCVN3_TELLING = re.compile(rf"(?<=[a-zA-Z])[{_TCVN3_SIGNS}]|[{_TCVN3_SIGNS}](?=[a-zA-Z])")
_VNI_TELLING = re.compile(r"[aeouy][øûïåä]|[aeo][ùõ](?=[a-z\s])|ñ|[ôö][ùøûõï]", re.IGNORECASE)
_FEWEST = 3
"""Places, of two kinds at least, that tell of an old code: one sign may be a trade mark or a foreign name."""

_TWICE = re.compile("[ÃÄÅÆ][\u0080-\u00bf\u2013-\u2122\u0152-\u017e\u0192\u02c6\u02dc]|á[º»]")
_VIETNAMESE = re.compile("[ạ-ỹăđơư]", re.IGNORECASE)
_WORD = re.compile(r"\S+")


def modern(text: str) -> tuple[str, str]:
    """(the text in Unicode, the name of the code it was in); (the text itself, "") for what is in no old code.

    Words that hold a letter of Vietnamese Unicode stay: such systems put their own Unicode words around old text.
    """
    if text.isascii():
        return text, ""
    repaired = _read_again(text)
    if repaired is not None:
        return repaired, "UTF-8 encoded twice"
    old = " ".join(word for word in _WORD.findall(text) if not _VIETNAMESE.search(word))
    for code, telling, rewrite in _CODES:
        found = [place.lower() for place in telling.findall(old)]
        if len(found) >= _FEWEST and len(set(found)) > 1:
            return _WORD.sub(partial(_rewritten, rewrite), text), code
    return text, ""


def _rewritten(rewrite: Callable[[str], str], match: re.Match[str]) -> str:
    word = match[0]
    return word if word.isascii() or _VIETNAMESE.search(word) else rewrite(word)


def _from_tcvn3(word: str) -> str:
    return word.translate(_TCVN3)


def _from_vni(word: str) -> str:
    def letter(match: re.Match[str]) -> str:
        base = match[1] or match[3]
        found = _VNI_LETTERS.get(base.lower(), base)
        marks = _VNI_MARKS[match[2].lower()] if match[2] else ""
        return (found.upper() if base.isupper() else found) + marks

    return unicodedata.normalize("NFC", _VNI.sub(letter, word))


_CODES = (("TCVN3", _TCVN3_TELLING, _from_tcvn3), ("VNI", _VNI_TELLING, _from_vni))


def _read_again(text: str) -> str | None:
    """The text whose UTF-8 was taken for Windows-1252; None when it was not, or does not become Vietnamese by it."""
    if len(_TWICE.findall(text)) < 2:
        return None
    try:
        again = b"".join(map(_octet, text)).decode()
    except UnicodeError:
        return None
    return again if _VIETNAMESE.search(again) else None


def _octet(letter: str) -> bytes:
    """Its place in Windows-1252; the five octets left open there pass as they are."""
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")
