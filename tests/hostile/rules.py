"""What must hold for feeds of each kind: the texts of the rules, each with a check that can fail.

A check returns what is wrong, or "". The two lists below are all the rules there are; an unknown one fails the test.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from tests.hostile.evidence import Evidence, letters_with
from tests.hostile.faultserver import source_id

HEALTHY = "lanh"
MOST_IN_A_LETTER = 60
SECRETS = ("root:x:0", "SECRETCANARY")
ET = "Bão số 9 áp sát Quảng Ngãi, sơ tán hàng nghìn người"
_REFUSED = re.compile(
    r"private address|only http and https|unusable|refused|user name in the URL|no host|port \d+ is refused",
    re.I,
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_OFF = frozenset(
    ("script", "iframe", "object", "embed", "form", "base", "link", "svg", "math", "input", "button")
)


@dataclass(frozen=True)
class Case:
    """A case of the manifest, what was seen of it, and of an installation that mails everything."""

    path: str
    expect: dict[str, Any]
    seen: Evidence
    mailed: Evidence

    @property
    def feed(self) -> str:
        """The id of its feed."""
        return source_id(self.path)

    @property
    def outcomes(self) -> list[str]:
        """How its polls ended."""
        return [reports[self.feed]["outcome"] for reports in self.seen.reports if self.feed in reports]

    @property
    def articles(self) -> list[dict[str, Any]]:
        """What it brought."""
        return self.seen.articles(self.feed)

    @property
    def reason(self) -> str:
        """In words, from all its polls."""
        return " | ".join(self.seen.reasons(self.feed))

    def requests(self) -> list[dict[str, Any]]:
        """The server's notes of it."""
        return [each for each in self.seen.ledger if each.get("path", "").partition("?")[0] == self.path]


Check = Callable[[Case], str]


def _stays_up(case: Case) -> str:
    codes = [poll.code for poll in case.seen.polls]
    return "" if set(codes) <= {0} else f"polls ended with {codes}"


def _others_stored(case: Case) -> str:
    for reports in case.seen.reports:
        bad = [
            feed
            for feed, report in reports.items()
            if feed.startswith(HEALTHY) and report["outcome"] != "new"
        ]
        if bad:
            return f"healthy feeds suffered: {bad}"
    return "" if max(poll.seconds for poll in case.seen.polls) <= 90 else "a cycle took too long"


def _one_reason(case: Case) -> str:
    """A failure has its reason, in one printable line: what the daemon logs and `poll` prints."""
    for reports in case.seen.reports:
        reason = reports[case.feed]["reason"] if case.feed in reports else ""
        if case.feed in reports and reports[case.feed]["outcome"] == "failed" and len(reason) < 6:
            return f"no reason: {reason!r}"
        if not "".join(reason.split(" ")).isprintable():
            return f"not one printable line: {reason!r}"
    return ""


def _stops_reading(case: Case) -> str:
    most = max((request["sent"] for request in case.requests()), default=0)
    if most > 24 * 2**20:
        return f"{most >> 20} MB were read"
    return (
        ""
        if re.search(r"larger than|content-encoding", case.reason, re.I)
        else f"other reason: {case.reason}"
    )


def _no_growth(case: Case) -> str:
    growth = max(poll.peak for poll in case.seen.polls) - case.seen.baseline
    return "" if growth <= 300 else f"memory grew by {growth:.0f} MB"


def _stored_or_capped(case: Case) -> str:
    return "" if len(case.articles) == 10_000 or "cap" in case.reason else f"{len(case.articles)} stored"


def _letters_bounded(case: Case) -> str:
    rows = case.seen.house.rows("SELECT max(items) AS most FROM digest")
    return "" if rows[0]["most"] <= MOST_IN_A_LETTER else f"{rows[0]['most']} items in a letter"


def _titles_bounded(case: Case) -> str:
    longest = max((len(article["title"]) for article in case.articles), default=0)
    lines = max(len(line) for letter in case.mailed.letters for line in letter.raw.split(b"\n"))
    return "" if longest <= 1000 and lines <= 999 else f"title {longest}, line {lines}"


def _no_segfault(case: Case) -> str:
    return "the reader crashed" if re.search(r"code -1?1\b|RecursionError", case.reason) else ""


