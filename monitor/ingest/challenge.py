"""Pages that ask a reader to prove that they are no robot, where a feed should be. Pure.

Such a page is no fault that time heals: the operator must write to the publisher. So it has a name of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SNIFFED = 16_384
"""Bytes of a page that are looked at."""

WORDS = "a page that asks for proof that no robot reads it; write to the publisher"

_SERVERS = ("ddos-guard", "sucuri", "incapsula", "qrator")
_IN_PAGE = re.compile(
    r"cf-chl|challenge-platform|cf_chl_opt|just a moment|attention required! \| cloudflare|_incapsula_resource"
    r"|ddos-guard|sgcaptcha|aws-waf|awswaf|hcaptcha|recaptcha|geetest|checking your browser|slowaes|toNumbers\("
    r"|captcha-delivery|perimeterx|px-captcha|kpsdk|are you (?:a )?(?:human|robot)|enable javascript and cookies"
    r"|xác (?:minh|nhận|thực)[^.<]{0,40}(?:không phải|con người|người máy|robot)|kiểm tra trình duyệt",
    re.IGNORECASE,
)
_SETS_COOKIE = re.compile(r"document\.cookie\s*=", re.IGNORECASE)
_COMES_BACK = re.compile(r"location(?:\.(?:href|reload|replace)|\s*=)|http-equiv=.?refresh", re.IGNORECASE)


def header_says_so(headers: Mapping[str, str]) -> bool:
    """Whether the answer's headers name a challenge."""
    mitigated = headers.get("cf-mitigated", "") or headers.get("x-amzn-waf-action", "")
    return mitigated.strip().lower() in ("challenge", "captcha") or bool(headers.get("x-sucuri-block"))


def server_guards(headers: Mapping[str, str]) -> bool:
    """Whether a service that guards sites answered, rather than the site."""
    server = headers.get("Server", "").lower()
    return any(name in server for name in _SERVERS)


def page_says_so(page: str) -> bool:
    """Whether a page asks for proof: by name, or as a script that sets a cookie and comes back."""
    head = page[:SNIFFED]
    return bool(_IN_PAGE.search(head) or (_SETS_COOKIE.search(head) and _COMES_BACK.search(head)))
