"""Notices, proposals, plans, reports, guidance and a Party plan: the other named types."""

from __future__ import annotations

from datetime import date

from samples.capture import Settings
from samples.cast.places import (
    PARTY,
    PARTY_SEAL,
    PROVINCE,
    UNDER_PROVINCE,
    WARD,
    WARD_SEAL,
    arrived,
    department,
    department_seal,
    hand,
    signature,
)
from samples.cast.sample import Expected, Sample
from samples.marks import Seal
from samples.spec import DocumentSpec, Organ, Paragraph, Signer, Table, Typing

NOTICE = Sample(
    name="thong-bao-ket-luan-hop",
    shows="Thông báo kết luận cuộc họp, PDF của máy quét, 2 trang, trang 2 quét ngược đầu",
    shows_en="notice, scanner-made PDF of two pages, page 2 upside down",
    seed=301,
    container="pdf",
    settings=Settings(skew_deg=-0.1, noise=0.6),
    changed={2: {"rotate": 180, "skew_deg": 0.3}},
    end="held",
    findings=(Expected("check.orientation_180", 2),),
    spec=DocumentSpec(
        type_name="Thông báo",
        organ=PROVINCE,
        number="318",
        notation="TB-UBND",
        issued=date(2026, 9, 14),
        lead="",
        subject="Kết luận của Phó Chủ tịch Ủy ban nhân dân tỉnh tại cuộc họp về tiến độ tuyến đường ven hồ Thượng Khê",
        signer=Signer(("TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG"), "Quách Bá Lâm"),
        written=frozenset({"number", "day"}),
        hand=hand(33),
        signature=signature(34),
        seal=Seal("ỦY BAN NHÂN DÂN TỈNH VĨNH HÀ", "VĂN\nPHÒNG", diameter_mm=36),
        typing=Typing(body_pt=14, leading=1.25),
        recipients=(
            "- Chủ tịch, các Phó Chủ tịch;",
            "- Các sở: XD, TC, NNMT;",
            "- UBND phường Cẩm Đông;",
            "- Lưu: VT, XDCB.",
        ),
        body=(
            Paragraph(
                "Ngày 11 tháng 9 năm 2026, tại trụ sở Ủy ban nhân dân tỉnh, đồng chí Phó "
                "Chủ tịch Ủy ban nhân dân tỉnh đã "
                "chủ trì cuộc họp nghe báo cáo tiến độ xây dựng tuyến đường ven hồ "
                "Thượng Khê. Dự họp có lãnh đạo các sở "
                "Xây dựng, Tài chính, Nông nghiệp và Môi trường, Ủy ban nhân dân phường Cẩm Đông và đơn vị thi công."
            ),
            Paragraph("Sau khi nghe báo cáo và ý kiến thảo luận, Phó Chủ tịch Ủy ban nhân dân tỉnh kết luận như sau:"),
            Paragraph(
                "Đến ngày 10 tháng 9 năm 2026, khối lượng thực hiện đạt 61% giá trị hợp "
                "đồng, chậm 04 tuần so với kế hoạch. "
                "Nguyên nhân chủ yếu là 07 hộ dân chưa nhận tiền bồi thường và nguồn đất đắp không ổn định.",
                lead="1.",
            ),
            Paragraph(
                "Ủy ban nhân dân phường Cẩm Đông đối thoại với từng hộ dân còn vướng mắc, "
                "hoàn thành việc bàn giao mặt bằng "
                "trước ngày 30 tháng 9 năm 2026; những kiến nghị vượt thẩm quyền báo cáo ngay về Ban Quản lý dự án.",
                lead="2.",
            ),
            Paragraph(
                "Sở Nông nghiệp và Môi trường hướng dẫn thủ tục khai thác mỏ đất Đồi "
                "Quế trong 05 ngày làm việc. Sở Tài "
                "chính cân đối đủ vốn theo khối lượng đã nghiệm thu, không để nợ đọng.",
                lead="3.",
            ),
            Paragraph(
                "Đơn vị thi công tăng thêm một mũi thi công tại đoạn cầu tràn, làm việc ba "
                "ca, bảo đảm an toàn giao thông và "
                "che chắn bụi trong suốt thời gian thi công.",
                lead="4.",
            ),
            Paragraph("Văn phòng Ủy ban nhân dân tỉnh thông báo để các cơ quan, đơn vị biết, thực hiện./."),
        ),
    ),
)

