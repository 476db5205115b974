#!/usr/bin/env python3
"""Writes the report's template: make_template.py OUTPUT.docx OUTPUT.inc

The layout is Decree 30/2020/ND-CP, Appendix I, in the size step 12/13/13: A4, margins 20, 20, 30,
15 mm; quoc hieu and issuing body side by side with their rules; number, place and date; type and
summary; body; recipients and signature; the page number hidden on page 1.

Each content control carries its field's name as tag, as title and as its text: see report/docx.h.
The same DOCX is compiled into the program; `haidang report template` writes it out, so that it can
be changed in Word or LibreOffice and given back with --template.
"""
import sys
import zipfile
from xml.sax.saxutils import escape

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
SMALL, BODY = 24, 26  # half points: 12, 13


def run_style(size=BODY, bold=False, italic=False):
    return ("<w:rPr>" + ("<w:b/>" if bold else "") + ("<w:i/>" if italic else "")
            + f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>')


def text(words, **style):
    return f'<w:r>{run_style(**style)}<w:t xml:space="preserve">{escape(words)}</w:t></w:r>'


def field(name, **style):
    shown = text("[" + name + "]", **style)
    return (f'<w:sdt><w:sdtPr><w:alias w:val="{name}"/><w:tag w:val="{name}"/></w:sdtPr>'
            f"<w:sdtContent>{shown}</w:sdtContent></w:sdt>")


def paragraph(*parts, align="both", before=120, after=0, first=0, keep=False, extra=""):
    return (f'<w:p><w:pPr>{"<w:keepNext/>" if keep else ""}{extra}'
            f'<w:spacing w:before="{before}" w:after="{after}" w:line="276" w:lineRule="auto"/>'
            f'<w:ind w:firstLine="{first}"/><w:jc w:val="{align}"/></w:pPr>{"".join(parts)}</w:p>')


def line(*parts, align="center", before=0, around=0):
    return (f'<w:p><w:pPr><w:spacing w:before="{before + around}" w:after="{around}" w:line="240" '
            'w:lineRule="auto"/>'
            f'<w:jc w:val="{align}"/></w:pPr>{"".join(parts)}</w:p>')


def rule(side):
    """An empty paragraph with a top border: the line under a text, no drawing object."""
    return ('<w:p><w:pPr><w:pBdr><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>'
            '<w:spacing w:before="20" w:after="0" w:line="120" w:lineRule="exact"/>'
            f'<w:ind w:left="{side}" w:right="{side}"/></w:pPr></w:p>')


def body(*parts):
    return paragraph(*parts, first=720)


def heading(words):
    return paragraph(text(words, bold=True), first=720, keep=True)


def cell(width, *content, borders=True, shade=False):
    return (f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>'
            + ('<w:shd w:val="clear" w:color="auto" w:fill="EDEDED"/>' if shade else "")
            + f'<w:vAlign w:val="{"center" if borders else "top"}"/></w:tcPr>{"".join(content)}</w:tc>')


def table(widths, heads, rows, aligns):
    """Borders, a head that is repeated on each page, and one row of fields."""
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    border = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
                     for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
    head = "".join(cell(w, line(text(h, size=22, bold=True)), shade=True)
                   for w, h in zip(widths, heads))
    row = "".join(cell(w, line(field(f, size=22), align=a, around=30)) for w, f, a in zip(widths, rows, aligns))
    return (f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{border}'
            '</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="70" w:type="dxa"/>'
            f'<w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
            f'<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>'
            f'<w:tr><w:trPr><w:cantSplit/></w:trPr>{row}</w:tr></w:tbl>')


def pair(left_width, right_width, left, right):
    """Two columns without borders."""
    return (f'<w:tbl><w:tblPr><w:tblW w:w="{left_width + right_width}" w:type="dxa"/>'
            '<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>'
            f'<w:gridCol w:w="{left_width}"/><w:gridCol w:w="{right_width}"/></w:tblGrid><w:tr>'
            + cell(left_width, *left, borders=False) + cell(right_width, *right, borders=False)
            + "</w:tr></w:tbl>")


COUNTS = ["Đạt", "Sắp đến hạn", "Quá hạn", "Chưa đạt", "Được miễn", "Chưa xác định"]
FIELDS = ["met", "due", "late", "not_met", "exempt", "unknown"]


def counts(name, first, second):
    widths = [794, 2804] + [959, 959, 959, 959, 960, 960]
    return table(widths, [first, second] + COUNTS,
                 [f"{name}.key", f"{name}.name"] + [f"{name}.{f}" for f in FIELDS],
                 ["center", "left"] + ["center"] * 6)


def document():
    head = pair(
        3900, 5454,
        [line(field("superior", size=SMALL)), line(field("issuer", size=SMALL, bold=True)), rule(1150),
         line(text("Số:        /BC-", size=BODY), before=120)],
        [line(text("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", size=SMALL, bold=True)),
         line(text("Độc lập - Tự do - Hạnh phúc", size=BODY, bold=True)), rule(1080),
         line(field("place_date", size=BODY, italic=True), before=120)])
    parts = [
        head,
        line(text("BÁO CÁO", bold=True), before=360),
        line(text("Tình trạng thực hiện ", bold=True), field("plan", bold=True), text(", ", bold=True),
             field("period", bold=True)),
        rule(3400),
        paragraph(text("Căn cứ ", italic=True), field("plan", italic=True), text(" (", italic=True),
                  field("plan_title", italic=True), text(").", italic=True), first=720, before=240),
        body(field("issuer_name"), text(" báo cáo tình trạng thực hiện Kế hoạch như sau:")),
        heading("I. PHẠM VI SỐ LIỆU"),
        body(text("Kỳ báo cáo: "), field("period"), text(", từ ngày "), field("period_from"),
             text(" đến hết ngày "), field("period_to"),
             text(". Việc theo năm hoặc 6 tháng được xét trong kỳ của việc đó. Số liệu lấy theo những gì "
                  "biết đến ngày "), field("at"), text(".")),
        body(text("- "), field("notes.text")),
        heading("II. KẾT QUẢ CHUNG"),
        body(field("summary")),
        body(field("basis")),
        paragraph(text("Bảng 1. Tình trạng theo mục của Kế hoạch", italic=True), align="center", after=60,
                  keep=True),
        counts("clauses", "Mục", "Nội dung"),
        paragraph(text("Bảng 2. Tình trạng theo cơ quan, đơn vị", italic=True), align="center", after=60,
                  before=200, keep=True),
        counts("agencies", "TT", "Cơ quan, đơn vị"),
        heading("III. VIỆC QUÁ HẠN, CHƯA ĐẠT"),
        paragraph(text("Bảng 3. Danh sách việc quá hạn, chưa đạt", italic=True), align="center", after=60,
                  keep=True),
        table([964, 1560, 2100, 850, 1740, 1300, 840],
              ["Mục", "Cơ quan", "Việc", "Tình trạng", "Số liệu", "Hạn", "Chậm (ngày)"],
              [f"pressing.{f}" for f in ("clause", "agency", "title", "standing", "sentence", "due",
                                         "days")],
              ["center", "left", "left", "center", "left", "center", "center"]),
        heading("IV. VIỆC CHƯA XÁC ĐỊNH ĐƯỢC VÀ LÝ DO"),
        body(text("Chưa xác định không có nghĩa là chưa đạt: chưa có minh chứng, hoặc hệ thống chưa quan "
                  "sát được.")),
        table([1134, 4400, 920, 2900], ["Mục", "Việc", "Số đơn vị", "Lý do"],
              [f"unknown.{f}" for f in ("clause", "title", "count", "reason")],
              ["center", "left", "center", "left"]),
        paragraph(text("Trên đây là báo cáo tình trạng thực hiện Kế hoạch, "), field("issuer_name"),
                  text(" báo cáo "), field("plan_issuer"), text(" xem xét, chỉ đạo./."), first=720,
                  keep=True),
        pair(
            4400, 4954,
            [line(text("Nơi nhận:", size=SMALL, bold=True, italic=True), align="left", before=240),
             line(text("- ", size=22), field("plan_issuer", size=22), text(" (để b/c);", size=22),
                  align="left"),
             line(text("- Các cơ quan, đơn vị thực hiện Kế hoạch;", size=22), align="left"),
             line(text("- Lưu: VT, [ký hiệu đơn vị soạn thảo].", size=22), align="left")],
            [line(text("THỦ TRƯỞNG CƠ QUAN", bold=True), before=240),
             line(text("(Chữ ký, họ và tên)", italic=True)), line(), line(), line(), line()]),
    ]
    section = ('<w:sectPr><w:headerReference w:type="default" r:id="rId2"/>'
               '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="851" w:bottom="1134" '
               'w:left="1701" w:header="567" w:footer="567" w:gutter="0"/><w:titlePg/></w:sectPr>')
    return (f'<w:document {W} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
            f'relationships"><w:body>{"".join(parts)}{section}</w:body></w:document>')


def header():
    number = ('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE '
              '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
              + text("2") + '<w:r><w:fldChar w:fldCharType="end"/></w:r>')
    return f"<w:hdr {W}>{line(number)}</w:hdr>"


STYLES = f"""<w:styles {W}><w:docDefaults><w:rPrDefault><w:rPr>
<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman" w:eastAsia="Times New Roman"/>
<w:sz w:val="26"/><w:szCs w:val="26"/><w:lang w:val="vi-VN"/></w:rPr></w:rPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>"""
TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>
<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/></Types>"""
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ROOT = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="{RELATION}/officeDocument" Target="word/document.xml"/></Relationships>"""
PARTS = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="{RELATION}/styles" Target="styles.xml"/>
<Relationship Id="rId2" Type="{RELATION}/header" Target="header1.xml"/></Relationships>"""


def main(docx, include):
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    files = {"[Content_Types].xml": TYPES, "_rels/.rels": ROOT, "word/document.xml": document(),
             "word/_rels/document.xml.rels": PARTS, "word/styles.xml": STYLES,
             "word/header1.xml": header()}
    with zipfile.ZipFile(docx, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, declaration + content)
    with open(docx, "rb") as file, open(include, "w", encoding="ascii") as out:
        data = file.read()
        for at in range(0, len(data), 20):
            out.write(" ".join(f"{byte}," for byte in data[at:at + 20]) + "\n")


main(*sys.argv[1:])