def _deadline(case: Case) -> str:
    slowest = max(reports[case.feed]["seconds"] for reports in case.seen.reports if case.feed in reports)
    return "" if slowest <= 60 else f"{slowest} s"


def _failed_without_articles(case: Case) -> str:
    if set(case.outcomes) != {"failed"}:
        return f"outcomes {case.outcomes}"
    return f"{len(case.articles)} stored" if case.articles else ""


def _whole_items(case: Case) -> str:
    bad = [
        article["title"]
        for article in case.articles
        if not re.search(r"\[\w+-\d+\]$", article["title"]) or not article["summary"].endswith(".")
    ]
    return f"half stored: {bad[:2]}" if bad else ""


def _unclosed(case: Case) -> str:
    return _whole_items(case) or ("" if len(case.articles) == 4 else f"{len(case.articles)} of 4 whole ones")


def _nothing_vanishes(case: Case) -> str:
    totals = [sum(counts.values()) for counts in case.seen.stored]
    return "" if totals == sorted(totals) else f"articles by poll: {totals}"


def _not_a_feed(case: Case) -> str:
    return _failed_without_articles(case) or ("" if "not a feed" in case.reason else case.reason)


def _redirect_limit(case: Case) -> str:
    most = case.seen.hits[0].get(case.path, 0)
    return "" if most <= 21 and "redirect" in case.reason else f"{most} requests, {case.reason}"


def _backs_off(case: Case) -> str:
    """Not asked again at once, and asked again after a day: the second and the last look at the hits."""
    first, soon, before_last, last = (case.seen.hits[number].get(case.path, 0) for number in (0, 1, -2, -1))
    if soon != first:
        return f"asked again within a minute: {first}, {soon}"
    return "" if last > before_last else "not asked again after more than a day"


def _waits(case: Case) -> str:
    first, soon = (case.seen.hits[number].get(case.path, 0) for number in (0, 1))
    return "" if first == soon == 1 else f"asked {soon} times within its time"


def _gone(case: Case) -> str:
    return _waits(case) or ("" if "410" in case.reason else case.reason)


def _capped_wait(case: Case) -> str:
    return _waits(case) or ("" if case.seen.hits[2].get(case.path, 0) == 2 else "not asked again after a day")


def _recovers(case: Case) -> str:
    rows = case.seen.house.rows("SELECT failures FROM feed_state WHERE feed_id = ?", case.feed)
    good = case.outcomes[-1] == "new" and rows[0]["failures"] == 0
    return "" if good else f"{case.outcomes}, {rows[0]['failures']} failures"


def _uses_validators(case: Case) -> str:
    first, *later = case.requests()
    asked = bool(later) and all("if-none-match" in request["headers"] for request in later)
    good = asked and set(case.outcomes[1:]) == {"not-modified"} and "if-none-match" not in first["headers"]
    return "" if good else f"{case.outcomes}, validators sent: {asked}"


def _not_believed(case: Case) -> str:
    return "" if "304" in case.reason else f"{case.outcomes}"


def _all_served_stored(case: Case) -> str:
    served = {item for each in case.requests() if each["path"] == case.path for item in each["items"]}
    stored = {
        found for article in case.articles for found in re.findall(r"\[([\w.-]+-\d+)\]", article["title"])
    }
    if not served:
        return "nothing was served"
    return f"lost: {sorted(served - stored)[:5]}" if served - stored else ""


def _never_failed(case: Case) -> str:
    return f"{case.outcomes}: {case.reason}" if "failed" in case.outcomes else ""


def _no_canary(case: Case) -> str:
    return f"{len(case.seen.canary)} canary hits" if case.seen.canary else ""


def _names_the_address(case: Case) -> str:
    return "" if _REFUSED.search(case.reason) else case.reason


def _no_credentials(case: Case) -> str:
    leaking = [r for r in case.seen.ledger if {"authorization", "cookie"} & set(r.get("headers", {}))]
    allowed = [r for r in leaking if r["path"].startswith("/proto/set-cookie")]
    return _no_canary(case) or ("" if leaking == allowed else f"{leaking[:2]}")


