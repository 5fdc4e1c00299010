"""Official letters (công văn), an invitation and a telegram: abstract under the number, urgency stamps."""

from __future__ import annotations

from datetime import date

from samples.capture import Settings
from samples.cast.places import (
    COMMUNE,
    COMMUNE_SEAL,
    PROVINCE,
    PROVINCE_SEAL,
    WARD,
    WARD_SEAL,
    arrived,
    department,
    department_seal,
    hand,
    signature,
)
from samples.cast.sample import Sample
from samples.spec import DocumentSpec, Paragraph, Signer, Typing

STATISTICS = Sample(
    name="cong-van-bao-cao-so-lieu",
    shows="Công văn, trích yếu V/v ba dòng, số và ngày in sẵn, ba nơi kính gửi, dấu ĐẾN",
    shows_en="letter with a three-line V/v, printed number and date, three addressees, ĐẾN stamp",
    seed=201,
    settings=Settings(skew_deg=0.3, noise=0.6, vignette=0.03),
    spec=DocumentSpec(
        type_name="Công văn",
        organ=department("Nội vụ", "SNV"),
        number="862",
        notation="SNV-CCHC",
        issued=date(2026, 4, 9),
        lead="V/v",
        subject="báo cáo số liệu số hóa văn bản đến và kết quả giải quyết thủ tục hành chính quý I năm 2026",
        addressees=(
            "Văn phòng Ủy ban nhân dân tỉnh",
            "Các sở, ban, ngành",
            "Ủy ban nhân dân các xã, phường",
        ),
        signer=Signer(("GIÁM ĐỐC",), "Lương Thị Thu Hạnh"),
        signature=signature(22),
        seal=department_seal("Nội vụ", 36, 1),
        incoming=arrived(2390, date(2026, 4, 10), "Văn phòng"),
        incoming_at_mm=(3, 72),
        typing=Typing(body_pt=14, leading=1.15),
        recipients=("- Như trên;", "- Giám đốc Sở (để báo cáo);", "- Lưu: VT, CCHC."),
        body=(
            Paragraph(
                "Thực hiện chương trình cải cách hành chính năm 2026, Sở Nội vụ đề nghị các cơ quan, đơn vị báo cáo số "
                "lượng văn bản giấy đã tiếp nhận, số văn bản đã số hóa, số văn bản phải quét lại và nguyên nhân."
            ),
            Paragraph(
                "Số liệu tính từ ngày 01 tháng 01 đến hết ngày 31 tháng 3 năm 2026, lập "
                "theo biểu mẫu gửi kèm. Báo cáo gửi "
                "về Sở Nội vụ trước ngày 20 tháng 4 năm 2026 để tổng hợp."
            ),
            Paragraph("Sở Nội vụ đề nghị các cơ quan, đơn vị phối hợp thực hiện./."),
        ),
    ),
)

SALINITY = Sample(
    name="cong-van-khan-xam-nhap-man",
    shows="Công văn có dấu KHẨN đóng nghiêng, số và ngày viết tay",
    shows_en="letter with a tilted KHẨN stamp, number and day by pen",
    seed=202,
    settings=Settings(skew_deg=-0.35, noise=0.6, tint=(1.0, 0.99, 0.965)),
    spec=DocumentSpec(
        type_name="Công văn",
        organ=department("Nông nghiệp và Môi trường", "SNNMT", "SỞ NÔNG NGHIỆP", "VÀ MÔI TRƯỜNG"),
        number="1539",
        notation="SNNMT-TL",
        issued=date(2026, 2, 24),
        lead="V/v",
        subject="đóng cống Bến Trạch và thông báo độ mặn hằng ngày",
        addressees=("Ủy ban nhân dân các xã, phường ven sông Thượng Khê",),
        urgency="KHẨN",
        urgency_tilt=9,
        signer=Signer(("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"), "Võ Xuân Hiển"),
        written=frozenset({"number", "day"}),
        hand=hand(24, height_mm=4.6),
        signature=signature(25),
        seal=department_seal("Nông nghiệp\nvà Môi trường", 38),
        incoming=arrived(1702, date(2026, 2, 25), "Phòng Kinh tế"),
        incoming_at_mm=(12, 236),
        recipients=("- Như trên;", "- Chi cục Thủy lợi;", "- Lưu: VT, TL."),
        body=(
            Paragraph(
                "Hồi 6 giờ sáng nay, độ mặn đo tại cống Bến Trạch là 4,2‰, vượt ngưỡng "
                "lấy nước tưới. Dự báo mặn còn tăng "
                "trong 05 ngày tới theo kỳ triều cường."
            ),
            Paragraph(
                "Sở đề nghị Ủy ban nhân dân các xã, phường đóng toàn bộ cống lấy nước từ "
                "15 giờ ngày 24 tháng 02 năm 2026; "
                "thông báo cho nhân dân trữ nước ngọt; cử người trực và báo độ mặn hai lần mỗi ngày./."
            ),
        ),
    ),
)

