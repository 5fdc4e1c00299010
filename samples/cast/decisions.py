"""Decisions: one of a department, one with the year in its number, one announcing people by name."""

from __future__ import annotations

from datetime import date

from samples.capture import Settings
from samples.cast.places import (
    COMMUNE,
    COMMUNE_SEAL,
    PROVINCE,
    PROVINCE_SEAL,
    arrived,
    department,
    department_seal,
    hand,
    signature,
)
from samples.cast.sample import Expected, Sample
from samples.spec import DocumentSpec, Paragraph, Signer, Table, Typing

WORKING_GROUP = Sample(
    name="quyet-dinh-to-ra-soat",
    shows="Quyết định 3 trang, số và ngày viết tay, dấu ĐẾN; thư mục ảnh trang",
    shows_en="three-page decision, number and day by pen, ĐẾN stamp; a folder of page images",
    seed=101,
    container="folder",
    settings=Settings(skew_deg=0.25, noise=0.6, dust=5),
    changed={2: {"skew_deg": -0.15}},
    spec=DocumentSpec(
        type_name="Quyết định",
        organ=department("Xây dựng", "SXD"),
        number="1274",
        notation="QĐ-SXD",
        issued=date(2026, 3, 17),
        lead="Về việc",
        subject="thành lập Tổ rà soát hồ sơ cấp phép xây dựng tồn đọng trên địa bàn tỉnh Vĩnh Hà",
        authority="GIÁM ĐỐC SỞ XÂY DỰNG TỈNH VĨNH HÀ",
        signer=Signer(("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"), "Nguyễn Thế Khải"),
        written=frozenset({"number", "day"}),
        hand=hand(11),
        signature=signature(12),
        seal=department_seal("Xây dựng"),
        incoming=arrived(2154, date(2026, 3, 19), "Phòng Kinh tế"),
        incoming_at_mm=(4, 62),
        typing=Typing(body_pt=14, leading=1.42),
        recipients=(
            "- Như Điều 4;",
            "- Ủy ban nhân dân tỉnh (để báo cáo);",
            "- Ủy ban nhân dân các xã, phường;",
            "- Lưu: VT, QLĐT.",
        ),
        body=(
            Paragraph(
                "Căn cứ Quyết định số 15/2025/QĐ-UBND ngày 20 tháng 6 năm 2025 của Ủy "
                "ban nhân dân tỉnh Vĩnh Hà quy định "
                "chức năng, nhiệm vụ, quyền hạn và cơ cấu tổ chức của Sở Xây dựng;",
                italic=True,
            ),
            Paragraph("Căn cứ tình hình giải quyết thủ tục hành chính quý I năm 2026;", italic=True),
            Paragraph("Theo đề nghị của Trưởng phòng Quản lý đô thị.", italic=True),
            Paragraph("QUYẾT ĐỊNH:", bold=True, align="centre"),
            Paragraph(
                "Thành lập Tổ rà soát hồ sơ cấp phép xây dựng tồn đọng trên địa bàn tỉnh Vĩnh Hà (sau đây gọi là Tổ rà "
                "soát) gồm 09 thành viên; ông Nguyễn Thế Khải, Phó Giám đốc Sở, làm Tổ "
                "trưởng; bà Lương Thị Yến, Trưởng "
                "phòng Quản lý đô thị, làm Tổ phó thường trực.",
                lead="Điều 1.",
            ),
            Paragraph(
                "Tổ rà soát có nhiệm vụ lập danh mục các hồ sơ đã tiếp nhận trước ngày 31 tháng 12 năm 2025 nhưng chưa "
                "có kết quả; phân loại theo nguyên nhân; đề xuất cách xử lý đối với từng hồ sơ và báo cáo Giám đốc Sở "
                "vào thứ Sáu hằng tuần.",
                lead="Điều 2.",
            ),
            Paragraph(
                "Tổ rà soát được sử dụng con dấu của Sở Xây dựng, làm việc theo chế độ "
                "kiêm nhiệm và tự giải thể sau khi "
                "hoàn thành nhiệm vụ. Kinh phí hoạt động lấy từ nguồn chi thường xuyên "
                "đã giao cho Sở năm 2026. Các thành "
                "viên chịu trách nhiệm về thời gian tham gia và chất lượng phần việc được phân công.",
                lead="Điều 3.",
            ),
            Paragraph(
                "Chánh Văn phòng Sở, Trưởng phòng Quản lý đô thị, thủ trưởng các đơn vị "
                "liên quan và các ông, bà có tên "
                "tại Điều 1 chịu trách nhiệm thi hành Quyết định này kể từ ngày ký./.",
                lead="Điều 4.",
            ),
        ),
        annex=(
            Paragraph("DANH SÁCH TỔ RÀ SOÁT", bold=True, align="centre"),
            Paragraph("(Kèm theo Quyết định của Giám đốc Sở Xây dựng)", italic=True, align="centre"),
            Table(
                ("STT", "Họ và tên", "Chức vụ", "Nhiệm vụ"),
                (
                    ("1", "Nguyễn Thế Khải", "Phó Giám đốc Sở", "Tổ trưởng"),
                    ("2", "Lương Thị Yến", "Trưởng phòng Quản lý đô thị", "Tổ phó"),
                    ("3", "Đặng Hữu Tường", "Chánh Văn phòng Sở", "Thành viên"),
                    ("4", "Hoàng Thị Ánh", "Chuyên viên phòng Quản lý đô thị", "Thư ký"),
                ),
                (0.09, 0.29, 0.41, 0.21),
            ),
        ),
    ),
)

