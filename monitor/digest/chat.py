"""A digest as one compact message for a chat: the top stories with links, and how many there are of each sector.

Each service has its own limit; a message is cut between items, and what finds no room waits for the next one. Its HTML
is of the simplest kind, which the way out turns into what the service speaks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from classifiers.taxonomy import Taxonomy
from monitor.channel import scheme_of
from monitor.digest.compose import article_ids, main_sector
from monitor.digest.lines import empty_line, sector_name
from monitor.digest.render import Frame, Rendered, counts_line, fill, largest, subject_line, title_line
from monitor.digest.view import line_of
from monitor.digest.words import Words
from monitor.types import Digest


@dataclass(frozen=True, slots=True)
class Room:
    """How much a service takes: at most `most` of what `size` counts."""

    most: int
    size: Callable[[str], int]


def _characters(html: str) -> int:
    """As Telegram counts them, in units of UTF-16."""
    return len(html.encode("utf-16-le")) // 2


def _octets_of_json(html: str) -> int:
    """As they travel to Teams, where each letter of Vietnamese takes six octets."""
    return len(json.dumps(html))


ROOMS: Mapping[str, Room] = {
    "slack": Room(12_000, len),
    "tgram": Room(4_096, _characters),
    "workflows": Room(22_000, _octets_of_json),
}
"""core.telegram.org/bots/api, sendMessage: 4,096 characters. Teams: 28 KB for a card with all its markup. Slack cuts at
40,000 characters and folds up what is long; so much is about sixty items."""


def render_message(digest: Digest, taxonomy: Taxonomy, frame: Frame) -> Rendered:
    """The message of a digest in its subscriber's language, cut to what the subscriber's service takes."""
    words = Words(digest.subscriber.language, digest.subscriber.zone)
    room = ROOMS.get(scheme_of(digest.subscriber.address), ROOMS["tgram"])

    @cache
    def page(template: str, kept: int, doubtful: bool) -> str:
        return fill(template, words, frame, _values(digest, taxonomy, words, kept, doubtful))

    def fits(kept: int, doubtful: bool = False) -> bool:
        return room.size(page("chat.html.j2", kept, doubtful)) <= room.most

    everything = len(digest.items)
    kept = largest(everything, fits)
    doubtful = kept == everything and fits(kept, True)
    late = [*digest.items[kept:], *(() if doubtful else digest.maybe)]
    return Rendered(
        subject=subject_line(digest, words),
        preview="",
        html=page("chat.html.j2", kept, doubtful),
        text=page("chat.txt.j2", kept, doubtful),
        language=words.language,
        left_out=tuple(id_ for item in late for id_ in article_ids(item)),
    )


def _values(
    digest: Digest, taxonomy: Taxonomy, words: Words, kept: int, doubtful: bool
) -> Mapping[str, object]:
    chosen = digest.subscriber.sectors
    shown = digest.items[:kept]
    sectors = Counter(main_sector(item, chosen) for item in shown)
    more = digest.more + len(digest.items) - kept
    return {
        "title": title_line(digest, words),
        "counts": counts_line(digest, words) if digest.items else empty_line(digest, words),
        "items": [line_of(item, chosen, taxonomy, words) for item in shown],
        "maybe": [line_of(item, chosen, taxonomy, words) for item in digest.maybe] if doubtful else [],
        "sectors": words.names(
            words.say("chat_sector", name=sector_name(sector, taxonomy, words), n=words.number(number))
            for sector, number in sectors.most_common()
        ),
        "more": words.count("chat_more", more) if more else "",
    }