PROPOSAL = Sample(
    name="to-trinh-sua-tuong-rao",
    shows="Tờ trình kèm dự toán, số, ngày và tháng viết tay, dấu ĐẾN đóng ở góc trên",
    shows_en="proposal with an estimate, number, day and month by pen, ĐẾN stamp in the top corner",
    seed=302,
    container="folder",
    settings=Settings(skew_deg=0.2, noise=0.6, dust=6),
    spec=DocumentSpec(
        type_name="Tờ trình",
        organ=Organ(
            "Trường Tiểu học Cẩm Đông", ("TRƯỜNG TIỂU HỌC", "CẨM ĐÔNG"), "THCĐ", "Cẩm Đông", ("UBND PHƯỜNG CẨM ĐÔNG",)
        ),
        number="35",
        notation="TTr-THCĐ",
        issued=date(2026, 4, 21),
        lead="Về việc",
        subject="sửa chữa tường rào và nhà để xe học sinh",
        addressees=("Ủy ban nhân dân phường Cẩm Đông",),
        signer=Signer(("HIỆU TRƯỞNG",), "Mai Thị Ngọc Oanh"),
        written=frozenset({"number", "day", "month"}),
        hand=hand(35, height_mm=4.5),
        signature=signature(36),
        seal=Seal("UBND PHƯỜNG CẨM ĐÔNG", "TRƯỜNG\nTIỂU HỌC\nCẨM ĐÔNG", diameter_mm=34, foot="T. VĨNH HÀ"),
        incoming=arrived(2511, date(2026, 4, 22), "Văn hóa - Xã hội"),
        incoming_at_mm=(4, 4),
        typing=Typing(body_pt=14, leading=1.2, top_mm=33),
        recipients=("- Như trên;", "- Lưu: VT."),
        body=(
            Paragraph(
                "Tường rào phía đông của trường dài 46 m được xây từ năm 1998, nhiều đoạn "
                "nứt và nghiêng ra đường; nhà để xe "
                "học sinh bị tốc mái sau trận lốc ngày 09 tháng 4 năm 2026."
            ),
            Paragraph(
                "Trường kính trình Ủy ban nhân dân phường xem xét, cấp kinh phí sửa chữa "
                "với dự toán 187.400.000 đồng (một "
                "trăm tám mươi bảy triệu bốn trăm nghìn đồng), thi công trong tháng 6 năm 2026./."
            ),
        ),
        annex=(
            Paragraph("DỰ TOÁN SỬA CHỮA", bold=True, align="centre"),
            Table(
                ("STT", "Hạng mục", "Khối lượng", "Thành tiền (đồng)"),
                (
                    ("1", "Xây lại tường rào phía đông", "46 m", "121.900.000"),
                    ("2", "Lợp mái nhà để xe", "85 m²", "51.300.000"),
                    ("3", "Sơn, hoàn thiện", "", "14.200.000"),
                ),
                (0.09, 0.45, 0.20, 0.26),
            ),
        ),
    ),
)

INVENTORY = Sample(
    name="ke-hoach-kiem-ke-tai-san",
    shows="Kế hoạch có phụ lục bảng biểu, TIFF nhiều trang",
    shows_en="plan with a tabular annex, multi-page TIFF",
    seed=303,
    container="tiff",
    settings=Settings(skew_deg=0.12, noise=0.6),
    changed={2: {"skew_deg": -0.2}},
    spec=DocumentSpec(
        type_name="Kế hoạch",
        organ=WARD,
        number="73",
        notation="KH-UBND",
        issued=date(2026, 11, 3),
        lead="",
        subject="Kiểm kê tài sản công tại các đơn vị thuộc phường Cẩm Đông năm 2026",
        signer=Signer(("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"), "Phạm Đức Hùng"),
        hand=hand(37),
        signature=signature(38),
        seal=WARD_SEAL,
        typing=Typing(body_pt=13.5, leading=1.15),
        recipients=("- Các đơn vị trực thuộc;", "- Phòng Kinh tế;", "- Lưu: VT, TCKT."),
        body=(
            Paragraph("I. MỤC ĐÍCH, YÊU CẦU", bold=True),
            Paragraph(
                "Xác định đúng số lượng, giá trị và tình trạng sử dụng tài sản công đến "
                "0 giờ ngày 01 tháng 01 năm 2027."
            ),
            Paragraph("II. NỘI DUNG", bold=True),
            Paragraph(
                "Kiểm đếm thực tế, dán nhãn mã vạch, đối chiếu với sổ kế toán và lập biên bản tại từng đơn vị.",
                lead="1.",
            ),
            Paragraph("Tài sản hư hỏng, không còn nhu cầu sử dụng được lập danh sách riêng để xử lý.", lead="2."),
            Paragraph("III. TỔ CHỨC THỰC HIỆN", bold=True),
            Paragraph("Phòng Kinh tế chủ trì; thời gian của từng đơn vị theo Phụ lục kèm theo Kế hoạch này./."),
        ),
        annex=(
            Paragraph("PHỤ LỤC", bold=True, align="centre"),
            Paragraph("Lịch kiểm kê tại các đơn vị", bold=True, align="centre"),
            Table(
                ("STT", "Đơn vị", "Thời gian", "Số tài sản"),
                (
                    ("1", "Văn phòng HĐND và UBND phường", "04/01/2027", "214"),
                    ("2", "Trạm Y tế phường Cẩm Đông", "05/01/2027", "168"),
                    ("3", "Trường Tiểu học Cẩm Đông", "06/01/2027", "391"),
                    ("4", "Trường Mầm non Hoa Sen", "07/01/2027", "245"),
                    ("5", "Nhà văn hóa phường", "08/01/2027", "57"),
                ),
                (0.09, 0.51, 0.22, 0.18),
            ),
        ),
    ),
)