NORMATIVE = Sample(
    name="quyet-dinh-quy-dinh-le-phi",
    shows="Quyết định quy phạm pháp luật, số có năm (27/2026/QĐ-UBND), 2 trang, PDF của máy quét",
    shows_en="normative decision with the year in its number, two pages, scanner-made PDF",
    seed=102,
    container="pdf",
    settings=Settings(skew_deg=-0.2, noise=0.6, exposure=1.02),
    changed={2: {"skew_deg": 0.1}},
    spec=DocumentSpec(
        type_name="Quyết định",
        organ=PROVINCE,
        number="27",
        notation="QĐ-UBND",
        year=2026,
        issued=date(2026, 5, 8),
        lead="",
        subject="Ban hành Quy định mức thu phí tham quan di tích và danh lam thắng cảnh trên địa bàn tỉnh Vĩnh Hà",
        authority="ỦY BAN NHÂN DÂN TỈNH VĨNH HÀ",
        signer=Signer(("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"), "Trần Quốc Vượng"),
        hand=hand(13),
        signature=signature(14),
        seal=PROVINCE_SEAL,
        typing=Typing(body_pt=13.5, leading=1.15, top_mm=19),
        recipients=("- Như Điều 3;", "- Thường trực HĐND tỉnh;", "- Các sở, ban, ngành;", "- Lưu: VT, KTTH."),
        body=(
            Paragraph(
                "Căn cứ Nghị quyết số 08/2026/NQ-HĐND ngày 21 tháng 4 năm 2026 của Hội đồng nhân dân tỉnh;", italic=True
            ),
            Paragraph(
                "Theo đề nghị của Giám đốc Sở Tài chính tại Tờ trình số 412/TTr-STC ngày 04 tháng 5 năm 2026;",
                italic=True,
            ),
            Paragraph(
                "Ủy ban nhân dân tỉnh ban hành Quyết định quy định mức thu phí tham "
                "quan di tích và danh lam thắng cảnh.",
                italic=True,
            ),
            Paragraph(
                "Ban hành kèm theo Quyết định này Quy định mức thu phí tham quan di tích "
                "và danh lam thắng cảnh trên địa "
                "bàn tỉnh Vĩnh Hà.",
                lead="Điều 1.",
            ),
            Paragraph(
                "Quyết định này có hiệu lực thi hành từ ngày 20 tháng 5 năm 2026. Trẻ em "
                "dưới 06 tuổi, người cao tuổi và "
                "người khuyết tật nặng được miễn phí.",
                lead="Điều 2.",
            ),
            Paragraph(
                "Chánh Văn phòng Ủy ban nhân dân tỉnh, Giám đốc các sở: Tài chính, Văn "
                "hóa, Thể thao và Du lịch, Chủ tịch "
                "Ủy ban nhân dân các xã, phường chịu trách nhiệm thi hành Quyết định này./.",
                lead="Điều 3.",
            ),
        ),
        annex=(
            Paragraph("QUY ĐỊNH", bold=True, align="centre"),
            Paragraph(
                "Mức thu phí tham quan di tích và danh lam thắng cảnh trên địa bàn tỉnh Vĩnh Hà",
                bold=True,
                align="centre",
            ),
            Paragraph(
                "(Ban hành kèm theo Quyết định số 27/2026/QĐ-UBND ngày 08 tháng 5 năm 2026)",
                italic=True,
                align="centre",
            ),
            Paragraph("Mức thu phí tính cho mỗi lượt tham quan theo bảng sau:", lead="Điều 1."),
            Table(
                ("STT", "Nơi tham quan", "Người lớn (đồng)", "Trẻ em (đồng)"),
                (
                    ("1", "Thành cổ Vĩnh Lạc", "40.000", "20.000"),
                    ("2", "Hang Đá Vôi, xã Thạch Lạc", "60.000", "30.000"),
                    ("3", "Khu sinh thái hồ Thượng Khê", "25.000", "10.000"),
                    ("4", "Nhà lưu niệm làng gốm Kim Thịnh", "15.000", "5.000"),
                ),
                (0.09, 0.49, 0.22, 0.20),
            ),
            Paragraph(
                "Tổ chức thu phí niêm yết công khai mức thu tại cổng vào và giao biên lai cho khách.", lead="Điều 2."
            ),
        ),
    ),
)

