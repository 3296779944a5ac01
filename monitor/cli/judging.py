"""`vietnhat classify` (a filter for other programs) and `vietnhat explain`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import click

from classifiers.explanation import Explanation
from classifiers.verdict import Decision, Text, Verdict
from monitor.cli.context import (
    ARTICLE_ID,
    clean,
    json_option,
    print_json,
    print_table,
    say,
    settings_of,
    store_of,
)
from monitor.cli.progress import counting
from monitor.errors import Misuse

CHUNK = 2000


@click.command()
@click.argument("source", type=click.File("rb"), default="-")
@click.option("--workers", type=click.IntRange(1, 64), default=None, help="Processes (one per core).")
@click.pass_context
def classify(ctx: click.Context, source: Iterable[bytes], workers: int | None) -> int:
    """Read JSON Lines {"id","title","summary",…} and print verdicts as JSON Lines in the same order.

    A line that cannot be read is reported with its number and does not stop the others; the exit code is then 1.
    """
    from monitor.serving import classify_many, serving_model

    model = serving_model(settings_of(ctx))
    bad = 0

    def ids_and_texts() -> Iterator[tuple[object, Text]]:
        nonlocal bad
        for number, line in enumerate(source, 1):
            try:
                if line.strip():
                    yield _read(line)
            except ValueError as error:
                bad += 1
                say(f"line {number}: {error}; it is left out")

    with counting("classifying", None) as step:
        for chunk in classify_many(model, _chunks(ids_and_texts()), workers):
            sys.stdout.write("".join(_written(item_id, verdict) for item_id, verdict in chunk))
            step(len(chunk))
    sys.stdout.flush()
    return 1 if bad else 0


def _chunks(pairs: Iterator[tuple[object, Text]]) -> Iterator[list[tuple[object, Text]]]:
    while chunk := list(islice(pairs, CHUNK)):
        yield chunk


def _read(line: bytes) -> tuple[object, Text]:
    """One input line. Raises ValueError in words."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("is not JSON") from error
    if not isinstance(data, dict):
        raise ValueError("is not a JSON object")
    item_id = data.get("id")
    if not isinstance(item_id, str | int):
        raise ValueError("has no id")
    texts = []
    for key in ("title", "summary"):
        value = data.get(key)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{key} is not a text")
        texts.append(value or "")
    from monitor.serving import cleaned

    return item_id, cleaned(*texts)


def _written(item_id: object, verdict: Verdict) -> str:
    out: dict[str, Any] = {
        "id": item_id,
        "decision": verdict.decision,
        "relevance": round(verdict.relevance, 6),
        "sectors": [{"id": s.id, "probability": round(s.probability, 4)} for s in verdict.sectors],
        "commitments": [{"id": c.id, "score": round(c.score, 4)} for c in verdict.commitments],
        "evidence": [{"term": e.term, "weight": round(e.weight, 4)} for e in verdict.evidence],
        "model": verdict.model,
    }
    # JSON may name half a surrogate pair, which UTF-8 cannot hold: it leaves as it came, escaped
    return json.dumps(out, ensure_ascii=False).encode("utf-8", "backslashreplace").decode() + "\n"


