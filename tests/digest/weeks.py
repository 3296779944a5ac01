"""An archive of half a year for the tests of the weekly edition. All of it is invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from classifiers.taxonomy import Taxonomy
from classifiers.verdict import CommitmentScore, Decision, Evidence, SectorScore, Verdict
from monitor.digest.compose import compose
from monitor.digest.render import Rendered, render_weekly
from monitor.digest.weekly import for_reader, week_of
from monitor.types import Archive, Article, JudgedArticle, Language, RelevantArticle
from tests.digest.samples import FRAME, reader

NOW = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)

NEWS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("Thủ tướng hội đàm với Thủ tướng Nhật Bản, nhất trí mở rộng vốn vay cho hạ tầng đường sắt",
     "Hai bên nhất trí sớm ký công hàm trao đổi cho các dự án đường sắt đô thị và giao các bộ rà soát tiến độ.",
     ("politics", "oda"), "oda.yen-loans"),
    ("Tập đoàn Hoshino Kasei khởi công nhà máy linh kiện tại Khu công nghiệp Sông Lam 3",
     "Nhà máy vốn đầu tư 120 triệu USD của Hoshino Kasei dự kiến vận hành vào quý III năm sau, tuyển 1.200 lao động.",
     ("industry", "economy"), "industry.supporting-industry"),
    ("Nhật Bản mở thêm nhóm ngành tiếp nhận lao động kỹ năng từ Việt Nam",
     "Từ tháng 4 năm sau, người lao động đã qua kỳ thi tay nghề được đổi sang tư cách lưu trú mới.",
     ("education",), "education.trainees-and-workers"),
    ("Tuyến cáp quang biển Thái Bình Kết Nối được hai nước chọn làm dự án chung về hạ tầng số",
     "Dự án Thái Bình Kết Nối nối Quy Nhơn với Okinawa, do liên danh hai nước vận hành.",
     ("science", "economy"), "science.digital"),
    ("Lễ hội giao lưu văn hóa Việt – Nhật lần thứ 12 thu hút hơn 40.000 lượt khách",
     "Sự kiện có 60 gian hàng của các địa phương hai nước.", ("culture",), "culture.exchange"),
    ("Cảnh sát biển hai nước diễn tập tìm kiếm cứu nạn ngoài khơi Đà Nẵng",
     "Tàu Mizuho Maru ghé cảng Tiên Sa và tham gia hai ngày diễn tập.", ("security",), "security.coast-guard"),
    ("Nhật Bản hỗ trợ thiết bị xử lý nước thải cho làng nghề ở Bắc Ninh",
     "Gói hỗ trợ trị giá 3,2 triệu USD gồm thiết bị và đào tạo vận hành.", ("energy",), "energy.environment"),
    ("Vải thiều và bưởi da xanh vào thêm ba chuỗi siêu thị Nhật Bản",
     "Sản lượng dự kiến 800 tấn trong vụ tới, tăng một nửa so với năm nay.",
     ("agriculture",), "agriculture.market-access"),
)  # fmt: skip
MADE = (
    "Ba doanh nghiệp Nhật Bản thuê thêm nhà xưởng ở Hưng Yên",
    "Nhà máy kính của Nhật Bản tăng công suất thêm một phần ba",
    "Doanh nghiệp Nhật Bản tìm nhà cung ứng ốc vít trong nước",
    "Khai trương trung tâm đào tạo thợ khuôn mẫu theo chuẩn Nhật Bản",
    "Khu công nghiệp phía nam đón đoàn 40 nhà đầu tư Nhật Bản",
    "Nhật Bản chuyển giao dây chuyền đúc nhôm cho nhà máy trong nước",
    "Tỷ lệ nội địa hóa của nhà máy Nhật Bản lên gần một nửa",
    "Doanh nghiệp Nhật Bản đặt hàng bo mạch sản xuất trong nước",
    "Nhà máy phụ tùng Nhật Bản tuyển thêm 600 lao động",
)
OUTLETS = ("Báo Sông Hồng", "Thời báo Cửa Biển", "Tin Trưa", "Nhật báo Đồng Bằng", "Kinh tế Mẫu")
PER_WEEK = (2, 1, 3, 2, 1, 2, 2, 1)
"""Stories of a sector in ordinary weeks, in turn."""


def told(
    id_: int, seen: datetime, title: str = "", *, sectors: Sequence[str] = (), commitments: Sequence[str] = (),
    summary: str = "", story: int | None = None, news: bool = True,
) -> RelevantArticle:  # fmt: skip
    """A relevant article of its own story."""
    return RelevantArticle(
        id=id_,
        story=id_ if story is None else story,
        first_seen=seen,
        news=news,
        sectors=tuple(sectors),
        commitments=tuple(commitments),
        outlet=OUTLETS[id_ % len(OUTLETS)],
        language="vi",
        link=f"https://baomau.example/{id_}.html",
        title=title or f"Tin số {id_} về hợp tác",
        summary=summary,
    )


def archive_of(
    articles: Sequence[RelevantArticle], *, weeks: int = 26, entries: Sequence[int] | None = None
) -> Archive:
    """An archive that was read on every day of so many weeks."""
    days = tuple((NOW - back * DAY).date() for back in range(weeks * 7, 0, -1))
    read = tuple(entries) if entries else (0,) * max(0, 9 - weeks) + (12_000,) * min(9, weeks)
    return Archive(NOW, tuple(articles), days, read)


def rich_archive(taxonomy: Taxonomy) -> Archive:
    """Half a year: ordinary weeks, a week with far more investment, one commitment come back, two fallen silent."""
    articles: list[RelevantArticle] = []

    def add(back: float, place: int, **changes: object) -> None:
        title, summary, of, commitment = NEWS[place % len(NEWS)]
        ids = [commitment] if commitment in taxonomy.commitment_by_id else _first_of(taxonomy, of[0])
        given: dict[str, object] = {"sectors": of, "commitments": ids, "summary": summary} | changes
        articles.append(told(len(articles) + 1, NOW - back * DAY, str(given.pop("title", title)), **given))  # type: ignore[arg-type]  # checked by the dataclass's users

    for week in range(1, 26):
        for place in range(len(NEWS)):
            for number in range(PER_WEEK[(week + place) % len(PER_WEEK)] if place != 3 else week % 4 == 0):
                old: dict[str, object] = {"title": f"Hợp tác hai nước, bản tin thứ {week}", "summary": ""}
                if place == 5 and week < 6:
                    continue
                if place == 3 or (place == 6 and week < 10):
                    old["commitments"] = ()
                add(7 * week + 1 + number, place, **old)
    for place in range(len(NEWS)):
        if place != 5:
            add(1.5 + place / 3, place)
    for number in range(9):
        add(0.5 + number / 2, 1, title=MADE[number], summary="")
    return archive_of(articles, entries=(11_204, 11_530, 860, 11_871, 12_044, 11_962, 12_310, 12_188, 12_400))


def _first_of(taxonomy: Taxonomy, sector: str) -> list[str]:
    return [next(one.id for one in taxonomy.commitments if one.sector == sector)]


def candidates_of(archive: Archive) -> list[JudgedArticle]:
    """The archive's last week as a digest is made from it."""
    return [_judged(one) for one in archive.relevant if one.first_seen > archive.until - WEEK]