def _no_secret(case: Case) -> str:
    for seen in (case.seen, case.mailed):
        texts = [seen.said, *(letter.html + letter.text for letter in seen.letters)]
        texts += [
            f"{row['title']} {row['summary']}"
            for row in seen.house.rows("SELECT title, summary FROM article")
        ]
        if found := [secret for secret in SECRETS for text in texts if secret in text]:
            return f"found {found[0]}"
    return ""


def _no_controls(case: Case) -> str:
    for seen in (case.seen, case.mailed):
        for text in (
            seen.said,
            *(text for mail in seen.letters for text in (mail.subject, mail.text, mail.html)),
        ):
            if found := _CONTROL.search(text):
                return f"{found[0]!r} in …{text[max(0, found.start() - 40) : found.start()]!r}"
    return ""


def _title_is(expected: str) -> Check:
    def check(case: Case) -> str:
        titles = [article["title"] for article in case.articles]
        return "" if titles == [unicodedata.normalize("NFC", expected)] else f"{titles}"

    return check


def _mailed_as(expected: str) -> Check:
    def check(case: Case) -> str:
        found = [
            letter for letter in case.mailed.letters if expected in letter.text and expected in letter.html
        ]
        return "" if found else "not in any letter as it should read"

    return check


def _no_script(case: Case) -> str:
    return next((fault for mail in case.mailed.letters if (fault := html_fault(mail.html))), "")


def _mixed(case: Case) -> str:
    good = [
        a
        for a in case.articles
        if a["summary"] == "Tóm tắt bản tin số 0 của nguồn mix." and "[mix-0]" in a["title"]
    ]
    return (
        ""
        if len(good) == 1 and "\ufffd" not in good[0]["title"]
        else f"{[a['title'] for a in case.articles]}"
    )


def _double_escaped(case: Case) -> str:
    if wrong := _title_is('"Đá" & bóng')(case):
        return wrong
    once = re.compile(r'(?:"|&#34;|&quot;)Đá(?:"|&#34;|&quot;) &amp; bóng')
    return (
        ""
        if any(once.search(letter.html) for letter in case.mailed.letters)
        else "escaped otherwise in letters"
    )


def _no_turning(case: Case) -> str:
    turned = [mail for mail in case.mailed.letters if _TURNING.search(mail.subject + mail.text + mail.html)]
    return "marks that turn the text are in a letter" if turned else ""


def _count(number: int) -> Check:
    return lambda case: "" if len(case.articles) == number else f"{len(case.articles)} stored"


def _sane_time(case: Case) -> str:
    for article in case.articles:
        published = datetime.fromisoformat(article["published"])
        if not timedelta(days=-6 * 366) < published - datetime.now(UTC) < timedelta(days=1):
            return f"published {published}"
    return ""


def _once_in_letters(case: Case) -> str:
    """Once to each reader what is relevant and fresh; what is older may have become too old while it waited."""
    for article in case.articles:
        fresh = datetime.fromisoformat(article["published"]) > datetime.now(UTC) - timedelta(hours=36)
        wanted = {1} if article["decision"] == "send" and fresh else {0, 1}
        for reader, times in letters_with(case.seen.letters, article["link"]).items():
            if times not in wanted:
                return f"{times} times to {reader}: {article['title'][:60]}"
    return ""


def _same_on_every_poll(case: Case) -> str:
    counts = {counts.get(case.feed, 0) for counts in case.seen.stored}
    return "" if counts in ({1}, {2}) else f"{counts}"


def _three_sighted(case: Case) -> str:
    return "" if len(case.articles) == 3 else f"{len(case.articles)} articles"


def _both_shared(case: Case) -> str:
    both = {article["id"] for name in ("a", "b") for article in case.seen.articles(f"fault-id-shared-{name}")}
    return "" if len(both) == 6 else f"{len(both)} articles"


def _keys_bounded(case: Case) -> str:
    rows = case.seen.house.rows("SELECT max(length(key)) AS most FROM article_key")
    return "" if rows[0]["most"] <= 2100 else f"a key of {rows[0]['most']} letters"


def _flood_told(case: Case) -> str:
    return "" if "a flood: 9980 new" in case.reason else "9,980 items at once are told like any others"