@click.command()
@click.argument("article_id", type=ARTICLE_ID, required=False)
@click.option("--text", help="Explain this title instead of a stored article.")
@click.option("--summary", default="", help="The summary that goes with --text.")
@json_option
@click.pass_context
def explain(
    ctx: click.Context, article_id: int | None, text: str | None, summary: str, as_json: bool
) -> None:
    """Say exactly why an article (by number) or a text scored as it did: terms × weights, bias, thresholds."""
    from monitor.serving import cleaned, serving_model

    settings = settings_of(ctx)
    if (article_id is None) == (text is None):
        raise Misuse(
            "give either the number of an article or --text, as: vietnhat explain --text 'AEON mở …'"
        )
    given, stored = cleaned(text or "", summary), None
    if article_id is not None:
        from monitor.store.articles import get

        with store_of(settings) as store:
            found = get(store, article_id)
        if found is None:
            raise Misuse(f"there is no article {article_id}; see 'vietnhat articles list'")
        given = Text(found.article.title, found.article.summary)
        stored = found.verdict
    model = serving_model(settings)
    verdict, why = model.classify([given])[0], model.explain(given)
    lacking, gains = model.missing(given)
    if as_json:
        print_json({
            "verdict": asdict(verdict), "score": why.score, "bias": why.bias, "japan": why.japan,
            "parts": [{**asdict(part), "share": part.share} for part in why.parts],
            "missing": {"score": lacking, "would_add": dict(gains)},
            "thresholds": {"send": model.thresholds.send, "review": model.thresholds.review},
        })  # fmt: skip
        return
    click.echo(clean(given.title))
    click.echo(
        f"{verdict.decision}: relevance {verdict.relevance:.3f} "
        f"(sent from {model.thresholds.send:.3f}, reviewed from {model.thresholds.review:.3f})"
    )
    if stored and stored.model not in ("", model.id):
        click.echo(f"on record by model {stored.model}: {stored.decision}, relevance {stored.relevance:.3f}")
    sectors = ", ".join(f"{s.id} {s.probability:.2f}" for s in verdict.sectors)
    click.echo(f"sectors: {sectors or 'none above its threshold'}")
    _print_commitment(verdict)
    if verdict.decision is not Decision.SEND:
        _print_missing(why, lacking, gains)
    click.echo(f"\nraw score {why.score:+.4f} = bias {why.bias:+.4f} and:")
    parts = sorted(why.parts, key=lambda part: -abs(part.share))
    print_table(
        ("share", "value × weight", "term", "words of the text"),
        [
            (f"{p.share:+.4f}", f"{p.value:.3f} × {p.weight:+.3f}", p.column, p.words)
            for p in parts[:PARTS_SHOWN]
        ],
    )
    if len(parts) > PARTS_SHOWN:
        click.echo(f"and {len(parts) - PARTS_SHOWN} smaller parts; --json shows all")
    click.echo(f"model {model.id}")


PARTS_SHOWN = 40
GAINS_SHOWN = 5


def _print_commitment(verdict: Verdict) -> None:
    """The nearest commitment in our own words, and the statements it comes from."""
    from classifiers.taxonomy import load_taxonomy

    whole = load_taxonomy()
    nearest = next((one for one in verdict.commitments if one.id in whole.commitment_by_id), None)
    if nearest is None:
        return
    commitment = whole.commitment_by_id[nearest.id]
    doubt = "" if nearest.sure else ", too far to be shown to readers"
    click.echo(f"nearest commitment: {nearest.id} (probability {nearest.score:.2f}{doubt})")
    click.echo(f"  {commitment.statement.en}")
    statements = whole.statement_by_id
    told = (
        f"  {statements[source.statement].title.en}, {statements[source.statement].date}, "
        f"{whole.section(source).title.en}"
        for source in commitment.sources
    )
    click.echo("\n".join(dict.fromkeys(told)))


def _print_missing(why: Explanation, lacking: float, gains: Sequence[tuple[str, float]]) -> None:
    """What would have to stand in the text for it to be sent."""
    from classifiers.gazetteer import load_word_lists

    if not why.japan:
        click.echo(
            "missing: nothing in it names Japan, a Japanese firm, place or person: the gate stays closed"
        )
        return
    names = {signal.id: signal.name.en for signal in load_word_lists().signals}
    names |= {"japan": "Japan named", "vietnam": "Vietnam named"}
    against = [evidence for evidence in why.strongest(40) if evidence.weight < 0][:3]
    click.echo(
        f"missing: {lacking:.2f} of raw score; it has {why.score:+.2f} and is sent from {why.score + lacking:+.2f}"
    )
    if gains:
        would = ", ".join(f"{names.get(signal, signal)} +{gain:.2f}" for signal, gain in gains[:GAINS_SHOWN])
        click.echo(f"  what it does not hold and would help: {would}")
    if against:
        click.echo(f"  what speaks against it: {', '.join(f'{e.term} {e.weight:+.2f}' for e in against)}")