def _judged(one: RelevantArticle) -> JudgedArticle:
    article = Article(
        one.id, one.outlet, "press", "tin", one.language, one.link, one.title, one.summary,
        published=one.first_seen, dated=True, first_seen=one.first_seen, news=one.news, story_id=one.story,
    )  # fmt: skip
    sectors = tuple(SectorScore(id_, 0.9 - place / 10) for place, id_ in enumerate(one.sectors))
    commitments = tuple(CommitmentScore(id_, 0.8) for id_ in one.commitments)
    evidence = (Evidence("Nhật Bản", 2.0), Evidence("dự án", 1.0))
    return JudgedArticle(article, Verdict(0.95, Decision.SEND, sectors, commitments, evidence, "m1"))


def weekly_letter(
    archive: Archive, taxonomy: Taxonomy, language: Language = "vi", **changes: object
) -> Rendered:
    """The weekly edition of an archive for a reader who differs as told."""
    zone = "Asia/Tokyo" if language == "ja" else "Asia/Ho_Chi_Minh"
    one = replace(reader(language, cadence="weekly", weekday=5), **({"zone": zone} | changes))  # type: ignore[arg-type]
    digest = compose(
        one,
        slot=NOW,
        since=NOW - WEEK,
        now=NOW,
        candidates=candidates_of(archive),
        polled_entries=archive.entries[-1],
    )
    return render_weekly(digest, for_reader(week_of(archive, taxonomy), one, taxonomy), taxonomy, FRAME)
