"""Invented provinces, communes, offices, people and matters, and sentences about them: nothing here exists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HEADS = (
    "Vĩnh",
    "Tân",
    "Phú",
    "Cẩm",
    "Đông",
    "Thanh",
    "Xuân",
    "Quang",
    "Hải",
    "Lâm",
    "Thạch",
    "Mỹ",
    "Bình",
    "Hòa",
    "An",
    "Kim",
    "Long",
    "Ngọc",
    "Yên",
    "Hưng",
    "Thượng",
    "Trung",
    "Sơn",
    "Phước",
    "Khánh",
    "Diễm",
    "Nghĩa",
    "Đại",
)
TAILS = (
    "Hà",
    "Lĩnh",
    "Khê",
    "Giang",
    "Lạc",
    "Thịnh",
    "Đức",
    "Mỹ",
    "Lộc",
    "Tâm",
    "Phong",
    "Trạch",
    "Sơn",
    "Hòa",
    "Thủy",
    "Quế",
    "Châu",
    "Ninh",
    "Viên",
    "Thọ",
    "Đồng",
    "Điền",
    "Nghi",
    "Kỳ",
    "Hậu",
    "Lãm",
    "Tường",
)
REAL_PROVINCES = frozenset(
    {
        "An Giang",
        "Bình Thuận",
        "Bình Định",
        "Bình Dương",
        "Bình Phước",
        "Hà Giang",
        "Hà Nam",
        "Hà Tĩnh",
        "Khánh Hòa",
        "Hải Dương",
        "Hải Phòng",
        "Hòa Bình",
        "Hưng Yên",
        "Phú Thọ",
        "Phú Yên",
        "Quảng Nam",
        "Sơn La",
        "Tây Ninh",
        "Thái Bình",
        "Trà Vinh",
        "Vĩnh Long",
        "Vĩnh Phúc",
        "Yên Bái",
        "Long An",
        "Lâm Đồng",
        "Kiên Giang",
        "Bắc Ninh",
    }
)

FAMILY = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
    "Đinh",
    "Trịnh",
    "Mai",
    "Tạ",
    "Lương",
    "Đoàn",
    "Chu",
    "Kiều",
    "Quách",
)
MIDDLE_M = ("Văn", "Đức", "Thế", "Quốc", "Hữu", "Minh", "Công", "Xuân", "Đình", "Trọng", "Bá", "Duy", "Tiến", "Việt")
MIDDLE_F = ("Thị", "Thị Thu", "Thị Ngọc", "Thị Hồng", "Thị Bích", "Kim", "Thanh", "Diệu", "Thị Mỹ")
GIVEN_M = (
    "Hùng",
    "Khải",
    "Tuấn",
    "Dũng",
    "Sơn",
    "Bình",
    "Lâm",
    "Thắng",
    "Quyết",
    "Nghĩa",
    "Phước",
    "Tâm",
    "Định",
    "Vượng",
    "Hiển",
    "Khoa",
    "Luân",
    "Nhật",
    "Tường",
    "Đạt",
)
GIVEN_F = (
    "Hà",
    "Lan",
    "Hương",
    "Thủy",
    "Yến",
    "Hạnh",
    "Nguyệt",
    "Oanh",
    "Phượng",
    "Trâm",
    "Quỳnh",
    "Vân",
    "Mai",
    "Thảo",
    "Diệp",
    "Nhung",
    "Ánh",
    "Đào",
)

DEPARTMENTS = (
    ("Xây dựng", "SXD"),
    ("Tài chính", "STC"),
    ("Nội vụ", "SNV"),
    ("Y tế", "SYT"),
    ("Giáo dục và Đào tạo", "SGDĐT"),
    ("Nông nghiệp và Môi trường", "SNNMT"),
    ("Khoa học và Công nghệ", "SKHCN"),
    ("Tư pháp", "STP"),
    ("Công Thương", "SCT"),
    ("Văn hóa, Thể thao và Du lịch", "SVHTTDL"),
    ("Ngoại vụ", "SNgV"),
)
AGENCIES = (
    ("Ban Quản lý Khu công nghiệp", "BQLKCN"),
    ("Thanh tra tỉnh", "TTT"),
    ("Trung tâm Lưu trữ lịch sử", "TTLT"),
    ("Chi cục Thủy lợi", "CCTL"),
    ("Bệnh viện Đa khoa", "BVĐK"),
    ("Trung tâm Kiểm soát bệnh tật", "KSBT"),
    ("Trường Cao đẳng Kỹ thuật", "CĐKT"),
    ("Ban Quản lý dự án đầu tư xây dựng", "BQLDA"),
    ("Chi cục Kiểm lâm", "CCKL"),
    ("Đài Phát thanh và Truyền hình", "PTTH"),
)
UNITS = ("VP", "TCHC", "KHTC", "NV", "KTTH", "VX", "TH", "QLĐT", "CCHC", "ĐT", "NC", "TĐKT", "XDCB", "CNTT")


@dataclass(frozen=True, slots=True)
class Matter:
    """Something an office deals with: a verbal phrase, and sentences that fit it."""

    doing: str
    topic: str
    sentences: tuple[str, ...]


MATTERS = (
    Matter(
        "rà soát hồ sơ cấp phép xây dựng",
        "cấp phép xây dựng",
        (
            "Qua kiểm tra thực tế, số hồ sơ giải quyết đúng hạn đạt 96,4%, tăng 3,1% so với cùng kỳ năm trước.",
            "Các hồ sơ còn tồn đọng chủ yếu do thiếu bản vẽ hiện trạng và ý kiến của đơn vị quản lý hạ tầng.",
            "Yêu cầu bộ phận một cửa niêm yết công khai thành phần hồ sơ, thời hạn và mức thu phí.",
        ),
    ),
    Matter(
        "chỉnh lý tài liệu lưu trữ tồn đọng",
        "chỉnh lý tài liệu",
        (
            "Khối tài liệu cần chỉnh lý gồm 124 mét giá, hình thành từ năm 1996 đến năm 2018.",
            "Tài liệu sau chỉnh lý phải được lập mục lục hồ sơ, đóng hộp, dán nhãn và xếp giá theo thứ tự.",
            "Nghiêm cấm việc tự ý tiêu hủy tài liệu khi chưa có ý kiến của Hội đồng xác định giá trị tài liệu.",
        ),
    ),
    Matter(
        "phòng, chống hạn hán và xâm nhập mặn",
        "phòng, chống hạn mặn",
        (
            "Dự báo mực nước các hồ chứa chỉ đạt từ 58% đến 63% dung tích thiết kế vào cuối mùa khô.",
            "Các địa phương chủ động điều chỉnh lịch gieo cấy, ưu tiên nước sinh hoạt và nước cho gia súc.",
            "Tổ chức đo độ mặn hai lần mỗi ngày tại các cống lấy nước và thông báo kịp thời cho nhân dân.",
        ),
    ),
    Matter(
        "chuyển đổi số trong giải quyết thủ tục hành chính",
        "chuyển đổi số",
        (
            "Toàn bộ văn bản đến thuộc danh mục phải được số hóa và cập nhật lên hệ thống trong ngày làm việc.",
            "Tỷ lệ hồ sơ nộp trực tuyến phấn đấu đạt 80%, trong đó thanh toán trực tuyến đạt từ 60% trở lên.",
            "Mỗi thôn, tổ dân phố thành lập một tổ công nghệ số cộng đồng để hướng dẫn người dân.",
        ),
    ),
    Matter(
        "tiêm chủng mở rộng cho trẻ em",
        "tiêm chủng mở rộng",
        (
            "Trạm y tế lập danh sách trẻ dưới 5 tuổi chưa tiêm đủ mũi và mời đến tiêm bù.",
            "Bảo đảm dây chuyền lạnh, hộp cấp cứu phản vệ và nhân lực trực tại mỗi điểm tiêm.",
            "Kết quả tiêm được nhập vào phần mềm quản lý chậm nhất 24 giờ sau buổi tiêm.",
        ),
    ),
    Matter(
        "kiểm kê tài sản công cuối năm",
        "kiểm kê tài sản công",
        (
            "Thời điểm kiểm kê là 0 giờ ngày 01 tháng 01; số liệu phải khớp giữa sổ kế toán và thực tế.",
            "Tài sản hư hỏng, không còn sử dụng được tổng hợp riêng để đề nghị thanh lý.",
            "Thủ trưởng đơn vị chịu trách nhiệm về tính chính xác của số liệu báo cáo.",
        ),
    ),
    Matter(
        "tu sửa, nâng cấp tuyến đường liên xã",
        "tuyến đường liên xã",
        (
            "Đoạn tuyến dài 4,7 km có 11 vị trí hư hỏng nền, mặt đường, mất an toàn giao thông.",
            "Tổng mức đầu tư dự kiến 18.650.000.000 đồng từ nguồn vốn sự nghiệp kinh tế.",
            "Đơn vị thi công phải bố trí rào chắn, biển báo và người hướng dẫn giao thông.",
        ),
    ),
    Matter(
        "tổ chức kỳ thi tuyển viên chức",
        "thi tuyển viên chức",
        (
            "Tổng chỉ tiêu tuyển dụng là 36 người, gồm 21 vị trí chuyên môn và 15 vị trí hỗ trợ.",
            "Thí sinh có mặt tại phòng thi trước giờ làm bài 30 phút, mang theo thẻ căn cước.",
            "Kết quả thi được niêm yết tại trụ sở và đăng trên trang thông tin điện tử của đơn vị.",
        ),
    ),
    Matter(
        "bảo đảm an toàn thực phẩm trong mùa lễ hội",
        "an toàn thực phẩm",
        (
            "Đoàn kiểm tra liên ngành lấy mẫu tại 42 cơ sở chế biến và 17 bếp ăn tập thể.",
            "Cơ sở vi phạm bị xử lý theo quy định và công khai trên phương tiện thông tin đại chúng.",
            "Người dân phản ánh qua đường dây nóng, thông tin người phản ánh được bảo vệ.",
        ),
    ),
    Matter(
        "trồng cây phân tán và chăm sóc rừng",
        "trồng cây phân tán",
        (
            "Giao chỉ tiêu trồng mới 250.000 cây phân tán, tỷ lệ cây sống sau một năm đạt trên 85%.",
            "Ưu tiên các loài cây bản địa, phù hợp thổ nhưỡng và có khả năng chắn gió, giữ nước.",
            "Lực lượng kiểm lâm địa bàn phối hợp tuần tra, ngăn chặn việc lấn chiếm đất rừng.",
        ),
    ),
    Matter(
        "thu hồi đất để xây dựng trường mầm non",
        "thu hồi đất",
        (
            "Diện tích thu hồi 3.482,6 m² của 14 hộ gia đình, cá nhân theo bản đồ địa chính khu đất.",
            "Phương án bồi thường, hỗ trợ được niêm yết công khai 30 ngày để lấy ý kiến.",
            "Những trường hợp có khiếu nại được tiếp nhận và trả lời bằng văn bản.",
        ),
    ),
    Matter(
        "tổng kết phong trào thi đua yêu nước",
        "thi đua, khen thưởng",
        (
            "Hồ sơ đề nghị khen thưởng gồm tờ trình, báo cáo thành tích và biên bản xét chọn.",
            "Chú trọng khen thưởng người lao động trực tiếp, tập thể nhỏ, vùng khó khăn.",
            "Các cụm thi đua hoàn thành việc chấm điểm trước ngày 15 của tháng cuối quý.",
        ),
    ),
    Matter(
        "kiểm tra công tác phòng cháy, chữa cháy",
        "phòng cháy, chữa cháy",
        (
            "Rà soát lối thoát nạn, nguồn nước và phương tiện chữa cháy tại chỗ của từng cơ sở.",
            "Những tồn tại đã kiến nghị nhưng chưa khắc phục phải được xử lý dứt điểm.",
            "Mỗi đơn vị tổ chức diễn tập ít nhất một lần trong năm và lưu biên bản.",
        ),
    ),
    Matter(
        "hỗ trợ hộ nghèo sửa chữa nhà ở",
        "hỗ trợ nhà ở cho hộ nghèo",
        (
            "Mức hỗ trợ là 60 triệu đồng đối với nhà xây mới và 30 triệu đồng đối với nhà sửa chữa.",
            "Danh sách hộ được hỗ trợ phải thông qua họp thôn và niêm yết tại nhà văn hóa.",
            "Mặt trận Tổ quốc xã giám sát việc sử dụng kinh phí và chất lượng công trình.",
        ),
    ),
    Matter(
        "điều chỉnh thời gian năm học",
        "kế hoạch thời gian năm học",
        (
            "Các trường hoàn thành chương trình học kỳ I trước ngày 18 tháng 01.",
            "Việc dạy bù do thời tiết bất thường không được dồn ép vào ngày chủ nhật.",
            "Hiệu trưởng thông báo lịch học cho phụ huynh ít nhất ba ngày trước khi thay đổi.",
        ),
    ),
)

CLOSINGS = (
    "Quá trình thực hiện nếu có khó khăn, vướng mắc, đề nghị các đơn vị phản ánh về {organ} để được hướng dẫn./.",
    "{organ} đề nghị các cơ quan, đơn vị quan tâm phối hợp thực hiện./.",
    "Đề nghị các đơn vị nghiêm túc triển khai và gửi báo cáo kết quả đúng thời hạn./.",
)


def pick(rng: np.random.Generator, items):
    return items[int(rng.integers(len(items)))]


def place(rng: np.random.Generator) -> str:
    """A two-syllable place name that is no real province."""
    while True:
        head, tail = pick(rng, HEADS), pick(rng, TAILS)
        if head != tail and f"{head} {tail}" not in REAL_PROVINCES:
            return f"{head} {tail}"


def person(rng: np.random.Generator) -> str:
    if rng.random() < 0.6:
        return f"{pick(rng, FAMILY)} {pick(rng, MIDDLE_M)} {pick(rng, GIVEN_M)}"
    return f"{pick(rng, FAMILY)} {pick(rng, MIDDLE_F)} {pick(rng, GIVEN_F)}"