REPORT = Sample(
    name="bao-cao-cai-cach-hanh-chinh",
    shows="Báo cáo 2 trang có bảng, thư mục ảnh trang, số viết tay",
    shows_en="two-page report with a table, a folder of page images, number by pen",
    seed=304,
    container="folder",
    settings=Settings(skew_deg=-0.3, noise=0.6, streaks=()),
    changed={2: {"skew_deg": 0.05}},
    spec=DocumentSpec(
        type_name="Báo cáo",
        organ=department("Tư pháp", "STP"),
        number="244",
        notation="BC-STP",
        issued=date(2026, 6, 26),
        lead="",
        subject="Kết quả cải cách hành chính 6 tháng đầu năm và nhiệm vụ 6 tháng cuối năm 2026",
        signer=Signer(("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"), "Chu Thị Thảo"),
        written=frozenset({"number", "day"}),
        hand=hand(43, height_mm=4.4),
        signature=signature(44),
        seal=department_seal("Tư pháp", 36, 2),
        typing=Typing(body_pt=14, leading=1.2),
        recipients=("- UBND tỉnh;", "- Sở Nội vụ;", "- UBND các xã, phường;", "- Lưu: VT, VP."),
        body=(
            Paragraph("I. KẾT QUẢ ĐẠT ĐƯỢC", bold=True),
            Paragraph(
                "Sáu tháng đầu năm 2026, Sở Tư pháp tiếp nhận 5.318 hồ sơ, tăng 12,6% so "
                "với cùng kỳ; 98,2% hồ sơ được trả "
                "đúng hoặc trước hạn. Thời gian giải quyết bình quân giảm từ 6,1 ngày xuống 4,8 ngày."
            ),
            Paragraph(
                "Toàn bộ văn bản giấy đến thuộc danh mục phải số hóa đã được quét màu, ký "
                "số và chuyển xử lý trong ngày. Tỷ "
                "lệ phải quét lại giảm từ 3,4% trong tháng 01 xuống 0,7% trong tháng 6."
            ),
            Table(
                ("STT", "Lĩnh vực", "Tiếp nhận", "Đúng hạn (%)"),
                (
                    ("1", "Hộ tịch, quốc tịch", "1.906", "99,1"),
                    ("2", "Lý lịch tư pháp", "2.744", "97,8"),
                    ("3", "Công chứng, giám định", "421", "96,4"),
                    ("4", "Trợ giúp pháp lý", "247", "100"),
                ),
                (0.09, 0.47, 0.22, 0.22),
            ),
            Paragraph("II. HẠN CHẾ, NGUYÊN NHÂN", bold=True),
            Paragraph(
                "Một số đơn vị còn gửi bản giấy không có ký hiệu hoặc ghi thiếu ngày, phải liên hệ lại để bổ sung."
            ),
            Paragraph("III. NHIỆM VỤ 6 THÁNG CUỐI NĂM", bold=True),
            Paragraph(
                "Rà soát, rút ngắn thời hạn của 14 thủ tục; hoàn thành việc số hóa 36 "
                "mét giá tài liệu lưu trữ; kiểm tra "
                "đột xuất việc tiếp công dân tại 10 xã, phường.",
            ),
            Paragraph("Trên đây là báo cáo của Sở Tư pháp, kính trình Ủy ban nhân dân tỉnh xem xét, chỉ đạo./."),
        ),
    ),
)

