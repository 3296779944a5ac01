"""One normalisation of Vietnamese text, for training and serving alike. Tone marks are never folded here.

Unicode NFC; the newer placement of tone marks (hòa, not hoà); i for y where papers differ on one word (ký, kỹ,
tỷ); one kind of dash, quote and space. Letter case stays: "Nhật" is not "nhật".
"""

from __future__ import annotations

import re
import unicodedata

_TONES = "\u0300\u0301\u0309\u0303\u0323"  # grave, acute, hook above, tilde, dot below


def _tone_pairs() -> dict[str, str]:
    """Old to new placement for oa, oe and uy in open syllables: hoà → hòa, khoẻ → khỏe, thuỷ → thủy."""
    pairs = {}
    for first, second in ("oa", "oe", "uy"):
        for tone in _TONES:
            for one in (first, first.upper()):
                for two in (second, second.upper()):
                    old = one + unicodedata.normalize("NFC", two + tone)
                    pairs[old] = unicodedata.normalize("NFC", one + tone) + two
    return pairs


_PLACEMENT = _tone_pairs()
# Not after q (quý is q-u-y) and only where no letter follows (hoàn keeps its mark).
_OLD_PLACEMENT = re.compile(rf"(?<![qQ])(?:{'|'.join(_PLACEMENT)})(?!\w)")

_Y_FOR_I = {
    "kí": "ký", "kì": "kỳ", "kĩ": "kỹ", "kỉ": "kỷ", "kị": "kỵ", "lí": "lý", "mĩ": "mỹ", "tỉ": "tỷ", "quí": "quý",
    "sỹ": "sĩ",
}  # fmt: skip
_I_AND_Y = {**_Y_FOR_I, **{old.capitalize(): new.capitalize() for old, new in _Y_FOR_I.items()}}
_I_OR_Y = re.compile(rf"(?<!\w)(?:{'|'.join(_I_AND_Y)})(?!\w)")

_PLAIN = str.maketrans(
    {
        "–": "-", "—": "-", "‑": "-", "−": "-", "‐": "-", "‒": "-",
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "´": "'",
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u3000": " ",
        "\u200b": None, "\u200c": None, "\u200d": None, "\u00ad": None, "\ufeff": None,
        "Ð": "Đ",  # U+00D0 ETH typed for U+0110
    }
)  # fmt: skip

_SPACES = re.compile(r"\s+")

TOKEN = re.compile(r"\w+|[.,;:!?()\"…/](?=\s|$)")
"""A run of letters and digits, or a mark that ends a phrase (so that no name is found across it)."""


def normalise(text: str) -> str:
    """`text` in the one spelling this package knows. Idempotent."""
    text = unicodedata.normalize("NFC", text).translate(_PLAIN)
    text = unicodedata.normalize("NFC", text)
    text = _OLD_PLACEMENT.sub(lambda match: _PLACEMENT[match.group()], text)
    text = _I_OR_Y.sub(lambda match: _I_AND_Y[match.group()], text)
    return _SPACES.sub(" ", text).strip()


def tokens(text: str) -> list[str]:
    """The tokens of normalised text, in order, letter case kept; see TOKEN."""
    return TOKEN.findall(text)


def words(text: str) -> list[str]:
    """The words of any text, normalised, letter case kept, without the marks between them."""
    return [token for token in tokens(normalise(text)) if token[0].isalnum()]


def fold(text: str) -> str:
    """`text` without tone marks, with d for đ, in lower case: for search alone, never for the classifier."""
    decomposed = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))
