"""Agencies' names in capitals, with marks lost, frames stuck to them, and stamps over their beginning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intake.model import FieldName
from tests.ocr.paper import HEAD, sheet, words
from workers.ocr.anchors import find_anchors
from workers.ocr.evidence import agency_would_be, type_would_be
from workers.ocr.fields import Gathered, _put_code
from workers.ocr.issuer import Issuer, find_issuer
from workers.ocr.known import NOTHING
from workers.ocr.lexicon import document_types
from workers.ocr.number import CodeReading, read_number
from workers.ocr.organ_name import mended, spellings
from workers.ocr.title import Title

BODY = "Căn cứ chức năng của Ban Quản lý Khu công nghiệp tỉnh Kim Đồng; Ban Quản lý dự án đầu tư xây dựng xã Xuân Phong"


def named(*lines: str) -> str | None:
    """The agency of a head whose left column holds these lines."""
    left = [words(line, 100 - 2.0 * len(line), 20 + 6 * i, advance=1.9) for i, line in enumerate(lines)]
    of = sheet(HEAD[1], HEAD[3], *left, words("Số: 145/QĐ-UBND", 44, 22 + 6 * len(lines), advance=1.9), HEAD[4])
    issuer = find_issuer(of, find_anchors(of), spellings([BODY]), lambda row: ())
    return issuer and issuer.name


@pytest.mark.parametrize(("printed", "name"), [
    ("BAN QUẦN LÝ KHU CÔNG NGHIỆP", "BAN QUẢN LÝ KHU CÔNG NGHIỆP"),
    ("ĐẦU TƯ XÂY DỰNG", "ĐẦU TƯ XÂY DỰNG"),  # «Tự do» stands on every page
    ("ỦY BAN NHÂN DÂN XÃ XUÂN PHONG", "ỦY BAN NHÂN DÂN XÃ XUÂN PHONG"),  # no PHÒNG
    ("PHONG TÀI CHÍNH", "PHÒNG TÀI CHÍNH"),
    ("UBND TINH KIM ĐỒNG", "UBND TỈNH KIM ĐỒNG"),
    ("ỦY BAN NHÂN DÂN THÀNH PHÔ HUÊ", "ỦY BAN NHÂN DÂN THÀNH PHỐ HUẾ"),
    ("ỦY BAN NHÂN DÂN TÍNH KIM ĐỒNG", "ỦY BAN NHÂN DÂN TỈNH KIM ĐỒNG"),
    ("HỘI ĐỒNG NHÂN DÂN HUYÊN XUÂN PHONG", "HỘI ĐỒNG NHÂN DÂN HUYỆN XUÂN PHONG"),
])  # fmt: skip
def test_marks_are_set_by_the_lists_and_by_the_documents_own_text(printed, name):
    assert mended(printed.split(), spellings(["Độc lập - Tự do - Hạnh phúc", BODY]))[0] == name


def test_a_place_one_letter_off_another_is_another_and_an_agency_is_misread():
    for place in ("BÌNH TƯỜNG", "TRUNG ĐỒNG"):
        assert mended(["TỈNH", *place.split()], spellings([""]))[0] == f"TỈNH {place}"
    assert mended("TRUNG TÂM KIỂM SOÁT BỆNH TẬI".split(), spellings([""]))[0] == "TRUNG TÂM KIỂM SOÁT BỆNH TẬT"


def test_a_province_is_the_listed_one_however_the_text_was_read():
    text = "tỉnh Tiên Giang; tỉnh Tiên Giang; tính tính tính"
    assert mended("ỦY BAN NHÂN DÂN TÍNH TIÊN GIANG".split(), spellings([text]))[0] == "ỦY BAN NHÂN DÂN TỈNH TIỀN GIANG"


@pytest.mark.parametrize(("lines", "printed", "disputed"), [
    (("ỦY BAN NHÂN DÂN", "THÀNH PHỐ CẦN THƠ"), "CÂN", False),
    (("ỦY BAN NHÂN DÂN", "XÃ XUÂN PHONG"), "XUẤN", True),
    (("CHI CỤC THUẾ", "CẦN GIỜ"), "CÂN", True),
])  # fmt: skip
def test_a_mark_seen_otherwise_disputes_a_name_but_not_a_listed_citys(lines, printed, disputed):
    left = [words(line, 100 - 2.0 * len(line), 20 + 6 * i, advance=1.9) for i, line in enumerate(lines)]
    of = sheet(HEAD[1], HEAD[3], *left, words("Số: 145/QĐ-UBND", 44, 22 + 6 * len(lines), advance=1.9), HEAD[4])
    issuer = find_issuer(of, find_anchors(of), spellings([BODY]), lambda row: (), lambda row: [printed])
    assert issuer is not None
    assert issuer.disputed == disputed


def test_a_name_in_capitals_has_no_small_letters():
    assert named("Ủy BAN NHÂN DÂN", "XÃ XUÂN PHONG") == "ỦY BAN NHÂN DÂN XÃ XUÂN PHONG"


def test_a_place_spelt_so_in_print_and_text_is_not_the_listed_one():
    body = "Ủy ban nhân dân xã Quang Ninh; các thôn của xã Quang Ninh"
    for text, name in ((body, "QUANG NINH"), ("xã Quảng Ninh, xã Quảng Ninh", "QUẢNG NINH"), ("", "QUẢNG NINH")):
        assert mended(["XÃ", "QUANG", "NINH"], spellings([text]))[0] == f"XÃ {name}"


@pytest.mark.parametrize(("sure", "name"), [(0.36, "SỞ Y TẾ"), (0.95, "SỞ 7 Y TẾ")])
def test_a_figure_that_is_the_tail_of_a_letter_is_no_word(sure, name):
    """«SỞ 7 Y TẾ»: the 7 was read within the box of SỞ, of which the engine was not sure."""
    so, y, te = words("SỞ Y TẾ", 70, 26, advance=1.9)
    tail = replace(so, text="7", box=(so.box[2] - 12, so.box[1], so.box[2] - 3, so.box[3] + 10), confidence=sure)
    left = (words("UBND TỈNH KIM ĐỒNG", 50, 20, advance=1.9), (so, tail, y, te))
    of = sheet(HEAD[1], HEAD[3], *left, words("Số: 145/QĐ-SYT", 44, 36, advance=1.9), HEAD[4])
    issuer = find_issuer(of, find_anchors(of), spellings([BODY]), lambda row: ())
    assert issuer is not None
    assert issuer.name == name


@pytest.mark.parametrize(("name", "whole"), [
    ("ỦY BAN NHÂN DÂN TỈNH HẢI THỌ", True), ("UBND THÀNH PHỐ HUẾ", True), ("HỘI ĐỒNG NHÂN DÂN XÃ LONG HẬU", True),
    ("BỆNH VIỆN ĐA KHOA", True), ("SỞ VĂN HÓA, THỂ THAO VÀ DU LỊCH", True), ("CÔNG TY CỔ PHẦN", True),
    ("HỘI ĐỒNG ĐẤU THẦU MUA THUỐC", True), ("BAN QUẢN LÝ DỰ ÁN", True), ("ĐẢNG ỦY XÃ LONG HẬU", True),
    ("ỦY BAN NHÂN DÂN", False), ("ỦY BAN NHÂN DÂN PHÚ THỦY", False), ("TỈNH HẢI THỌ", False), ("VIỆN ĐA KHOA", False),
    ("HÓA, THỂ THAO VÀ DU LỊCH", False), ("NHÂN DÂN HẢI VIÊN", False), ("BAN MẶT TRẬN TỔ QUỐC", False),
    ("SỞ TƯ", False), ("SỞ VĂN HÓA, THỂ", False), ("SỞ VĂN HÓA", True), ("PHÒNG TÀI CHÍNH", True), ("SỞ Y TẾ", True),
    ("SỞ KẾ HOẠCH VÀ ĐẦU TƯ", True), ("BAN QUẢN LÝ DỰ ÁN ĐẦU TƯ XÂY DỰNG", True), ("TRUNG TÂM Y TẾ", True),
    ("ỦY BAN NHÂN DÂN TỈNH QUẢNG", False), ("BAN XÃ YÊN THỌ", False), ("SỞ XÂY DỰNG", True),
    ("SỞ", False), ("SỞ THÀNH PHỐ THẠCH MỸ", False),
])  # fmt: skip
def test_a_part_of_a_name_is_no_name(name, whole):
    assert Issuer(name, "", (), 1.0, 0).is_whole == whole


@pytest.mark.parametrize(("lines", "name"), [
    (["BAN NHÂN DÂN", "XÃ LONG HẬU"], "ỦY BAN NHÂN DÂN XÃ LONG HẬU"),
    (["772009 BAN NHÂN DÂN", "XÃ LONG HẬU"], "ỦY BAN NHÂN DÂN XÃ LONG HẬU"),
    (["ỦY BAN NHÂN DÂN -", "XÃ LONG HẬU"], "ỦY BAN NHÂN DÂN XÃ LONG HẬU"),
    (["UBND TỈNH HẢI HÀ", "BS --SỞ VĂN HÓA"], "SỞ VĂN HÓA"),
    (["UBND TỈNH HẢI HÀ", "THANH TRA TỈNH”"], "THANH TRA TỈNH"),
    (["SỞ Y TẾ -CÔNG ĐOÀN NGÀNH"], "SỞ Y TẾ - CÔNG ĐOÀN NGÀNH"),
    (["ĐEN", "SỞ Y TẾ"], "SỞ Y TẾ"),
    (["SỞ TƯ TƯ PHÁP"], "SỞ TƯ PHÁP"),
    (["ĐEN"], None),
])  # fmt: skip
def test_what_stamps_and_frames_leave_is_not_of_the_name(lines, name):
    assert named(*lines) == name


@pytest.mark.parametrize(("notation", "name", "better"), [
    ("QĐ-STG", "SỞ TÀI CHÍNH", "QĐ-STC"), ("QĐ-STC", "SỞ TÀI CHÍNH", None), ("STG-NS", "SỞ TÀI CHÍNH", "STC-NS"),
    ("TB-BQLDA", "BAN QUẢN LÝ DỰ ÁN", None), ("QĐ-SNNMT", "SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG", None),
    ("QĐ-VP", "SỞ TÀI CHÍNH", None), ("15", "SỞ TÀI CHÍNH", None),
])  # fmt: skip
def test_a_notation_one_letter_off_its_agency_is_doubtful(notation, name, better):
    assert agency_would_be(notation, Issuer(name, "", (), 1.0, 0)) == better


@pytest.mark.parametrize(("notation", "title", "better"), [
    ("NG-SNV", "Nghị quyết", "NQ-SNV"), ("NQ-SNV", "Nghị quyết", None), ("QD-SNV", "Quyết định", "QĐ-SNV"),
    ("SNV-VP", "Quyết định", None), ("TU", "Kế hoạch", None), ("IKH-STC", "Kế hoạch", "KH-STC"),
    ("KH-STC", "Kế hoạch", None),
])  # fmt: skip
def test_a_notation_one_letter_off_its_title_is_doubtful(notation, title, better):
    kind = next(kind for kind in document_types() if kind.title == title)
    row = sheet(words(title.upper(), 94, 52)).rows[0]
    assert type_would_be(notation, Title(kind, 100.0, row.tokens, (), row)) == better


@pytest.mark.parametrize(("read", "title", "agency", "value", "other"), [
    ("GM-TTT", "Giấy mời", "PHÒNG THANH TRA TỈNH", "GM-TTT", "GM-PTT"),  # the agency's name is what was read wrong
    ("NG-SNV", "Nghị quyết", "SỞ NỘI VỤ", "NQ-SNV", "NG-SNV"),
    ("NQ-SNV", "Nghị quyết", "SỞ NỘI VỤ", "NQ-SNV", None),
])  # fmt: skip
def test_the_title_mends_a_notation_and_the_agency_only_doubts_it(read, title, agency, value, other):
    row = sheet(words(f"Số: 71/{read}", 30, 40)).rows[0]
    code = read_number(row)
    kind = next(kind for kind in document_types() if kind.title == title)
    gathered = Gathered()
    evidence = (3.0, 0.0, 1.0, 1.0, 1.0, 0.7, 1.0, 1.0)
    reading = CodeReading("71", code.notation, None, True, code.form, 0, (), code.notation_tokens)
    headed = Title(kind, 100.0, row.tokens, (), row)
    _put_code(gathered, sheet(words(title, 30, 60)), reading, evidence, headed, Issuer(agency, "", (), 1.0, 0), NOTHING)
    field = gathered.fields[FieldName.CODE_NOTATION]
    assert (field.value, field.suggestion) == (value, other)
    assert field.confidence <= 0.9 or other is None


@pytest.mark.parametrize(("name", "notation", "parent"), [
    ("ỦY BAN NHÂN DÂN TỈNH CẨM PHONG", "PA-STC", True), ("UBND TỈNH MỸ THỌ", "SNgV-NV", True),
    ("UBND TỈNH MỸ THỌ", "CCTL-CCHC", True), ("UBND TỈNH MỸ THỌ", "QĐ-UBND", False), ("UBND TỈNH MỸ THỌ", "UBND-SNV", False),
    ("UBND TỈNH MỸ THỌ", "VX", False), ("UBND TỈNH MỸ THỌ", None, False), ("SỞ TÀI CHÍNH", "PA-STC", False),
])  # fmt: skip
def test_a_committee_has_no_departments_notation(name, notation, parent):
    assert Issuer(name, "", (), 1.0, 0).is_parent_of(notation) == parent
