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
_CUT_TAG = re.compile(r"</?$")  # of a longer piece of a tag the parser itself makes nothing
_MARKUP = re.compile(r"[<&]")
_NO_TEXT = [
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "object",
    "svg",
    "math",
    "textarea",
    "select",
]
# Format characters (soft hyphen, zero width, bidi, tags), fillers that look like nothing, controls, and code points
# that are no characters.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\u0600-\u0605\u06dd\u070f\u08e2\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\u0890\u0891\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
_CLEARING = re.compile(r"clear\s*:\s*both", re.IGNORECASE)
_HEADING = re.compile(
    r"(?:(?:tin|bài|bài viết|tin tức|tin bài) liên quan|xem thêm|đọc thêm|tin cùng chuyên mục)\W*"
)

_ALWAYS = (
    r"(?:bao)?(?:vtv|vov|vtc|chinhphu|antd|dantri|vietnamnet|tienphong|nld|plo|tuoitre|thanhnien|congthuong|quocte"
    r"|kinhtedothi|xaydung|vnexpress|cafef|laodong|nhandan|qdnd|cand|sggp|hanoimoi|vneconomy|vietnamplus|tintuc"
    r"|bnews|dautu|vtcnews|suckhoedoisong|nongnghiep|nongnghiepmoitruong)\.(?:com\.|org\.)?vn"
    r"|sggpo|tto|nlđo|nldo|plo|tno|tpo|hnmo|lđo|ndo|ndđt|kinhtedothi|antđ|tn&mt|vtc news|gd&tđ|gdtđ|gdvn|skđs"
    r"|sk&đs|đcsvn|ktđt|đtck|đttco|vnhn|clo|pnvn|pno|cand ?online|qđnd online|ktsg online|vov5"
)
_IN_PARENTHESES = (
    r"[\w-]+(?:\.[\w-]+)*\.vn|dân trí|nlđ|pl|sggp|vtv|vov|vtc|voh|antv|cand|hnm|tbktsg|ktsg|nb&cl|tg&vn|tgvn"
    r"|vnexpress|vietnamnet|thanh niên|tuổi trẻ|tiền phong|nhân dân|qđnd|xây dựng|công thương|hải quan"
    r"|báo [^()]{2,30}"
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
    """The text of a description, without the outlet's mark before and the related headlines after it.

    A mark is cut only with the dash that follows it, and only if it cannot be the sentence's own subject:
    an outlet's web name or initials ("VTV.vn", "TTO"); its plain name, which may be a subject ("Dân trí",
    "VOV"), only inside parentheses. So "Hà Nội - …", "(Hà Nội) - …", "VN-Index - …", "VTV - đơn vị …" stay.
    """
    text = _settled(fragment, related=True)
    while prefix := _PREFIX.match(text):
        text = text[prefix.end() :]
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
    body = LexborHTMLParser(_BLOCK_EDGE.sub(" ", _CUT_TAG.sub("", fragment))).body
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
    blocks = [block for block in body.iter(include_text=True) if _text_of(block)]
    cut = False
    while blocks and (_is_related(blocks[-1], alone=len(blocks) == 1) or (cut and _is_heading(blocks[-1]))):
        blocks.pop().decompose()
        cut = True


def _is_related(block: LexborNode, *, alone: bool) -> bool:
    clears = block.tag == "div" and bool(_CLEARING.search(block.attributes.get("style") or ""))
    return (clears or (_has_list(block) and not alone)) and _only_links(block)


def _is_heading(block: LexborNode) -> bool:
    return bool(_HEADING.fullmatch(_text_of(block).lower()))


def _text_of(node: LexborNode) -> str:
    return " ".join(node.text(deep=True).split()) if node.tag != "_comment" else ""


def _has_list(block: LexborNode) -> bool:
    return block.tag in ("ul", "ol") or (block.tag in ("div", "section", "nav") and bool(block.css("ul, ol")))


def _only_links(block: LexborNode) -> bool:
    copy = block.clone()
    copy.strip_tags(["a"])
    rest = _text_of(copy)
    return not rest or bool(_HEADING.fullmatch(rest.lower()))


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return (cut[: cut.rfind(" ")] if " " in cut[longest // 2 :] else cut).rstrip() + "…"
