"""A digest in words: every value a template prints, cleaned, cut to size, and in the reader's language.

Knows no markup. Whatever comes from a feed is taken for plain text of one line, and a link for a link only
when it is plain http or https.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from itertools import groupby

from classifiers.taxonomy import Source, Taxonomy
from monitor.digest.compose import main_sector
from monitor.digest.credit import credit
from monitor.digest.explain import why
from monitor.digest.lines import sector_name, sector_names
from monitor.digest.plain import plain, shorten, web_link
from monitor.digest.words import Words
from monitor.types import Article, Digest, DigestItem, JudgedArticle, RelevantArticle

MAX_HEADLINE = 240
MAX_SUMMARY = 420
SHORT_SUMMARY = 130
MAX_TITLE = 64
"""Of a statement's title in each item; it stands in full at the end of the letter."""
MAX_ALSO = 5
MAX_SECOND = 90
"""Of another article's headline within a line."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How items are shown: where readers judge one, and how much of the outlets' words is quoted.

    `quoted` is the most characters of a summary (0 for none), `unquoted` are outlets that want none of theirs quoted.
    """

    judge: Callable[[int], str] | None = None
    quoted: int = MAX_SUMMARY
    unquoted: frozenset[str] = frozenset()

    def where(self, item: DigestItem) -> str:
        """Where the reader says what they think of an item; "" where there are no pages."""
        return self.judge(item.judged.article.id) if self.judge else ""

    def may_quote(self, article: Article) -> int:
        """How many characters of an article's summary may be shown."""
        return 0 if article.outlet in self.unquoted else self.quoted


PLAINLY = Manner()


@dataclass(frozen=True, slots=True)
class Link:
    """Words, and where they lead if they lead anywhere."""

    text: str
    url: str | None


@dataclass(frozen=True, slots=True)
class CommitmentView:
    """A commitment in our own words, and where the statement carries it."""

    name: str
    sentence: str
    source: Link


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item. `language` is that of headline and summary, not the reader's; `sector` stands where no section does."""

    headline: Link
    language: str
    outlet: str
    when: str
    summary: str
    also: tuple[Link, ...]
    also_more: str
    update: str
    origin: str
    sector: str
    accent: str
    other_sectors: str
    commitment: CommitmentView | None
    watched: str
    why: str
    judge: str
    """Where the reader says what they think of it; "" where there are no pages."""


@dataclass(frozen=True, slots=True)
class SectionView:
    """Items under the name of their sector."""

    sector: str
    name: str
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class LineView:
    """One item in one line."""

    headline: Link
    language: str
    about: str
    judge: str


@dataclass(frozen=True, slots=True)
class RowsView:
    """Items in a line each under a name."""

    name: str
    items: tuple[LineView, ...]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a digest is shown: `full` items with their whole summary, `kept` items at all."""

    full: int
    kept: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a digest."""

    leads: tuple[ItemView, ...]
    sections: tuple[SectionView, ...]
    brief: tuple[LineView, ...]
    maybe: tuple[LineView, ...]


def show(
    digest: Digest,
    taxonomy: Taxonomy,
    words: Words,
    extent: Extent,
    manner: Manner = PLAINLY,
) -> Shown:
    """The first `kept` items in reading order, in sections that are not empty; the doubtful ones come with the last."""
    chosen = digest.subscriber.sectors
    in_full = len(digest.items) - len(digest.brief)
    shown = {
        item.judged.article.id: _item(
            item,
            main_sector(item, chosen),
            taxonomy,
            words,
            manner,
            most=MAX_SUMMARY if place < extent.full else SHORT_SUMMARY,
        )
        for place, item in enumerate(digest.items[: min(extent.kept, in_full)])
    }

    def views(items: Iterable[DigestItem]) -> tuple[ItemView, ...]:
        return tuple(shown[id_] for item in items if (id_ := item.judged.article.id) in shown)

    sections = (
        SectionView(section.sector, sector_name(section.sector, taxonomy, words), views(section.items))
        for section in digest.sections
    )
    whole = extent.kept >= len(digest.items)
    return Shown(
        leads=views(digest.leads),
        sections=tuple(section for section in sections if section.items),
        brief=tuple(
            line_of(item, chosen, taxonomy, words, manner)
            for item in digest.brief[: max(0, extent.kept - in_full)]
        ),
        maybe=tuple(line_of(item, chosen, taxonomy, words, manner) for item in digest.maybe) if whole else (),
    )


def by_sector(
    digest: Digest, taxonomy: Taxonomy, words: Words, extent: Extent, manner: Manner
) -> tuple[RowsView, ...]:
    """The shown items after the leads, in a line each under their sectors, in reading order."""
    chosen = digest.subscriber.sectors
    rest = digest.items[: extent.kept][len(digest.leads) :]
    return tuple(
        RowsView(
            sector_name(sector, taxonomy, words), tuple(_short_line(item, words, manner) for item in items)
        )
        for sector, items in groupby(rest, lambda item: main_sector(item, chosen))
    )


def headline_of(article: Article | RelevantArticle) -> Link:
    """The headline, or the outlet's name where a feed gave none."""
    return Link(shorten(plain(article.title), MAX_HEADLINE) or plain(article.outlet), web_link(article.link))


