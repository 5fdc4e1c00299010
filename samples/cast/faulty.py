"""Captures that must not pass, and the one document the machine must refuse to read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from samples.capture import Settings
from samples.cast.places import (
    COMMUNE,
    COMMUNE_SEAL,
    WARD,
    WARD_SEAL,
    arrived,
    department,
    department_seal,
    hand,
    signature,
)
from samples.cast.sample import Expected, Sample
from samples.spec import DocumentSpec, Paragraph, Signer, Typing

GRAY = Sample(
    name="loi-quet-xam",
    shows="Quét mức xám: phải quét lại màu",
    shows_en="scanned in gray: must be scanned again in colour",
    seed=401,
    end="held",
    settings=Settings(colour="gray", noise=0.6),
    findings=(Expected("check.colour_gray", 1),),
    spec=DocumentSpec(
        type_name="Thông báo",
        organ=department("Y tế", "SYT"),
        number="126",
        notation="TB-SYT",
        issued=date(2026, 5, 20),
        subject="Lịch tiêm bù vắc xin cho trẻ em dưới 5 tuổi",
        signer=Signer(("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"), "Đoàn Thị Mỹ Phượng"),
        signature=signature(52),
        seal=department_seal("Y tế"),
        recipients=("- Các trạm y tế;", "- Lưu: VT, NVY."),
        body=(
            Paragraph(
                "Sở Y tế thông báo lịch tiêm bù tại trạm y tế các xã, phường: sáng thứ Bảy hằng tuần, từ 7 giờ 30."
            ),
            Paragraph("Trạm y tế mời trẻ theo danh sách, bảo đảm dây chuyền lạnh và người trực cấp cứu./."),
        ),
    ),
)

ENLARGED = Sample(
    name="loi-phong-to-tu-100-dpi",
    shows="Quét 100 dpi rồi phóng to thành 200 dpi: độ phân giải giả",
    shows_en="scanned at 100 dpi and enlarged to 200: false resolution",
    seed=402,
    end="held",
    quality=82,
    settings=Settings(optical_dpi=(100.0, 100.0), kernel="cubic", noise=0.6, sharpen=0.0),
    findings=(Expected("check.dpi_false", 1),),
    spec=DocumentSpec(
        type_name="Công văn",
        organ=COMMUNE,
        number="219",
        notation="UBND-VX",
        issued=date(2026, 8, 19),
        lead="V/v",
        subject="mượn phông bạt phục vụ hội thi văn nghệ quần chúng",
        addressees=("Ủy ban nhân dân phường Cẩm Đông",),
        signer=Signer(("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"), "Ngô Tiến Định"),
        written=frozenset({"number", "day"}),
        hand=hand(53),
        signature=signature(54),
        seal=COMMUNE_SEAL,
        recipients=("- Như trên;", "- Lưu: VT."),
        body=(
            Paragraph(
                "Để tổ chức hội thi văn nghệ quần chúng vào ngày 30 tháng 8 năm 2026, Ủy "
                "ban nhân dân xã Thạch Lạc đề nghị "
                "Ủy ban nhân dân phường Cẩm Đông cho mượn 02 bộ phông bạt và 40 ghế "
                "gấp, từ ngày 28 đến ngày 31 tháng 8."
            ),
            Paragraph("Xã sẽ cử người nhận, giữ gìn và hoàn trả đúng hạn. Rất mong được sự giúp đỡ của phường./."),
        ),
    ),
)

HALF_WRITTEN = Sample(
    name="loi-tep-bi-cat",
    shows="Tệp JPEG bị cắt giữa chừng khi truyền",
    shows_en="a JPEG cut off half-way in transfer",
    seed=403,
    end="rejected",
    keep=0.6,
    settings=Settings(noise=0.6),
    findings=(Expected("check.file_truncated"),),
    spec=replace(
        GRAY.spec, number="131", issued=date(2026, 5, 27), subject="Thời gian trực cấp cứu trong đợt nắng nóng",
        body=(Paragraph("Các trạm y tế bố trí trực cấp cứu 24 giờ mỗi ngày trong đợt nắng "
        "nóng từ ngày 28 tháng 5./."),),
    ),
)  # fmt: skip

FIT_TO_PAGE = Sample(
    name="loi-thu-nho-94",
    shows="Máy đặt «vừa trang»: ảnh thu còn 94 %, dấu ĐẾN 50 × 35 mm làm thước",
    shows_en="the scanner was set to fit to page: 94 %, with the 50 × 35 mm ĐẾN stamp as a ruler",
    seed=404,
    end="held",
    settings=Settings(scale=(0.94, 0.94), lid=252, noise=0.6, skew_deg=0.1),
    findings=(Expected("check.scale_not_100", 1),),
    spec=DocumentSpec(
        type_name="Kế hoạch",
        organ=department("Công Thương", "SCT"),
        number="41",
        notation="KH-SCT",
        issued=date(2026, 9, 1),
        subject="Kiểm tra cửa hàng bán lẻ xăng dầu dịp cuối năm 2026",
        signer=Signer(("GIÁM ĐỐC",), "Hồ Sỹ Thắng"),
        written=frozenset({"number", "day"}),
        hand=hand(55),
        signature=signature(56),
        seal=department_seal("Công Thương"),
        incoming=arrived(4127, date(2026, 9, 3), "Phòng Kinh tế"),
        incoming_at_mm=(14, 200),
        typing=Typing(body_pt=14, leading=1.2),
        recipients=("- UBND các xã, phường;", "- Lưu: VT, QLTM."),
        body=(
            Paragraph(
                "Kiểm tra 38 cửa hàng bán lẻ xăng dầu từ ngày 15 tháng 9 đến ngày 30 tháng 11 năm 2026.", lead="1."
            ),
            Paragraph("Nội dung: giấy chứng nhận, hóa đơn từng lần bán, đo lường và phòng cháy, chữa cháy.", lead="2."),
            Paragraph("Đoàn kiểm tra báo cáo kết quả trước ngày 10 tháng 12 năm 2026./.", lead="3."),
        ),
    ),
)

SECRET = Sample(
    name="mat-bai-tap-gia-dinh",
    shows="Dấu TỐI MẬT trên nội dung hư cấu (đánh cắp công thức bánh): phải từ chối, không đọc",
    shows_en="a TỐI MẬT stamp on plainly fictional content (a stolen cake recipe): refused, never read",
    seed=405,
    end="refused",
    settings=Settings(noise=0.6, skew_deg=-0.15),
    findings=(Expected("check.secrecy_mark", 1),),
    spec=DocumentSpec(
        type_name="Báo cáo",
        organ=WARD,
        number="07",
        notation="BC-UBND",
        issued=date(2026, 10, 1),
        subject="Chuyện hư cấu dùng để thử máy: con rồng đánh cắp công thức bánh trung thu",
        secrecy="TỐI MẬT",
        signer=Signer(("CHỦ TỊCH",), "Chú Cuội Cung Trăng"),
        signature=signature(58),
        seal=WARD_SEAL,
        recipients=("- Chị Hằng;", "- Lưu: gốc đa."),
        body=(
            Paragraph(
                "Văn bản này là truyện hư cấu, chỉ để thử phần mềm; không có nội dung bí "
                "mật nhà nước. Đêm rằm, một con rồng "
                "giấy bay qua bếp bánh và mang đi tờ công thức nhân đậu xanh."
            ),
            Paragraph("Đề nghị thỏ ngọc điều tra và trả lại công thức trước đêm phá cỗ./."),
        ),
    ),
)

SAMPLES = (GRAY, ENLARGED, HALF_WRITTEN, FIT_TO_PAGE, SECRET)
