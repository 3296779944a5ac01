"""Whether a server's answer says that nobody reads an address, or that it cannot take this letter now."""

from __future__ import annotations

import re

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_PLAIN = re.compile(r"(?<![\d.#-])([45]\d\d)(?=[\s-])")
_FULL = re.compile(
    r"quota|mailbox (?:is )?full|full mailbox|storage (?:exceeded|limit)|hộp thư.{0,20}đầy|容量|いっぱい",
    re.IGNORECASE,
)

# RFC 3463 with IANA's registry. 5.1.7 and 5.1.8 speak of the sender. 5.4.1 and 5.4.310 are how Microsoft says that
# there is no such mailbox and no such domain; 5.4.4 is a domain without a server.
_GONE = re.compile(r"5\.(?:1\.(?!7$|8$)\d+|2\.1|4\.(?:1|4|310))")
_NO_SUCH = frozenset({"550", "551", "553"})


def is_final(status: str, words: str) -> bool:
    """Whether the address is dead. Full, too large, refused by policy or tried too long is not that.

    `status` is an enhanced code (RFC 3463) or ""; `words` what the server said.
    """
    if _FULL.search(words):
        return False
    codes = [found for text in (status, words) for found in _ENHANCED.finditer(text)]
    told = next((code for code in codes if code[0][1:] != ".0.0"), None)  # X.0.0 says nothing
    if told:
        return _GONE.fullmatch(told[0]) is not None
    plain = _PLAIN.search(words)
    if plain:
        return plain[1] in _NO_SUCH
    return all(code[1] == "5" for code in codes)
