"""The pages as readers, scanners and strangers meet them: GET shows, POST acts, and nobody learns who reads."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.links import Links, Purpose
from monitor.pages import rates, visit
from monitor.reception import leaving
from monitor.reception.counter import counter_of
from monitor.reception.leaving import ASKED_DAYS, LEFT_DAYS
from monitor.store import corrections, history, subscribers
from monitor.types import SubscriberStatus
from tests.pages.site import FORM, READER, Reply, Site, form_in, links_in, links_of, site

NOW = datetime.now(UTC).replace(microsecond=0)
STATUSES = [
    SubscriberStatus.PENDING,
    SubscriberStatus.PAUSED,
    SubscriberStatus.SUSPENDED,
    SubscriberStatus.REMOVED,
]


@pytest.fixture
def pages() -> Iterator[Site]:
    """The pages, and nobody known."""
    with site() as opened:
        yield opened


def links(pages: Site) -> Links:
    """What makes links here."""
    return counter_of(pages.settings).links


def own(pages: Site, door: Purpose = Purpose.OWN, **changes: Any) -> str:
    """The page of a reader who agreed, by the link they asked for or by another door."""
    return links(pages).to(door, pages.add(**changes), now=NOW)


# --- signing up ------------------------------------------------------------------------------


def test_signing_up_takes_a_letter_and_a_button(pages: Site) -> None:
    """Nothing but one letter goes out before the button; then the choices made stand, and consent is on record."""
    answer = pages.post("/signup?lang=en", {**FORM, "language": "en", "sectors": ["oda", "energy"]})
    assert (answer.status, answer.to) == (303, "/asked?lang=en")
    assert pages.reader().status is SubscriberStatus.PENDING
    (letter,) = pages.letters()
    assert (letter["To"], letter["List-Unsubscribe"]) == (READER, None)
    link = pages.link("c")
    before = pages.dump()
    shown = pages.get(link)
    assert f"I want the digest Việt–Nhật Monitor at {READER}." in shown.body
    assert pages.dump() == before
    agreed = pages.post(link)
    assert "Confirmed" in agreed.body
    reader = pages.reader()
    assert (reader.status, reader.language, reader.sectors) == (
        SubscriberStatus.ACTIVE,
        "en",
        ("oda", "energy"),
    )
    with pages.store() as store:
        events = history.of(store, reader.id)
    assert [(event.event, event.origin) for event in events] == [("asked", "page"), ("agreed", "page")]
    assert events[1].detail == (
        f"I want the digest Việt–Nhật Monitor at {READER}. I can stop it at any time. (127.0.0.1)"
    )
    (door,) = [link for link in links_in(agreed.body) if link.startswith("/m/")]
    assert READER in pages.get(door).body


def test_a_confirmation_counts_once(pages: Site) -> None:
    """A second press opens no door and changes nothing; after leaving, the old link is dead, a new one works."""
    pages.post("/signup", FORM)
    link = pages.link("c")
    pages.post(link)
    before = pages.dump()
    again = pages.post(link)
    assert again.status == 200
    assert not [each for each in links_in(again.body) if "/p/" in each or "/m/" in each]
    assert pages.dump() == before
    pages.post(f"/u/{pages.reader().token}")
    assert pages.get(link).status == pages.post(link).status == 404
    assert pages.reader().status is SubscriberStatus.REMOVED


def test_a_confirmation_expires() -> None:
    """After a week the link is dead, and soon after the address is forgotten without a trace."""
    with site() as pages:
        pages.post("/signup", FORM)
        reader = replace(pages.reader())
        late = links(pages).to(Purpose.CONFIRM, reader, now=NOW - timedelta(days=7, minutes=1))
        assert pages.get(late).status == 404
        desk = counter_of(pages.settings)
        assert leaving.forget(desk, now=NOW + timedelta(days=ASKED_DAYS - 1)) == 0
        assert leaving.forget(desk, now=NOW + timedelta(days=ASKED_DAYS, hours=1)) == 1
        assert not [line for line in pages.dump() if READER in line or "suppression VALUES" in line]


@pytest.mark.parametrize("status", STATUSES)
def test_who_comes_again_is_asked_again(pages: Site, status: SubscriberStatus) -> None:
    """Whoever is not being mailed may sign up anew; a paused reader gets the link to their page instead."""
    reader = pages.add()
    with pages.store() as store:
        subscribers.set_status(store, reader.id, status, now=NOW - timedelta(days=1))
    pages.post("/signup", FORM)
    if status is SubscriberStatus.PAUSED:
        assert len(pages.letters()) == 1
        assert READER in pages.get(pages.link("m")).body
        return
    pages.post(pages.link("c"))
    assert pages.reader().status is SubscriberStatus.ACTIVE
    assert pages.reader().id == reader.id


def test_nobody_learns_who_reads(pages: Site) -> None:
    """Known, unknown, paused, gone: the answer is the same to the letter, for both forms."""
    kinds = {}
    for place, status in enumerate([None, SubscriberStatus.ACTIVE, *STATUSES]):
        address = f"nguoi{place}@vidu.example"
        if status is not None:
            reader = pages.add(address)
            with pages.store() as store:
                subscribers.set_status(store, reader.id, status, now=NOW)
        for where in ("/signup", "/link"):
            reply = pages.post(where, {**FORM, "address": address}, X_Forwarded_For=f"198.51.100.{place}")
            kinds[where, status] = (
                reply.status,
                {k: v for k, v in reply.headers.items() if k != "date"},
                reply.body,
            )
    assert len({str(kind) for kind in kinds.values()}) == 1


def test_a_thousand_posts_for_one_address(pages: Site) -> None:
    """At most three letters a day, from however many networks, in any letter case; one network is stopped sooner."""
    codes = {pages.post("/signup", FORM).status for _ in range(20)}
    assert codes == {303, 429}
    for place in range(500):
        for where in ("/signup", "/link"):
            address = READER.upper() if place % 2 else READER
            network = f"203.0.{place // 250}.{place % 250}"
            pages.post(where, {**FORM, "address": address}, X_Forwarded_For=network)
    assert len(pages.letters()) == 3


def test_posts_at_once_and_tags_get_no_more_letters(pages: Site) -> None:
    """Forty posts at one moment and forty tags of one mailbox end in three letters; a double click is no error."""

    def post(place: int) -> None:
        address = READER if place < 40 else f"ban+{place}@vidu.example"
        codes.append(
            pages.post("/signup", {**FORM, "address": address}, X_Forwarded_For=f"198.51.100.{place}").status
        )

    codes: list[int] = []
    visitors = [threading.Thread(target=post, args=[place]) for place in range(80)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert set(codes) == {303}
    assert len(pages.letters()) == 3


def test_a_stranger_cannot_make_us_forget_who_left(pages: Site) -> None:
    """Signing up somebody who left keeps their choices, their proof, and in the end the hash that says: no mail."""
    reader = pages.add(hour=5, sectors=("oda",))
    with pages.store() as store:
        subscribers.set_status(store, reader.id, SubscriberStatus.REMOVED, now=NOW - timedelta(days=20))
    pages.post("/signup", {**FORM, "hour": "23"})
    assert (pages.reader().status, pages.reader().hour) == (SubscriberStatus.PENDING, 5)
    assert pages.get(own_of(pages)).status == 404
    assert leaving.forget(counter_of(pages.settings), now=NOW + timedelta(days=9)) == 1
    assert len([line for line in pages.dump() if line.startswith('INSERT INTO "suppression"')]) == 1


def own_of(pages: Site) -> str:
    """The page of the reader who is there, by a link made now."""
    return links(pages).to(Purpose.OWN, replace(pages.reader(), lock=0), now=NOW)


def test_the_time_an_answer_takes_tells_nothing() -> None:
    """Known or not, an answer comes after the same pause."""
    with site(slowness=0.2) as pages:
        pages.add()
        took = []
        for address in (READER, "khong@vidu.example", "complained@vidu.example"):
            began = time.monotonic()
            pages.post("/link", {"address": address})
            took.append(time.monotonic() - began)
    assert min(took) >= 0.2


@pytest.mark.parametrize("cadence", ["alerts", "daily"])
def test_alerts_alone_are_alerts_of_something(pages: Site, cadence: str) -> None:
    """Who wants alerts alone and does not say of what gets large stories and the sectors they chose."""
    pages.post("/signup", {**FORM, "cadence": cadence, "sectors": ["oda"]})
    found = (pages.reader().alert_outlets, pages.reader().alert_sectors)
    assert found == ((3, ("oda",)) if cadence == "alerts" else (0, ()))


def test_what_was_typed_is_still_there(pages: Site) -> None:
    """A form with one bad field comes back with the others as they were."""
    again = pages.post(
        "/signup?lang=en", {**FORM, "address": "ban@", "cadence": "weekly", "sectors": ["oda"]}
    ).body
    assert 'value="ban@"' in again
    assert '<option value="weekly" selected' in again
    assert 'value="oda" checked' in again
    assert again.count('aria-invalid="true"') == 1
    door = own(pages)
    form = {**form_in(pages.get(door).body), "watched": "Sojitz", "hour": "99"}
    assert ">Sojitz</textarea>" in pages.post(door, form).body
    below = pages.post("/link?lang=en", {"address": "x"}).body
    assert below.index("aria-invalid") > below.index('action="/link')


def test_whoever_complained_is_left_alone(pages: Site) -> None:
    """Not even a letter that asks goes there, and nobody is told."""
    reader = pages.add()
    desk = counter_of(pages.settings)
    with pages.store() as store:
        leaving.wipe(desk, store, reader, now=NOW)
        store.write("UPDATE suppression SET reason = 'complained'")
        store.db.conn.commit()
    assert pages.post("/signup", FORM).status == 303
    assert pages.letters() == []
    with pages.store() as store:
        assert subscribers.find(store, READER) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "không phải địa chỉ"), ("address", "a@b\r\nBcc: c@vidu.example"), ("address", ""),
        ("address", "x" * 400 + "@vidu.example"), ("language", "fr"), ("cadence", "hourly"), ("hour", "24"),
        ("hour", "-1"), ("hour", "٧"), ("zone", "../etc/passwd"), ("zone", "Mars/Base"), ("zone", "Factory"),
        ("zone", "right/Asia/Tokyo"), ("sectors", "all"),
        ("hour", ["7", "8"]),
    ],
)  # fmt: skip
def test_what_no_form_sends(pages: Site, field: str, value: object) -> None:
    """Each bad value ends in the form again, and nothing is stored."""
    before = pages.dump()
    assert pages.post("/signup", {**FORM, field: value}).status == 422
    assert pages.dump() == before


def test_without_an_address_of_the_pages_nobody_signs_up() -> None:
    """A letter could not lead back to them."""
    with site(base_url=None) as pages:
        assert "Hiện không nhận đăng ký" in pages.get("/").body
        assert pages.post("/signup", FORM).status == 422
        pages.add()
        assert pages.post("/link", FORM).status == 303
        assert pages.letters() == []


def test_who_may_sign_up() -> None:
    """Closed is closed; with a list of domains others are turned away before anything is stored."""
    with site(signup="closed") as pages:
        assert "<form" not in pages.get("/").body.partition("known-address")[0].partition("/link")[0][:-200]
        assert pages.post("/signup", FORM).status == 422
    with site(signup="Vidu.Example, bo.example") as pages:
        assert "vidu.example; bo.example" in pages.get("/?lang=en").body
        assert pages.post("/signup", {**FORM, "address": "x@khac.example"}).status == 422
        assert pages.post("/signup", {**FORM, "address": "x@sub.vidu.example"}).status == 422
        assert pages.post("/signup", FORM).status == 303


# --- a reader's own pages --------------------------------------------------------------------


def test_everything_can_be_chosen(pages: Site) -> None:
    """The form as it was shown changes nothing; each field of it is stored."""
    door = own(pages)
    before = pages.reader()
    form: dict[str, Any] = form_in(pages.get(door).body)
    assert pages.post(door, form).to.endswith("?done=saved")
    assert pages.reader() == before
    form |= {
        "language": "ja", "cadence": "twice", "hour": "6", "second_hour": "18", "weekday": "4", "zone": "Asia/Tokyo",
        "holidays": ["JP", "VN"], "sectors": ["oda", "science"], "watched": "Bến Thành  –  Suối Tiên\r\n\r\nSojitz\r\n",
        "commitments": ["oda.yen-loans"], "wants_maybe": "1", "wants_thread": "1", "wants_empty": "1",
        "alert_sectors": ["security"], "alert_outlets": "5", "quiet_from": "22", "quiet_until": "8",
    }  # fmt: skip
    pages.post(door, form)
    assert pages.reader() == replace(
        before, language="ja", cadence="twice", hour=6, second_hour=18, weekday=4, zone="Asia/Tokyo",
        holidays=("VN", "JP"), sectors=("oda", "science"),
        watched=("Bến Thành – Suối Tiên", "Sojitz", "oda.yen-loans"), wants_maybe=True, wants_thread=True,
        wants_empty=True, alert_sectors=("security",), alert_outlets=5, quiet_from=22, quiet_until=8,
    )  # fmt: skip
    shown = pages.get(door).body
    assert form_in(shown) == {name: [value] if isinstance(value, str) else value for name, value in form.items()} | {
        "watched": ["Bến Thành – Suối Tiên\nSojitz"], "holidays": ["VN", "JP"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [("watched", "x"), ("watched", "\n".join(f"tên {n}" for n in range(40))), ("watched", "a\0b\x1b[31m"),
     ("commitments", "none.such"), ("alert_outlets", "1000"), ("weekday", "7"), ("quiet_from", ""),
     ("language", "'; DROP TABLE subscriber")],
)  # fmt: skip
def test_choices_that_are_none(pages: Site, field: str, value: str) -> None:
    """The page says which field, and all stays as it was."""
    door = own(pages)
    form = form_in(pages.get(door).body)
    before = pages.dump()
    answer = pages.post(door, {**form, field: value})
    assert (answer.status, 'class="bad"' in answer.body) == (422, True)
    assert pages.dump() == before


def test_pausing_and_going_on(pages: Site) -> None:
    """One button each; what waits in the outbox is let go."""
    door = own(pages)
    pages.post(f"{door}/pause")
    assert pages.reader().status is SubscriberStatus.PAUSED
    assert "Đang tạm ngừng" in pages.get(door).body
    pages.post(f"{door}/resume")
    assert pages.reader().status is SubscriberStatus.ACTIVE


def test_moving_takes_the_new_address_own_word(pages: Site) -> None:
    """A letter goes to the new address alone; until its button is pressed nothing changes, and it counts once."""
    door = own(pages)
    pages.post(f"{door}/address", {"address": "moi@vidu.example"})
    (letter,) = pages.letters()
    assert letter["To"] == "moi@vidu.example"
    link = pages.link("a")
    before = pages.dump()
    assert "moi@vidu.example" in pages.get(link).body
    assert pages.dump() == before
    assert pages.post(link).status == 200
    moved = pages.reader("moi@vidu.example")
    assert (moved.consent, moved.token) == ("test", pages.reader("moi@vidu.example").token)
    told = pages.letters()[-1]
    assert (told["To"], "moi@" in str(told)) == (READER, False)
    assert links_of(told)[0] == f"{pages.root}/u/{moved.token}"
    assert {pages.get(door).status, pages.post(f"{door}/pause").status} == {404}
    assert pages.post(link).status == 200
    again = links(pages).to(Purpose.OWN, moved, now=NOW)
    pages.post(f"{again}/address", {"address": READER})
    pages.post(pages.link("a"))
    assert pages.post(link).status == 404
    assert pages.reader().address == READER


def test_nobody_moves_onto_another_reader(pages: Site) -> None:
    """The answer is the same, but no letter goes there; one asked for earlier is dead."""
    door = own(pages)
    pages.post(f"{door}/address", {"address": "khac@vidu.example"})
    link = pages.link("a")
    pages.add("khac@vidu.example")
    assert pages.post(link).status == 404
    letters = len(pages.letters())
    free = pages.post(f"{door}/address", {"address": "trong@vidu.example"})
    taken = pages.post(f"{door}/address", {"address": "KHAC@vidu.example"})
    assert (free.status, free.to) == (taken.status, taken.to)
    assert len(pages.letters()) == letters + 1


def test_a_person_gets_and_erases_all_there_is(pages: Site) -> None:
    """The file holds choices, history, letters and items; after erasing neither table nor file knows the address."""
    door = own(pages, hour=7)
    pages.issue("Nhật Bản cho vay vốn làm đường sắt", now=NOW)
    data = json.loads(pages.get(f"{door}/data").body)
    assert data["subscriber"]["address"] == READER
    assert "token" not in data["subscriber"]
    assert [event["event"] for event in data["history"]] == ["agreed"]
    assert [item["title"] for item in data["items"]] == ["Nhật Bản cho vay vốn làm đường sắt"]
    assert [letter["state"] for letter in data["letters"]] == ["queued"]
    assert pages.post(f"{door}/erase").status == 422
    assert pages.reader().status is SubscriberStatus.ACTIVE
    assert pages.post(f"{door}/erase", {"sure": "1"}).status == 200
    assert not [line for line in pages.dump() if READER in line]
    database = Path(pages.settings.db)
    for file in (database, database.with_name(f"{database.name}-wal")):
        assert not file.exists() or READER.encode() not in file.read_bytes()
    assert pages.get(door).status == 404


def test_links_of_the_erased_open_nothing_of_who_comes_after(pages: Site) -> None:
    """A number that is given again belongs to somebody else."""
    door = own(pages)
    reader = pages.reader()
    stop = f"/u/{reader.token}"
    pages.post(f"{door}/erase", {"sure": "1"})
    with pages.store() as store:
        after = subscribers.add(store, replace(reader, address="sau@vidu.example", token="", created_at=NOW))
    assert after.id == reader.id
    assert {pages.get(door).status, pages.get(stop).status, pages.post(stop).status} == {404}


def test_a_forwarded_digest_opens_what_a_reader_gets_and_no_more(pages: Site) -> None:
    """Neither address nor data, no moving, no erasing; for those a link goes to the reader, whoever asks for it."""
    pages.add()
    pages.issue("Nhật Bản cho vay vốn làm đường sắt", now=NOW)
    door = pages.link("p")
    shown = pages.get(door)
    assert (READER in shown.body, "b•••@vidu.example" in shown.body) == (False, True)
    inside = door.replace("/p/", "/m/")
    codes = [
        pages.post(f"{door}/address", {"address": "ke@trom.example"}).status,
        pages.get(f"{door}/data").status,
        pages.post(f"{door}/erase", {"sure": "1"}).status,
        pages.get(inside).status,
        pages.get(f"{inside}/data").status,
        pages.post(f"{inside}/erase", {"sure": "1"}).status,
    ]
    assert codes == [404] * 6
    assert pages.post(f"{door}/link").to.endswith("?done=sent")
    letter = pages.letters()[-1]
    assert letter["To"] == READER
    assert READER in pages.get(pages.link("m")).body
    day = timedelta(days=1, minutes=1)
    assert pages.get(links(pages).to(Purpose.OWN, pages.reader(), now=NOW - day)).status == 404


def test_links_of_before_somebody_left_open_nothing_after_they_came_back(pages: Site) -> None:
    """Whoever holds an old digest holds nothing."""
    door = own(pages, Purpose.CHOOSE)
    stop = f"/u/{pages.reader().token}"
    pages.post(stop)
    pages.post(f"{stop}/back")
    assert pages.reader().status is SubscriberStatus.ACTIVE
    assert pages.get(door).status == 404


def test_who_was_suspended_moves_and_is_a_reader_again(pages: Site) -> None:
    """Letters to the old address came back; the new one proves itself by its button."""
    door = own(pages)
    with pages.store() as store:
        subscribers.set_status(store, pages.reader().id, SubscriberStatus.SUSPENDED, now=NOW)
    assert "bị trả lại" in pages.get(door).body
    pages.post(f"{door}/address", {"address": "moi@vidu.example"})
    assert pages.letters()[-1]["To"] == "moi@vidu.example"
    pages.post(pages.link("a"))
    assert pages.reader("moi@vidu.example").status is SubscriberStatus.ACTIVE


# --- leaving ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
         "multipart/form-data; boundary=x"),
        (b"", "text/plain"),
        (b"\xff" * 99, "application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
def test_one_click_without_cookies_and_at_once(pages: Site, body: bytes, kind: str) -> None:
    """RFC 8058: the POST alone does it, without a redirect; a letter that waits is let go; GET does nothing."""
    reader = pages.add()
    pages.issue("Nhật Bản cho vay vốn làm đường sắt", now=NOW)
    (letter,) = pages.letters()
    stop = letter["List-Unsubscribe"].split(">")[0].strip("<")
    before = pages.dump()
    assert "b•••@vidu.example" in pages.get(stop).body
    assert pages.get(stop, "HEAD").status == 200
    assert pages.dump() == before
    answer = pages.post(stop, body, Content_Type=kind, User_Agent="Mailbox", Sec_Fetch_Site="cross-site")
    assert (answer.status, answer.to) == (200, "")
    assert pages.reader().status is SubscriberStatus.REMOVED
    assert pages.letters() == []
    assert pages.post(stop, body, Content_Type=kind).status == 200
    with pages.store() as store:
        assert [event.event for event in history.of(store, reader.id)] == ["agreed", "removed"]


def test_a_mistake_can_be_taken_back_for_a_while(pages: Site) -> None:
    """The page after leaving has a button; a month later the person is forgotten but for a hash."""
    reader = pages.add()
    stop = f"/u/{reader.token}"
    assert pages.post(f"{stop}/back").status == 200
    pages.post(stop)
    pages.post(f"{stop}/back")
    assert pages.reader().status is SubscriberStatus.ACTIVE
    pages.post(stop)
    desk = counter_of(pages.settings)
    assert leaving.forget(desk, now=NOW + timedelta(days=LEFT_DAYS - 1)) == 0
    assert leaving.forget(desk, now=NOW + timedelta(days=LEFT_DAYS, hours=1)) == 1
    assert not [line for line in pages.dump() if READER in line]
    assert len([line for line in pages.dump() if line.startswith('INSERT INTO "suppression"')]) == 1
    assert pages.post(stop).status == 404


def test_who_has_left_may_be_forgotten_at_once(pages: Site) -> None:
    """A box to tick and a button, on the page after leaving and nowhere before."""
    stop = f"/u/{pages.add().token}"
    assert f"{stop}/erase?lang=vi" not in links_in(pages.get(stop).body)
    assert pages.post(f"{stop}/erase", {"sure": "1"}).status == 404
    assert f"{stop}/erase?lang=vi" in links_in(pages.post(stop).body)
    assert pages.post(f"{stop}/erase").status == 422
    assert pages.post(f"{stop}/erase", {"sure": "1"}).status == 200
    assert not [line for line in pages.dump() if READER in line]


# --- corrections -----------------------------------------------------------------------------


def test_corrections_from_the_letter(pages: Site) -> None:
    """Three opinions, one button each; the newest counts, and it is the reader's own."""
    pages.add()
    pages.issue("Nhật Bản cho vay vốn làm đường sắt", now=NOW)
    ways = [link for link in links_of(pages.letters()[0]) if "/f/" in link]
    assert [way.rsplit("/", 1)[1] for way in ways] == ["no", "sector", "more"]
    before = pages.dump()
    assert ["Nhật Bản cho vay" in pages.get(way).body for way in ways] == [True] * 3
    assert pages.dump() == before
    said = []
    for way, form in zip(ways, [{}, {"sector": "energy"}, {}], strict=True):
        assert pages.post(way, form).status == 200
        with pages.store() as store:
            (vote,) = corrections.everything(store)
        assert (vote.person, vote.origin, vote.text.title) == (
            READER,
            "mail",
            "Nhật Bản cho vay vốn làm đường sắt",
        )
        said.append((vote.relevance, vote.sectors))
    assert said == [(0, None), (2, ("energy",)), (2, None)]
    pages.post(ways[1], {"sector": "none"})
    with pages.store() as store:
        assert corrections.everything(store)[0].sectors == ()
    assert pages.post(ways[1], {"sector": "x"}).status == 422
    assert pages.post(ways[0].replace("/no", "/yes")).status == 404
    assert "góp ý mới sẽ thay thế" in pages.get(ways[0]).body