def html_fault(page: str) -> str:
    """What of a page could run, load or lead elsewhere; "" if nothing."""
    finder = _Finder()
    finder.feed(page)
    return finder.faults[0] if finder.faults else ""


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _OFF:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            bad_link = name in ("href", "src") and not re.match(r"(https?|mailto):", value or "")
            loads = name == "src" or (name == "style" and "url(" in (value or ""))
            refreshes = tag == "meta" and name == "http-equiv" and (value or "").lower() == "refresh"
            if name.startswith("on") or bad_link or loads or refreshes:
                self.faults.append(f"<{tag} {name}={value!r:.80}>")


def _no_product(case: Case) -> str:
    for number in ("1787569", "13371337"):
        if any(number in mail.text + mail.html + mail.subject for mail in case.mailed.letters):
            return f"{number} is in a letter"
    return ""


def _literal(*texts: str) -> Check:
    def check(case: Case) -> str:
        titles = "\n".join(article["title"] for article in case.articles)
        return next((f"not stored as it is: {text}" for text in texts if text not in titles), "")

    return check


def _headers(case: Case) -> str:
    for mail in case.mailed.letters:
        head = (
            mail.raw.partition(b"\r\n\r\n")[0] if b"\r\n\r\n" in mail.raw else mail.raw.partition(b"\n\n")[0]
        )
        names = [line.partition(b":")[0].lower() for line in head.splitlines() if line[:1] not in b" \t"]
        if names.count(b"subject") != 1 or names.count(b"to") != 1 or {b"bcc", b"cc"} & set(names):
            return f"headers {names}"
        if any(len(line) > 998 for line in head.splitlines()):
            return "a header line is too long"
    return ""


def _nothing_forged(case: Case) -> str:
    lines = [*case.seen.said.splitlines(), *case.mailed.said.splitlines()]
    forged = [line for line in lines if line.startswith("2026-11-21 00:00:00 ERROR")]
    return _no_controls(case) or (f"forged: {forged[0]}" if forged else "")


def _all(*checks: Check) -> Check:
    return lambda case: next((wrong for check in checks if (wrong := check(case))), "")


_COMMON = _all(_stays_up, _others_stored, _one_reason)

