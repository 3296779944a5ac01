"""What a weekly edition says beside its stories: once for everybody, then limited to what a reader chose. Pure."""

from __future__ import annotations

from dataclasses import replace

from classifiers.taxonomy import Taxonomy
from monitor.digest.names import new_names
from monitor.digest.silence import moved, silent
from monitor.digest.trend import trend
from monitor.types import Archive, Subscriber, Week


def week_of(archive: Archive, taxonomy: Taxonomy) -> Week:
    """The week that ends with the archive, as a reader of all sectors may be told it."""
    known = taxonomy.commitment_by_id
    return Week(
        trend=trend(archive, list(taxonomy.sector_by_id)),
        moved=tuple(one for one in moved(archive) if one.commitment in known),
        silent=tuple(one for one in silent(archive) if one.commitment in known),
        names=new_names(archive),
        began=archive.days[0] if archive.days else None,
    )


def for_reader(week: Week, reader: Subscriber, taxonomy: Taxonomy) -> Week:
    """What of a week concerns this reader: their sectors, if they chose some."""
    chosen = frozenset(reader.sectors or taxonomy.sector_by_id)

    def follows(commitment: str) -> bool:
        return taxonomy.commitment_by_id[commitment].sector in chosen

    names = (one for one in week.names if not reader.sectors or not chosen.isdisjoint(one.article.sectors))
    return replace(
        week,
        trend=replace(week.trend, sectors=tuple(one for one in week.trend.sectors if one.sector in chosen)),
        moved=tuple(one for one in week.moved if follows(one.commitment)),
        silent=tuple(one for one in week.silent if follows(one.commitment)),
        names=tuple(names),
    )
