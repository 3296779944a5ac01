"""Rules for turning bytes into text. All texts are our own."""

import pytest

from monitor.ingest.decode import decode

TITLE = "Đường sắt Bắc – Nam: khởi công đoạn đầu"


def _feed(encoding: str | None) -> str:
    prolog = f'<?xml version="1.0" encoding="{encoding}"?>' if encoding else '<?xml version="1.0"?>'
    return f"{prolog}<rss><channel><title>{TITLE}</title></channel></rss>"


BODY = f"<rss><channel><title>{TITLE}</title></channel></rss>"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (_feed("utf-8").encode(), "application/rss+xml; charset=utf-8"),
        (_feed("utf-8").encode("utf-8-sig"), "text/xml"),
        (_feed("utf-8").encode(), "text/xml"),
        (_feed("utf-8").encode(), "text/xml; charset=iso-8859-1"),
        (_feed("iso-8859-1").encode(), "text/xml; charset=utf-8"),
        (_feed("utf-16").encode(), "text/xml"),
        (_feed("x-banana").encode(), ""),
        (_feed(None).encode(), ""),
        (_feed("utf-16").encode("utf-16"), "text/xml"),
        (b"\xfe\xff" + _feed("utf-16").encode("utf-16-be"), "text/xml"),
        (_feed("utf-16le").encode("utf-16-le"), "text/xml"),
        (_feed("utf-16be").encode("utf-16-be"), "text/xml"),
        (b"\xff\xfe\x00\x00" + _feed("utf-32").encode("utf-32-le"), "text/xml"),
    ],
)
def test_unicode_is_recognised_by_its_bytes(body: bytes, content_type: str) -> None:
    """A declaration that contradicts valid Unicode bytes is ignored, without a problem."""
    decoded = decode(body, content_type)
    assert (decoded.text, decoded.problems) == (BODY, ())


@pytest.mark.parametrize(
    ("text", "encoding", "declared", "content_type"),
    [
        ("Giá vàng: đà gia\u0309m", "cp1258", "windows-1258", ""),
        ("Giá vàng: đà gia\u0309m", "cp1258", None, "text/xml; charset=windows-1258"),
        ("Café à la carte “hôtel”", "cp1252", "iso-8859-1", ""),
        ("日越首脳会談", "shift_jis", "Shift_JIS", ""),
        ("日越首脳会談", "euc_jp", "EUC-JP", ""),
        ("日越首脳会談", "iso2022_jp", "iso-2022-jp", ""),
    ],
)
def test_declared_character_sets(text: str, encoding: str, declared: str | None, content_type: str) -> None:
    """Bytes that are no Unicode are read as the document says, else as the server says."""
    prolog = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    decoded = decode(prolog.encode() + text.encode(encoding), content_type)
    assert (decoded.text, decoded.problems) == (text, ())


def test_nothing_declared_is_vietnamese() -> None:
    """Undeclared bytes that are not UTF-8 are taken for windows-1258, and that is noted."""
    decoded = decode("đà gia\u0309m".encode("cp1258"), "")
    assert decoded.text == "đà gia\u0309m"
    assert decoded.problems == ("no usable character set declared; read as cp1258",)


def test_one_cut_letter_spoils_one_letter() -> None:
    """Mostly valid UTF-8 stays UTF-8: only what is cut is lost."""
    decoded = decode("Nhật Bản và Việ".encode() + "ệ".encode()[:2] + b" Nam", "text/xml; charset=iso-8859-1")
    assert decoded.text == "Nhật Bản và Việ\ufffd Nam"
    assert decoded.problems == ("1 damaged characters, read as utf-8",)


@pytest.mark.parametrize("name", ["utf-7", "unicode_escape", "hex", "idna", "rot13"])
def test_only_character_sets_are_declared(name: str) -> None:
    """Codecs that are no plain character set, or hide markup, are never used."""
    body = f'<?xml version="1.0" encoding="{name}"?><a>+ADw-b+AD4- \\u003c</a>'.encode()
    assert decode(body, "").text == "<a>+ADw-b+AD4- \\u003c</a>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x1b[31mc\x0bd\x85e", "ab[31mcd\x85e"),
        ("a&#0;b&#x1b;c", "abc"),
        ("a&#xD800;b&#x110000;c&#99999999999;d", "a\ufffdb\ufffdc\ufffdd"),
        ("a&#233;&#x1EC7;&amp;&quot;", "a&#233;&#x1EC7;&amp;&quot;"),
    ],
)
def test_impossible_characters(text: str, expected: str) -> None:
    """What XML forbids goes, written out or as a reference; sound references stay for the parser."""
    assert decode(text.encode(), "").text == expected


@pytest.mark.parametrize(
    ("text", "expected", "noted"),
    [
        ("\n\n  <?xml version='1.0'?>\n<rss/>", "\n<rss/>", False),
        ("<b>Warning</b>: db down <?xml version='1.0'?><rss/>", "<rss/>", True),
        ("<rss><title>What is <?xml version='1.0'?></title></rss>",) * 2 + (False,),
        ("<?xml-stylesheet href='a'?><rss/>",) * 2 + (False,),
    ],
)
def test_xml_declaration(text: str, expected: str, noted: bool) -> None:
    """The declaration is dropped, with any junk before it, but only where it can be one."""
    decoded = decode(text.encode(), "")
    assert decoded.text == expected
    assert bool(decoded.problems) == noted