CHECKS: dict[str, Check] = {
    "the daemon stays up": _stays_up,
    "other feeds of the same cycle are stored and on time": _others_stored,
    "other feeds are unaffected": _others_stored,
    "one clear log line names this feed and the reason": _one_reason,
    "every id of a completely sent response ends up stored exactly once": _all_served_stored,
    "every served item is stored": _all_served_stored,
    "every item of every completely sent response is stored": _all_served_stored,
    "every id is mailed to each subscriber exactly once": _once_in_letters,
    "stops reading at the configured limit of DECOMPRESSED bytes (miniflux: 15 MiB)": _stops_reading,
    "no allocation by Content-Length": _no_growth,
    "stored or capped with a logged cap": _stored_or_capped,
    "digest stays below its own item cap": _letters_bounded,
    'no digest with 10,000 lines: cap + "and N more"': _letters_bounded,
    "stored title and mail subject/line are bounded": _titles_bounded,
    "no RecursionError traceback, no segfault": _no_segfault,
    "a total deadline per feed holds (not only a per-read timeout; miniflux: 20 s)": _deadline,
    "items of the half body are not stored as a whole feed, "
    "or stored without marking the feed healthy": _failed_without_articles,
    "no half item is stored": _whole_items,
    "complete items are kept (bozo), the cut one is not stored half": _unclosed,
    "does not wipe the stored items": _nothing_vanishes,
    "stored articles are kept": _nothing_vanishes,
    'reports "not a feed", does not count as success with zero items': _not_a_feed,
    "redirect limit (RFC 9110: detect loops; Go stops at 10, curl 50)": _redirect_limit,
    "kept in rotation with backoff": _backs_off,
    "default backoff used": _backs_off,
    "polling stops or slows to a crawl and the operator is told": _gone,
    "no request to this URL for >= 120 s (see /_hits)": _waits,
    "no request for >= 120 s": _waits,
    "no request for >= 60 s": _waits,
    "delay is capped (say 24 h), no overflow": _capped_wait,
    "recovers by itself; error counter resets": _recovers,
    "2nd poll sends If-None-Match/If-Modified-Since and treats 304 as success": _uses_validators,
    "does not believe it for ever: reported, or one unconditional GET from time to time": _not_believed,
    "stored bounded or dropped; next request is not rejected": _never_failed,
    "no hit on the canary (GET /_canary -> 0)": _no_canary,
    "no hit on the canary": _no_canary,
    "no hit on the canary (link previews, favicons, enclosure probes)": _no_canary,
    "error names 'private address' or similar": _names_the_address,
    "credentials of the feed URL are not sent to the other host (see /_ledger headers)": _no_credentials,
    "no file content in database, mail, page or log": _no_secret,
    "no file content anywhere": _no_secret,
    "as above": _COMMON,
    "no control character reaches mail, terminal or page": _no_controls,
    "stored title equals the original in NFC": _title_is(ET),
    "mail subject/body shows the same text in UTF-8": _mailed_as(ET),
    "no crash; mojibake is acceptable, silent data loss of other items is not": _COMMON,
    "no crash; ideally detected and converted to Unicode, else stored as is": _all(_COMMON, _count(1)),
    "no crash; repair (ftfy-like) optional": _all(_COMMON, _count(1)),
    "no live <script> in mail or page": _no_script,
    "the UTF-8 item is stored correctly": _mixed,
    'title reads "Thông tài khoá"': _title_is("Thông tài khoá"),
    "text reads cleanly, still escaped exactly once in HTML output": _double_escaped,
    "no bidi override reaches the mail subject or page unisolated": _no_turning,
    "still one article after 4 polls": _count(1),
    "item is stored once": _count(1),
    "a sane time is used (fetch time if the date is absent, unparsable, or in the future)": _sane_time,
    "item is in the next digest exactly once, never held back until 2099, "
    "never dropped for being from 1970 when first seen": _once_in_letters,
    "not mailed again": _once_in_letters,
    "after the third poll nothing is mailed again": _once_in_letters,
    "documented rule: 1 or 2 stored, same on every poll, no crash on UNIQUE": _same_on_every_poll,
    "still 3 articles after 4 polls, mailed once": _all(_count(3), _once_in_letters),
    "one article, mailed once (an update may be stored)": _all(_count(1), _once_in_letters),
    "3 articles after 4 polls": _count(3),
    "3 articles, not 1": _count(3),
    "20 articles": _count(20),
    "guids are scoped to their feed: 6 articles from both": _both_shared,
    "documented: deduplicated in the digest, or twice by design": _three_sighted,
    "stored as a hash or bounded": _keys_bounded,
    "a flood is noticed and reported": _flood_told,
    "no event-handler attribute, script, iframe, object, form, meta, base or style import in the HTML "
    "output": _no_script,
    "links only http/https": _no_script,
    "as /inject/xss": _no_script,
    "every href in mail and page is http(s) and properly quoted; bad ones are shown as text or dropped": _no_script,
    "the product 1787569 / 13371337 appears nowhere": _no_product,
    "shown literally": _literal("{{1337*1337}}", "${1337*1337}", "{{self}}", "%(email)s", '{{7*"1337"}}'),
    "every mail has exactly the intended headers and recipients; no Bcc; one Subject": _headers,
    "Subject <= 998 octets per line, RFC 2047 encoded": _headers,
    "stored literally": _literal(
        "Robert'); DROP TABLE articles;--", '=cmd|"/C calc"!A0', "$(id) `id` ; id", "' OR 1=1 --"
    ),
    "no forged log line, no escape sequence on the terminal, no formula live in CSV export": _nothing_forged,
}

UNCHECKED: dict[str, str] = {
    "may refuse from Content-Length alone": "a permission, not a duty",
    "0 alert/confirm/prompt calls in a real browser on the archive page and the digest HTML": (
        "tests/system/test_letters.py opens a browser"
    ),
    "a feed cannot retrain the model by itself": (
        "the case is off by default; only people's corrections are learnt from (tests/line/test_retrain.py)"
    ),
    "per-feed share of a digest is bounded": "the case is off by default",
}


def broken(case: Case) -> Iterator[str]:
    """Every rule of the case that does not hold."""
    for rule in (*case.expect["must"], *case.expect["must_not"]):
        if rule in UNCHECKED:
            continue
        wrong = CHECKS[rule](case) if rule in CHECKS else "nobody checks this rule"
        if wrong:
            yield f"{case.path}: {rule}: {wrong}"
