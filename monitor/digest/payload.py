"""A digest as JSON, for programs (docs/webhook.md): what a letter tells, with links, ids and times as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from classifiers.taxonomy import Taxonomy
from monitor.digest.explain import why
from monitor.digest.lines import sector_name
from monitor.digest.plain import plain, shorten, web_link
from monitor.digest.render import Rendered
from monitor.digest.view import PLAINLY, Manner, headline_of
from monitor.digest.words import Words
from monitor.types import Article, Digest, DigestItem


def payload(digest: Digest, taxonomy: Taxonomy, rendered: Rendered, manner: Manner = PLAINLY) -> bytes:
    """The body of a webhook's request, UTF-8; the same digest gives the same octets."""
    words = Words(digest.subscriber.language, digest.subscriber.zone)
    return _octets(
        digest.id,
        digest.kind,
        rendered,
        slot=_instant(digest.slot),
        items=[_item(item, taxonomy, words, manner) for item in digest.items],
        maybe=[_item(item, taxonomy, words, manner) for item in digest.maybe],
        more=digest.more,
    )


def note_payload(id_: str, kind: str, rendered: Rendered, *, now: datetime) -> bytes:
    """The same of what is no digest: a test."""
    return _octets(id_, kind, rendered, slot=_instant(now), items=[], maybe=[], more=0)


def _octets(id_: str, kind: str, rendered: Rendered, **rest: object) -> bytes:
    values = {
        "id": id_,
        "kind": kind,
        "subject": rendered.subject,
        "language": rendered.language,
        **rest,
        "html": rendered.html,
        "text": rendered.text,
    }
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")


def _item(item: DigestItem, taxonomy: Taxonomy, words: Words, manner: Manner) -> Mapping[str, object]:
    article, verdict = item.judged.article, item.judged.verdict
    most = manner.may_quote(article)
    known = taxonomy.commitment_by_id
    return {
        **_article(article),
        "published": _instant(article.published),
        "language": article.language,
        "summary": shorten(plain(article.summary), most) if most else "",
        "sectors": [
            {"id": score.id, "name": sector_name(score.id, taxonomy, words)} for score in verdict.sectors
        ],
        "commitments": [
            {"id": score.id, "name": known[score.id].name.in_(words.language)}
            for score in verdict.commitments
            if score.sure and score.id in known
        ],
        "why": list(why(verdict.evidence)),
        "also": [_article(other) for other in item.articles[1:]],
    }


def _article(article: Article) -> Mapping[str, object]:
    return {
        "headline": headline_of(article).text,
        "link": web_link(article.link),
        "outlet": plain(article.outlet),
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