def statements_of(digest: Digest, taxonomy: Taxonomy, words: Words, kept: int) -> tuple[Link, ...]:
    """The statements the shown items cite, newest first, with their full titles."""
    sources = (_nearest_source(item.judged, taxonomy) for item in digest.items[:kept])
    cited = {source[1].statement for source in sources if source}
    newest_first = sorted(cited, key=lambda id_: taxonomy.statement_by_id[id_].date, reverse=True)
    statements = (taxonomy.statement_by_id[id_] for id_ in newest_first)
    return tuple(
        Link(f"{statement.title.in_(words.language)} ({words.statement_date(statement.date)})", statement.url)
        for statement in statements
    )


def _short_line(item: DigestItem, words: Words, manner: Manner) -> LineView:
    article = item.judged.article
    about = f"{plain(article.outlet)} · {words.moment(article.published)}"
    if item.outlets > 1:
        about += f" · {words.count('outlets', item.outlets)}"
    return LineView(headline_of(article), article.language, about, manner.where(item))


def line_of(
    item: DigestItem, chosen: Container[str], taxonomy: Taxonomy, words: Words, manner: Manner = PLAINLY
) -> LineView:
    """An item's headline, and outlet, time and sector."""
    article = item.judged.article
    sector = sector_name(main_sector(item, chosen), taxonomy, words)
    about = f"{plain(article.outlet)} · {words.moment(article.published)} · {sector}"
    return LineView(headline_of(article), article.language, about, manner.where(item))


def _item(
    item: DigestItem, sector: str, taxonomy: Taxonomy, words: Words, manner: Manner, *, most: int
) -> ItemView:
    article, verdict = item.judged.article, item.judged.verdict
    most = min(most, manner.may_quote(article))
    moment = words.moment(article.published)
    others = [score.id for score in verdict.sectors if score.id != sector]
    also = _others(item)
    hidden = len(also) - MAX_ALSO
    return ItemView(
        headline=headline_of(article),
        language=article.language,
        outlet=plain(article.outlet),
        when=moment if article.dated else words.say("first_seen", moment=moment),
        summary=shorten(plain(article.summary), most) if most else "",
        also=also[:MAX_ALSO],
        also_more=words.count("also_more", hidden) if hidden > 0 else "",
        update=_update(item, words),
        origin=_origin(item, words),
        sector=sector_name(sector, taxonomy, words),
        accent=sector,
        other_sectors=words.say("other_sectors", names=sector_names(others, taxonomy, words))
        if others
        else "",
        commitment=_commitment(item.judged, taxonomy, words),
        watched=_watched(item, taxonomy, words),
        why=_why(item.judged, words),
        judge=manner.where(item),
    )


def _others(item: DigestItem) -> tuple[Link, ...]:
    """The other articles, by their outlets' names; a further one of an outlet that was named stands by its headline."""
    links: list[Link] = []
    named = {item.judged.article.outlet}
    for article in item.articles[1:]:
        outlet = plain(article.outlet)
        if article.outlet in named:
            outlet = f"{outlet}: {shorten(plain(article.title), MAX_SECOND)}"
        named.add(article.outlet)
        links.append(Link(outlet, web_link(article.link)))
    return tuple(links)


def _update(item: DigestItem, words: Words) -> str:
    """What the reader was sent of this story before."""
    before = item.update_of
    if before is None:
        return ""
    headline = words.quote([shorten(plain(before.title), MAX_SECOND)])
    return words.say(
        "update_of", headline=headline, outlet=plain(before.outlet), moment=words.moment(before.published)
    )


def _origin(item: DigestItem, words: Words) -> str:
    """Who told it first, and whom the text says it is from."""
    first, parts = item.first, list[str]()
    if first.id != item.judged.article.id:
        parts.append(words.say("first_by", outlet=plain(first.outlet), moment=words.moment(first.published)))
    if agency := next(filter(None, map(credit, item.articles)), ""):
        parts.append(words.say("credit", agency=agency))
    return words.sentences(*parts)


def _watched(item: DigestItem, taxonomy: Taxonomy, words: Words) -> str:
    """What of the reader's own list it touches."""
    known = taxonomy.commitment_by_id
    names = [known[one].name.in_(words.language) if one in known else one for one in item.watched]
    return words.say("watched", names=words.names(names)) if names else ""


def _why(judged: JudgedArticle, words: Words) -> str:
    terms = why(judged.verdict.evidence)
    return words.say("why", terms=words.quote(terms)) if terms else ""


def _commitment(judged: JudgedArticle, taxonomy: Taxonomy, words: Words) -> CommitmentView | None:
    nearest = _nearest_source(judged, taxonomy)
    if nearest is None:
        return None
    commitment, source = taxonomy.commitment_by_id[nearest[0]], nearest[1]
    statement = taxonomy.statement_by_id[source.statement]
    citation = words.say(
        "citation",
        title=shorten(statement.title.in_(words.language), MAX_TITLE),
        date=words.statement_date(statement.date),
        section=taxonomy.section(source).title.in_(words.language),
    )
    return CommitmentView(
        name=commitment.name.in_(words.language),
        sentence=commitment.statement.in_(words.language),
        source=Link(citation, statement.url),
    )


def _nearest_source(judged: JudgedArticle, taxonomy: Taxonomy) -> tuple[str, Source] | None:
    """The nearest commitment this taxonomy knows, and the newest statement that carries it."""
    known = [
        score for score in judged.verdict.commitments if score.sure and score.id in taxonomy.commitment_by_id
    ]
    if not known:
        return None
    nearest = max(known, key=lambda score: score.score)
    sources = taxonomy.commitment_by_id[nearest.id].sources
    return nearest.id, max(sources, key=lambda source: taxonomy.statement_by_id[source.statement].date)