PROMOTIONS = Sample(
    name="quyet-dinh-nang-luong",
    shows="Quyết định của xã (tên cơ quan hai dòng), mặt sau tờ một là trang trắng, kèm danh sách",
    shows_en="commune decision (issuer on two lines); the back of sheet one is blank; a list is attached",
    seed=103,
    container="folder",
    settings=Settings(skew_deg=0.1, noise=0.6),
    backs=(2,),
    spec=DocumentSpec(
        type_name="Quyết định",
        organ=COMMUNE,
        number="96",
        notation="QĐ-UBND",
        issued=date(2026, 7, 2),
        lead="Về việc",
        subject="nâng bậc lương thường xuyên đối với công chức xã năm 2026",
        authority="CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ THẠCH LẠC",
        signer=Signer(("CHỦ TỊCH",), "Đinh Trọng Nghĩa"),
        written=frozenset({"number", "day"}),
        hand=hand(15, height_mm=4.9),
        signature=signature(16),
        seal=COMMUNE_SEAL,
        incoming=arrived(3381, date(2026, 7, 6)),
        incoming_at_mm=(10, 240),
        typing=Typing(body_pt=14, leading=1.1, top_mm=22),
        recipients=("- Như Điều 2;", "- Phòng Nội vụ;", "- Lưu: VT."),
        body=(
            Paragraph("Căn cứ chế độ nâng bậc lương thường xuyên đối với cán bộ, công chức, viên chức;", italic=True),
            Paragraph("Theo đề nghị của công chức Văn phòng - Thống kê.", italic=True),
            Paragraph("QUYẾT ĐỊNH:", bold=True, align="centre"),
            Paragraph(
                "Nâng bậc lương thường xuyên đối với 05 công chức xã có tên trong danh "
                "sách kèm theo, thời gian hưởng kể "
                "từ ngày 01 tháng 7 năm 2026.",
                lead="Điều 1.",
            ),
            Paragraph(
                "Văn phòng Ủy ban nhân dân xã và các ông, bà có tên chịu trách nhiệm thi hành./.", lead="Điều 2."
            ),
        ),
        annex=(
            Paragraph("DANH SÁCH CÔNG CHỨC ĐƯỢC NÂNG BẬC LƯƠNG", bold=True, align="centre"),
            Paragraph("(Kèm theo Quyết định của Chủ tịch Ủy ban nhân dân xã Thạch Lạc)", italic=True, align="centre"),
            Table(
                ("STT", "Họ và tên", "Chức danh", "Hệ số cũ", "Hệ số mới"),
                (
                    ("1", "Bùi Thị Hồng Nhung", "Văn phòng - Thống kê", "3,00", "3,33"),
                    ("2", "Ngô Đình Luân", "Địa chính - Xây dựng", "2,67", "3,00"),
                    ("3", "Tạ Hữu Đạt", "Tài chính - Kế toán", "3,33", "3,66"),
                    ("4", "Phan Diệu Trâm", "Tư pháp - Hộ tịch", "2,34", "2,67"),
                    ("5", "Lý Công Tâm", "Văn hóa - Xã hội", "3,66", "3,99"),
                ),
                (0.09, 0.33, 0.30, 0.14, 0.14),
            ),
        ),
    ),
    findings=(Expected("check.blank_page", 2),),
)

SAMPLES = (WORKING_GROUP, NORMATIVE, PROMOTIONS)
