"""A made-up register: who handled what in an agency that does not exist, with habits, exceptions and mistakes."""

from __future__ import annotations

import random
from typing import Any

UNITS: dict[str, tuple[str, ...]] = {
    "Phòng Đất đai": (
        "giao đất",
        "thu hồi đất",
        "cấp giấy chứng nhận quyền sử dụng đất",
        "kế hoạch sử dụng đất",
        "bồi thường giải phóng mặt bằng",
        "giá đất cụ thể",
        "tranh chấp đất đai",
        "đo đạc bản đồ địa chính",
        "chuyển mục đích sử dụng đất",
        "tái định cư",
        "thuê đất trả tiền hằng năm",
        "đấu giá quyền sử dụng đất",
    ),
    "Phòng Môi trường": (
        "đánh giá tác động môi trường",
        "chất thải rắn sinh hoạt",
        "quan trắc khí thải",
        "giấy phép môi trường",
        "ô nhiễm nguồn nước",
        "xả nước thải",
        "phân loại rác tại nguồn",
        "bãi chôn lấp",
        "tiếng ồn vượt quy chuẩn",
        "bảo tồn đa dạng sinh học",
        "cải thiện chất lượng không khí",
        "xử lý nước thải y tế",
    ),
    "Phòng Tài chính - Kế hoạch": (
        "dự toán ngân sách",
        "quyết toán vốn đầu tư",
        "phân bổ kinh phí",
        "giải ngân vốn đầu tư công",
        "mua sắm tài sản công",
        "thanh lý tài sản",
        "kiểm kê tài sản",
        "công khai ngân sách",
        "tạm ứng kinh phí",
        "đấu thầu thuốc",
        "thu chi học phí",
        "chế độ báo cáo tài chính",
    ),
    "Phòng Tổ chức cán bộ": (
        "bổ nhiệm lại",
        "tinh giản biên chế",
        "nâng lương trước thời hạn",
        "đánh giá xếp loại công chức",
        "tuyển dụng viên chức",
        "thi nâng ngạch",
        "kỷ luật cán bộ",
        "quy hoạch lãnh đạo",
        "luân chuyển cán bộ",
        "vị trí việc làm",
        "thôi việc",
        "cử đi đào tạo",
    ),
    "Thanh tra": (
        "khiếu nại quyết định hành chính",
        "đơn tố cáo",
        "kế hoạch thanh tra",
        "kết luận thanh tra",
        "tiếp công dân định kỳ",
        "kê khai tài sản thu nhập",
        "phòng, chống tham nhũng",
        "xử phạt vi phạm hành chính",
        "phúc tra sau thanh tra",
        "xác minh đơn phản ánh",
    ),
    "Văn phòng": (
        "lịch họp giao ban",
        "mời dự hội nghị",
        "lưu trữ hồ sơ",
        "công tác văn thư",
        "cải cách hành chính",
        "kiểm soát thủ tục hành chính",
        "trực lễ, tết",
        "phòng cháy chữa cháy trụ sở",
        "báo cáo tuần",
        "thi đua khen thưởng",
        "sử dụng con dấu",
    ),
    "Phòng Giáo dục": (
        "tuyển sinh đầu cấp",
        "dạy thêm, học thêm",
        "kiên cố hóa trường lớp",
        "chuẩn quốc gia",
        "sách giáo khoa",
        "phổ cập giáo dục",
        "an toàn trường học",
        "bữa ăn bán trú",
        "khai giảng năm học",
        "đánh giá học sinh",
    ),
    "Phòng Y tế": (
        "phòng, chống dịch",
        "tiêm chủng mở rộng",
        "an toàn thực phẩm",
        "bảo hiểm y tế",
        "hành nghề y tư nhân",
        "sốt xuất huyết",
        "trạm y tế",
        "hiến máu tình nguyện",
        "quản lý dược",
        "dân số và phát triển",
    ),
    "Phòng Xây dựng": (
        "cấp phép xây dựng",
        "quy hoạch chi tiết 1/500",
        "trật tự xây dựng",
        "nghiệm thu công trình",
        "nhà ở xã hội",
        "chung cư cũ",
        "chỉnh trang đô thị",
        "hạ ngầm đường dây",
        "cây xanh đô thị",
        "vỉa hè, lòng đường",
    ),
    "Phòng Chuyển đổi số": (
        "dữ liệu số",
        "dịch vụ công trực tuyến",
        "an toàn thông tin mạng",
        "chữ ký số",
        "nâng cấp đường truyền",
        "định danh điện tử",
        "cổng thông tin điện tử",
        "trục liên thông văn bản",
        "chuyển đổi số",
    ),
}
LEADS = (
    "Về việc",
    "V/v",
    "Về",
    "Triển khai",
    "Tăng cường",
    "Báo cáo",
    "Đề nghị",
    "Hướng dẫn",
    "Xin ý kiến về",
    "Đôn đốc",
)
TAILS = (
    "trên địa bàn",
    "năm 2025",
    "năm 2026",
    "quý III",
    "theo chỉ đạo của cấp trên",
    "của các đơn vị trực thuộc",
    "tại phường An Khánh",
    "đợt 2",
    "giai đoạn 2026-2030",
    "",
)
VAGUE = (
    "thực hiện nhiệm vụ được giao",
    "cung cấp thông tin",
    "báo cáo theo yêu cầu",
    "góp ý dự thảo",
    "triển khai công tác trọng tâm",
)
ORGANS = {
    "Phòng Đất đai": "Sở Nông nghiệp và Môi trường",
    "Phòng Môi trường": "Sở Nông nghiệp và Môi trường",
    "Phòng Tài chính - Kế hoạch": "Sở Tài chính",
    "Phòng Tổ chức cán bộ": "Sở Nội vụ",
    "Thanh tra": "Thanh tra tỉnh",
    "Văn phòng": "Văn phòng UBND",
    "Phòng Giáo dục": "Sở Giáo dục và Đào tạo",
    "Phòng Y tế": "Sở Y tế",
    "Phòng Xây dựng": "Sở Xây dựng",
    "Phòng Chuyển đổi số": "Sở Khoa học và Công nghệ",
}
TYPES = ("Công văn", "Báo cáo", "Thông báo", "Quyết định", "Kế hoạch", "Giấy mời", "Tờ trình")
VAGUE_SHARE = 0.08
"""abstracts that say nothing"""
OTHER_SHARE = 0.05
"""decisions for another unit than habit has it: what no model can learn"""
UPPER_SHARE = 0.4
"""documents that come from an agency above or below instead of the unit's own line"""