GUIDANCE = Sample(
    name="huong-dan-nop-luu-tru",
    shows="Hướng dẫn kèm mẫu, PDF của máy quét ở 300 dpi, dấu ĐẾN in sẵn số và ngày",
    shows_en="guidance with a form, scanner-made PDF at 300 dpi, ĐẾN stamp with printed number and date",
    seed=305,
    container="pdf",
    quality=75,
    settings=Settings(dpi=300.0, skew_deg=-0.2, noise=0.6, shift_mm=(0.8, 0.5)),
    spec=DocumentSpec(
        type_name="Hướng dẫn",
        organ=Organ(
            "Trung tâm Lưu trữ lịch sử tỉnh Vĩnh Hà",
            ("TRUNG TÂM", "LƯU TRỮ LỊCH SỬ"),
            "TTLT",
            "Vĩnh Hà",
            UNDER_PROVINCE,
        ),
        number="09",
        notation="HD-TTLT",
        issued=date(2026, 1, 26),
        lead="",
        subject="Lập hồ sơ và nộp lưu tài liệu số vào lưu trữ hiện hành",
        signer=Signer(("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"), "Trịnh Việt Khoa"),
        signature=signature(46),
        seal=Seal("ỦY BAN NHÂN DÂN TỈNH VĨNH HÀ", "TRUNG TÂM\nLƯU TRỮ\nLỊCH SỬ", diameter_mm=36),
        incoming=arrived(844, date(2026, 1, 28), "Văn phòng", None),
        incoming_at_mm=(20, 238),
        typing=Typing(body_pt=14, leading=1.15),
        recipients=("- Các cơ quan, đơn vị;", "- Lưu: VT."),
        body=(
            Paragraph("Mỗi việc lập một hồ sơ; tên hồ sơ nêu rõ loại việc, cơ quan, địa điểm và thời gian.", lead="1."),
            Paragraph(
                "Văn bản giấy phải quét màu, độ phân giải từ 200 dpi, tỷ lệ 100%, không xóa dấu, chữ ký.", lead="2."
            ),
            Paragraph("Nộp lưu chậm nhất 30 ngày kể từ ngày công việc kết thúc./.", lead="3."),
        ),
        annex=(
            Paragraph("MẪU MỤC LỤC HỒ SƠ NỘP LƯU", bold=True, align="centre"),
            Table(
                ("STT", "Mã hồ sơ", "Tiêu đề hồ sơ", "Số trang"),
                (
                    ("1", "2025.01.TH", "Hồ sơ kiểm kê tài sản công năm 2025", "64"),
                    ("2", "", "", ""),
                    ("3", "", "", ""),
                ),
                (0.09, 0.22, 0.51, 0.18),
            ),
        ),
    ),
)

PARTY_PLAN = Sample(
    name="ke-hoach-cua-dang-uy",
    shows="Văn bản của Đảng: tiêu đề khác, số viết «Số 15-KH/ĐU»",
    shows_en="a Party document: other heading, number written «Số 15-KH/ĐU»",
    seed=306,
    settings=Settings(skew_deg=0.18, noise=0.6),
    spec=DocumentSpec(
        type_name="Kế hoạch",
        organ=PARTY,
        number="15",
        notation="KH/ĐU",
        issued=date(2026, 3, 30),
        lead="",
        subject="tổ chức sinh hoạt chuyên đề về chuyển đổi số trong các chi bộ",
        signer=Signer(("T/M BAN THƯỜNG VỤ", "PHÓ BÍ THƯ"), "Dương Thị Hồng Nguyệt"),
        written=frozenset({"number", "day"}),
        hand=hand(47),
        signature=signature(48),
        seal=PARTY_SEAL,
        party=True,
        typing=Typing(body_pt=14, leading=1.25),
        recipients=("- Đảng ủy Ủy ban nhân dân phường;", "- Các chi bộ trực thuộc;", "- Lưu Văn phòng Đảng ủy."),
        body=(
            Paragraph(
                "Ban Thường vụ Đảng ủy phường Cẩm Đông tổ chức sinh hoạt chuyên đề về "
                "chuyển đổi số trong tháng 4 năm 2026, "
                "mỗi chi bộ một buổi, gắn với việc làm cụ thể của từng đảng viên."
            ),
            Paragraph(
                "Nội dung gồm: sử dụng chữ ký số, xử lý văn bản trên mạng, hướng dẫn "
                "người thân và hàng xóm nộp hồ sơ trực "
                "tuyến. Chi bộ gửi biên bản về Văn phòng Đảng ủy trước ngày 05 tháng 5 năm 2026."
            ),
        ),
    ),
)

SAMPLES = (NOTICE, PROPOSAL, INVENTORY, REPORT, GUIDANCE, PARTY_PLAN)
