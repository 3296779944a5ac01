"""An HTML fragment to one line of plain text. The only module that knows selectolax; knows no feeds.

Only NFC and white space are normalised here: how Vietnamese tone marks are placed is not this module's job.
Everything is repeated until nothing changes, so that cleaning clean text changes nothing.
"""

from __future__ import annotations

import html
import re
import unicodedata

from selectolax.lexbor import LexborHTMLParser, LexborNode

LONGEST_TITLE = 1_000
LONGEST_SUMMARY = 5_000
_MOST_PASSES = 8
_LONGEST_FRAGMENT = 200_000

# A block's edge parts words; an inline tag's does not ("N<b>hật</b>" is one word).
_BLOCK_EDGE = re.compile(
    r"(?=</?(?:address|article|aside|blockquote|br|caption|center|dd|div|dl|dt|figcaption|figure|footer|form"
    r"|h[1-6]|header|hr|li|main|nav|ol|option|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul)[\s/>])",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[<&]")
_NO_TEXT = ["script", "style", "noscript", "template", "iframe", "object", "svg", "math", "textarea", "select"]
# Format characters (soft hyphen, zero width, bidi, tags), fillers that look like nothing, and controls.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
_CLEARING = re.compile(r"clear\s*:\s*both", re.IGNORECASE)
_HEADING = re.compile(r"(?:(?:tin|bài|bài viết|tin tức|tin bài) liên quan|xem thêm|đọc thêm|tin cùng chuyên mục)\W*")

# Marks that outlets set before a lead. A name is cut only with the dash that follows it: always if it is a
# domain (VTV.vn) or can only be the outlet (TTO); if the outlet may also be the subject (VOV, Dân trí), only
# inside parentheses. So "Hà Nội - …", "(Hà Nội) - …", "VN-Index - …" and "VTV - đơn vị …" stay.
_ALWAYS = (
    r"[\w-]+(?:\.[\w-]+)*\.(?:vn|com|net|org)|sggpo|tto|nlđo|nldo|plo|tno|tpo|hnmo|lđo|ndo|nđđt|ndđt|kinhtedothi"
    r"|kinh tế đô thị|antđ|tn&mt|vtc news|gd&tđ|gdtđ|gdvn|skđs|sk&đs|đcsvn|ktđt|đtck|đttco|vnhn|clo|pnvn|pno|qđnd"
    r"|cand online|candonline|ktsg online|vietnam\+ online"
)
_IN_PARENTHESES = (
    r"dân trí|nlđ|pl|sggp|vtv|vov|vtc|voh|antv|cand|hnm|tbktsg|ktsg|nb&cl|tg&vn|tgvn|vnexpress|vietnamnet"
    r"|thanh niên|tuổi trẻ|tiền phong|nhân dân|xây dựng|công thương|hải quan|báo [^()]{2,30}"
)
_DASH = r"[-–—−]"
_PREFIX = re.compile(
    rf"(?:\((?:{_ALWAYS}|{_IN_PARENTHESES})\)[\s.:]*{_DASH}+|(?:{_ALWAYS})(?:\s*{_DASH}+(?=\s)|\s+{_DASH}+))\s*",
    re.IGNORECASE,
)


def clean_title(fragment: str) -> str:
    """The text of a title. A "<" that no ">" answers is a sign, not markup."""
    return _shortened(_settled(fragment, related=False), LONGEST_TITLE)


def clean_summary(fragment: str) -> str:
    """The text of a description, without the outlet's mark before and the related headlines after it."""
    text = _settled(fragment, related=True)
    while (shorter := _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text) != text:
        text = shorter
    return _shortened(text, LONGEST_SUMMARY)


def _settled(fragment: str, *, related: bool) -> str:
    text = fragment[:_LONGEST_FRAGMENT]
    for _ in range(_MOST_PASSES):
        before, text = text, _one_line(_plain(text, related=related))
        if text == before or not _MARKUP.search(text):
            break
    return text


def _plain(fragment: str, *, related: bool) -> str:
    """One pass: markup stripped; entities decoded, those escaped twice too."""
    if not _MARKUP.search(fragment):
        return fragment
    if "<" not in fragment or (">" not in fragment and not related):
        return html.unescape(fragment)
    body = LexborHTMLParser(_BLOCK_EDGE.sub(" ", fragment)).body
    if body is None:
        return ""
    body.strip_tags(_NO_TEXT)
    if related:
        _cut_related(body)
    return html.unescape(body.text(deep=True))


def _one_line(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(_INVISIBLE.sub("", text).split()))


def _cut_related(body: LexborNode) -> None:
    """Drop trailing blocks of nothing but links, as five outlets append them, cut off anywhere.

    A block goes if it clears floats or holds a list, and has no text outside its links. Without text before
    it a list of links is the summary itself, so only the float-clearing kind goes then.
    """
    block = body.last_child
    while block is not None:
        before = block.prev
        if _text_of(block):
            clears = bool(_CLEARING.search(block.attributes.get("style") or "")) if block.tag == "div" else False
            has_text_before = clears or any(_text_of(each) for each in _all_before(block))
            if not (has_text_before and (clears or _has_list(block)) and _only_links(block)):
                return
            block.decompose()
        block = before


def _text_of(node: LexborNode) -> str:
    return " ".join(node.text(deep=True).split()) if node.tag != "_comment" else ""


def _all_before(node: LexborNode) -> list[LexborNode]:
    found = []
    current = node.prev
    while current is not None:
        found.append(current)
        current = current.prev
    return found


def _has_list(block: LexborNode) -> bool:
    return block.tag in ("ul", "ol") or (block.tag in ("div", "section", "nav") and bool(block.css("ul, ol")))


def _only_links(block: LexborNode) -> bool:
    copy = LexborHTMLParser(block.html or "").body
    if copy is None:
        return False
    copy.strip_tags(["a"])
    rest = _text_of(copy)
    return not rest or bool(_HEADING.fullmatch(rest.lower()))


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return (cut[: cut.rfind(" ")] if " " in cut[longest // 2 :] else cut).rstrip() + "…"