def decisions(count: int, seed: int, *, unseen: bool = False) -> list[tuple[dict[str, Any], str]]:
    """(record, unit) pairs. Units come with unequal shares. With ``unseen`` only the last third of every unit's topics
    is used, without it only the first two thirds: topics of the one are never in the other."""
    chance = random.Random(seed)
    names = list(UNITS)
    weights = [1 / (place + 1) ** 0.7 for place in range(len(names))]
    return [_decision(chance, chance.choices(names, weights)[0], unseen) for _ in range(count)]


def _decision(chance: random.Random, unit: str, unseen: bool) -> tuple[dict[str, Any], str]:
    topics = UNITS[unit]
    cut = 2 * len(topics) // 3
    own = topics[cut:] if unseen else topics[:cut]
    said = chance.choice(VAGUE) if chance.random() < VAGUE_SHARE else chance.choice(own)
    organ = ORGANS[unit]
    if chance.random() < UPPER_SHARE:
        organ = chance.choice(("Ủy ban nhân dân thành phố", "Ủy ban nhân dân phường An Khánh", "Bộ Nội vụ", "Thành ủy"))
    kind = chance.choice(TYPES)
    subject = " ".join(part for part in (chance.choice(LEADS), said, chance.choice(TAILS)) if part)
    record = {"Subject": subject, "OrganName": organ, "TypeName": kind, "CodeNotation": f"{kind[:2].upper()}-UBND"}
    handled = chance.choice(list(UNITS)) if chance.random() < OTHER_SHARE else unit
    return record, handled