STORM = Sample(
    name="cong-dien-hoa-toc",
    shows="Công điện HỎA TỐC của tỉnh, quét 300 dpi",
    shows_en="HỎA TỐC telegram of the province, scanned at 300 dpi",
    seed=203,
    quality=75,
    settings=Settings(dpi=300.0, skew_deg=0.15, noise=0.6, sharpen=0.1),
    spec=DocumentSpec(
        type_name="Công điện",
        organ=PROVINCE,
        number="11",
        notation="CĐ-UBND",
        issued=date(2026, 10, 19),
        lead="Về việc",
        subject="tập trung ứng phó với mưa lũ trên sông Thượng Khê",
        urgency="HỎA TỐC",
        urgency_tilt=6,
        signer=Signer(("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"), "Đỗ Thanh Diệp"),
        written=frozenset({"number", "day"}),
        hand=hand(26, height_mm=4.7),
        signature=signature(27),
        seal=PROVINCE_SEAL,
        recipients=("- Chủ tịch UBND các xã, phường;", "- Ban Chỉ huy phòng thủ dân sự tỉnh;", "- Lưu: VT, NN."),
        body=(
            Paragraph("CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH VĨNH HÀ điện:", bold=True, align="centre"),
            Paragraph(
                "Mực nước sông Thượng Khê tại trạm Kim Thịnh lúc 13 giờ là 7,85 m, trên "
                "báo động 2. Yêu cầu Chủ tịch Ủy ban "
                "nhân dân các xã, phường sơ tán ngay các hộ dân ngoài đê, hoàn thành trước 20 giờ cùng ngày."
            ),
            Paragraph("Báo cáo kết quả về Văn phòng Ủy ban nhân dân tỉnh trước 21 giờ./."),
        ),
    ),
)

INVITATION = Sample(
    name="giay-moi-hop",
    shows="Giấy mời, ảnh PNG nền trắng (máy quét tự làm sạch nền)",
    shows_en="invitation, PNG with the background cleaned by the scanner",
    seed=204,
    container="png",
    settings=Settings(
        noise=0.0,
        vignette=0.0,
        shading=0.0,
        exposure=1.06,
        dust=0,
        black=0.0,
        sharpen=0.0,
        lid=255,
        tint=(1.0, 1.0, 1.0),
    ),
    spec=DocumentSpec(
        type_name="Giấy mời",
        organ=COMMUNE,
        number="58",
        notation="GM-UBND",
        issued=date(2026, 6, 11),
        lead="",
        subject="Dự họp bàn giải pháp thu gom rác thải dọc đường liên xã",
        addressees=("Ủy ban nhân dân phường Cẩm Đông",),
        signer=Signer(("TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG"), "Kiều Thị Bích Vân"),
        signature=signature(29),
        seal=COMMUNE_SEAL,
        recipients=("- Như trên;", "- Lưu: VT."),
        body=(
            Paragraph("Ủy ban nhân dân xã Thạch Lạc trân trọng kính mời đại diện quý cơ quan dự họp."),
            Paragraph("14 giờ 00, thứ Ba, ngày 16 tháng 6 năm 2026.", lead="Thời gian:"),
            Paragraph("Phòng họp số 2, trụ sở Ủy ban nhân dân xã Thạch Lạc.", lead="Địa điểm:"),
            Paragraph("Đề nghị đại biểu đến đúng giờ./."),
        ),
    ),
)

LAND = Sample(
    name="cong-van-dat-truong-hoc",
    shows="Công văn của phường (UBND hai dòng), số viết tay trên dòng chấm, giấy ngả vàng",
    shows_en="ward letter, number by pen on a dotted line, yellowish paper",
    seed=205,
    settings=Settings(skew_deg=0.4, noise=0.8, dust=10, vignette=0.05),
    spec=DocumentSpec(
        type_name="Công văn",
        organ=WARD,
        number="407",
        notation="UBND-KTHT",
        issued=date(2026, 8, 5),
        lead="V/v",
        subject="thống nhất ranh giới khu đất xây dựng Trường Mầm non Hoa Sen",
        addressees=("Ủy ban nhân dân xã Thạch Lạc",),
        signer=Signer(("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"), "Huỳnh Minh Quyết"),
        written=frozenset({"number"}),
        dotted=True,
        hand=hand(31, blue=False, height_mm=4.2),
        signature=signature(32),
        seal=WARD_SEAL,
        typing=Typing(body_pt=13.5, leading=1.15, paper=(250, 246, 234)),
        recipients=("- Như trên;", "- Lưu: VT, KTHT."),
        contact="Số 12 đường Bờ Hồ, phường Cẩm Đông, tỉnh Vĩnh Hà. Điện thoại: 0200 000 000. "
        "Thư điện tử: camdong@example.invalid",
        body=(
            Paragraph(
                "Qua kiểm tra thực địa ngày 30 tháng 7 năm 2026, mốc số 4 và mốc số 5 "
                "của khu đất dự kiến xây dựng Trường "
                "Mầm non Hoa Sen nằm trên ranh giới giữa hai đơn vị hành chính."
            ),
            Paragraph(
                "Ủy ban nhân dân phường đề nghị Ủy ban nhân dân xã Thạch Lạc cử cán bộ "
                "địa chính phối hợp đo đạc lại vào "
                "ngày 12 tháng 8 năm 2026 và thống nhất biên bản./."
            ),
        ),
    ),
)

SAMPLES = (STATISTICS, SALINITY, STORM, INVITATION, LAND)