# --- digests as pages ------------------------------------------------------------------------


def test_a_digest_as_a_page(pages: Site) -> None:
    """The link in the letter shows what stood in it, and what was left out with the reason, but not whose it is."""
    pages.add(language="en")
    pages.issue(
        "Nhật Bản cho vay vốn làm đường sắt", now=NOW, below=("Hội chợ Nhật Bản ở Huế",), summary="Tóm tắt."
    )
    page = pages.get(pages.link("d"))
    assert page.status == 200
    for words in (
        "Nhật Bản cho vay vốn làm đường sắt",
        "Not in the letter",
        "Hội chợ Nhật Bản ở Huế",
        "not sure enough",
    ):
        assert words in page.body
    assert READER not in page.body
    assert not [link for link in links_in(page.body) if "/p/" in link or "/u/" in link or "/f/" in link]
    door = pages.link("p")
    (past,) = [link for link in links_in(pages.get(door).body) if "/digests/" in link]
    assert "Nhật Bản cho vay vốn làm đường sắt" in pages.get(past).body
    assert pages.get(f"{door}/digests/d-1-none").status == 404


def test_what_is_over_the_cap_is_one_click_away(pages: Site) -> None:
    """A full letter links to the page that has the rest."""
    pages.add()
    titles = [
        f"Nhật Bản cho vay vốn dự án số {number} ở tỉnh {chr(65 + number % 26)}ạ{number}"
        for number in range(75)
    ]
    pages.issue(*titles, now=NOW)
    page = pages.get(pages.link("d")).body
    assert "Xem ngay trên web" in pages.letters()[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert [title for title in titles if title not in page] == []


# --- scanners, strangers, trouble ------------------------------------------------------------


def test_a_scanner_that_opens_every_link_changes_nothing(pages: Site) -> None:
    """All links of a digest, a confirmation and a move, by GET and HEAD, and every link on those pages."""
    door = own(pages)
    pages.issue("Nhật Bản cho vay vốn làm đường sắt", now=NOW)
    pages.post("/signup", {**FORM, "address": "moi@vidu.example"})
    pages.post(f"{door}/address", {"address": "noikhac@vidu.example"})
    ours = {link for letter in pages.letters() for link in links_of(letter) if link.startswith(pages.root)}
    before = pages.dump()
    found = {link for link in ours for link in links_in(pages.get(link).body) if link.startswith("/")}
    for link in [*ours, *found]:
        pages.get(link)
        pages.get(link, "HEAD")
    assert len(ours) >= 8
    assert pages.dump() == before


def test_every_answer_is_well_dressed(pages: Site) -> None:
    """Policy, no sniffing, no cookie, no store, nowhere in a frame; 404 and 405 too."""
    door = own(pages)
    pages.issue("Nhật Bản cho vay vốn làm đường sắt", now=NOW)
    wheres = [
        "/",
        "/privacy",
        "/asked",
        "/nowhere",
        "/c/x",
        "/signup",
        "/robots.txt",
        door,
        f"{door}/data",
        pages.link("d"),
    ]
    for where in wheres:
        headers = pages.get(where).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")
        assert headers["cache-control"] == "no-store"
        assert "set-cookie" not in headers
        assert ("x-robots-tag" in headers) == (where not in ("/", "/privacy"))
    style = next(link for link in links_in(pages.get("/").body) if link.endswith(".css"))
    assert "immutable" in pages.get(style).headers["cache-control"]
    assert (pages.get("/signup").status, pages.get("/signup").headers["allow"]) == (405, "POST")
    assert pages.get("/privacy/", Host="evil.example").status == 404


@pytest.mark.parametrize("language", ["vi", "en", "ja"])
def test_pages_speak_three_languages(pages: Site, language: str) -> None:
    """By ?lang=, else by what the browser prefers, else Vietnamese."""
    asked = pages.get(f"/?lang={language}").body
    assert f'<html lang="{language}">' in asked
    assert pages.get("/", Accept_Language=f"de;q=0.9, {language}-XX;q=0.8, en;q=0.1").body == asked
    assert pages.get("/", Accept_Language="de, fr").body == pages.get("/?lang=vi").body
    assert pages.get("/?lang=<script>").body == pages.get("/").body


def test_a_link_of_one_purpose_serves_no_other(pages: Site) -> None:
    """Nor does one that is changed, cut, or somebody else's guess; each fails alike."""
    reader = pages.add()
    made = {purpose: links(pages).token(purpose, reader, now=NOW, about="1") for purpose in Purpose}
    bodies = set()
    paths = {Purpose.JUDGE: "/no"}
    for purpose in Purpose:
        for token in [
            *(made[other] for other in Purpose if other is not purpose),
            "x",
            made[purpose][:-1],
            "%00",
        ]:
            reply = pages.get(
                f"/{purpose}/{token}{paths.get(purpose, '')}", X_Forwarded_For=f"10.0.0.{len(bodies)}"
            )
            assert reply.status in (404, 429)
            bodies.add((reply.status, reply.body.replace(token, "").replace(f"/{purpose}/", "")))
    assert len(bodies) <= 3
    assert pages.get(f"/u/{made[Purpose.CHOOSE]}").status == 404


def test_guessers_are_slowed_and_readers_are_not(pages: Site) -> None:
    """After sixty wrong links in a minute one network is told so; its right links still work."""
    door = own(pages)
    codes = [pages.get(f"/u/{'x' * 20}{number}").status for number in range(70)]
    assert (codes[:60], set(codes[60:])) == ([404] * 60, {429})
    assert pages.get(door).status == 200


def test_forms_have_limits(pages: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large 413, too many fields or not ASCII 400, from another site 403, too slow 408."""
    assert pages.post("/signup", b"a=" + b"x" * visit.MAX_FORM).status == 413
    assert pages.post("/signup", b"&".join(b"a=1" for _ in range(visit.MAX_FIELDS + 1))).status == 400
    assert pages.post("/signup", b"address=\xff").status == 400
    assert pages.post("/signup", b"address=%ff%fe").status == 400
    assert pages.post("/signup", FORM, Sec_Fetch_Site="cross-site").status == 403
    assert pages.post("/signup", FORM, Origin="https://evil.example").status == 403
    assert pages.post("/signup", FORM, Sec_Fetch_Site="same-origin").status == 303
    assert pages.post("/signup", FORM, Origin=pages.root).status == 303
    monkeypatch.setattr(visit, "FORM_SECONDS", 0.3)
    host, port = pages.root.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as slow:
        slow.sendall(b"POST /signup HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\naddr")
        assert b" 408 " in slow.recv(100)


def test_trouble_with_the_database_is_said_kindly(pages: Site, capfd: pytest.CaptureFixture[str]) -> None:
    """A database that is gone: 503, no traceback, no path; nothing of the visitor in the log."""
    pages.add()
    Path(pages.settings.db).rename("elsewhere.db")
    answer = pages.post("/signup", FORM)
    assert answer.status == 503
    assert "vietnhat.db" not in answer.body
    said = capfd.readouterr()
    assert "path=/signup" in said.err
    assert READER not in said.err
    assert "Traceback" not in said.err


def test_a_stop_always_wins(pages: Site) -> None:
    """Whatever is pressed at the same moment: whoever was told that the letters stop gets none."""
    for place in range(12):
        reader = pages.add(f"nguoi{place}@vidu.example")
        door = links(pages).to(Purpose.CHOOSE, reader, now=NOW)
        with pages.store() as store:
            subscribers.set_status(store, reader.id, SubscriberStatus.PAUSED, now=NOW)
        acts = [
            threading.Thread(target=pages.post, args=[where])
            for where in (f"{door}/resume", f"/u/{reader.token}")
        ]
        for act in acts:
            act.start()
        for act in acts:
            act.join()
        assert pages.reader(reader.address).status is SubscriberStatus.REMOVED


def test_two_presses_at_once(pages: Site) -> None:
    """Ten browsers press the same button: one agreement on record."""
    pages.post("/signup", FORM)
    link = pages.link("c")
    replies: list[Reply] = []
    presses = [threading.Thread(target=lambda: replies.append(pages.post(link))) for _ in range(10)]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    assert {reply.status for reply in replies} == {200}
    assert sum("/m/" in reply.body for reply in replies) == 1
    with pages.store() as store:
        events = [event.event for event in history.of(store, pages.reader().id)]
    assert events == ["asked", "agreed"]


def test_limits_are_those_told(pages: Site) -> None:
    """Ten letters an hour from one network; addresses of one IPv6 household count as one."""
    for place in range(10):
        network = f"2001:db8:1:2::{place}"
        assert (
            pages.post("/link", {"address": f"a{place}@vidu.example"}, X_Forwarded_For=network).status == 303
        )
    assert (
        pages.post("/link", {"address": "a@vidu.example"}, X_Forwarded_For="2001:db8:1:2:ffff::").status
        == 429
    )
    assert pages.post("/link", {"address": "a@vidu.example"}, X_Forwarded_For="2001:db8:1:3::1").status == 303
    assert rates.LETTERS.amount == 10


def test_only_the_proxy_is_believed() -> None:
    """Where another proxy is named than the one that asks, what it claims counts for nothing."""
    with site(front_proxies="192.0.2.1") as pages:
        codes = [
            pages.post(
                "/link", {"address": f"a{place}@vidu.example"}, X_Forwarded_For=f"198.51.100.{place}"
            ).status
            for place in range(11)
        ]
    assert codes == [303] * 10 + [429]
