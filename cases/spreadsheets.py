"""Rows as files that spreadsheets open: CSV line by line; XLSX, the little of it that a table needs."""

import csv
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import TextIOWrapper
from tempfile import TemporaryFile
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils import timezone

# What a spreadsheet would take for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
# By which spreadsheets know that a CSV is UTF-8.
MARK = "\ufeff"
# A sheet holds 1,048,576; so many are written in some seconds.
MOST_IN_XLSX = 100_000
LONGEST_CELL = 32_767
# What XML cannot hold.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def harmless(cell):
    """A cell that no program runs: a name may begin with what makes a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULAS) else cell


def csv_lines(rows):
    """The lines of a CSV of `rows` (each a list of str, number, date, aware datetime or None), one by one.
    Times are those of the zone in force, to the second."""
    writer = csv.writer(_Echo())
    yield MARK
    for row in rows:
        yield writer.writerow([_text(cell) for cell in row])


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, line):
        return line


def _text(cell):
    if isinstance(cell, datetime):
        return _local(cell).isoformat(sep=" ", timespec="seconds")
    return "" if cell is None else harmless(cell)


def _local(at):
    return at.astimezone(timezone.get_current_timezone()).replace(tzinfo=None)


# --- XLSX: ECMA-376, Office Open XML ---

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
FORMAT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{FORMAT}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{FORMAT}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{FORMAT}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{RELATION}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{RELATION}/styles" Target="styles.xml"/></Relationships>',
    # Styles by number: 0 as it is, 1 a heading, 2 a date, 3 an instant.
    "xl/styles.xml": f'<styleSheet xmlns="{SHEET}"><numFmts count="2">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>",
}
# Day 0 of a sheet, for every day since March 1900.
DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)


def xlsx(rows, *, title):
    """A file open for reading: one sheet of `rows`, of which the first names the columns and stays in sight.
    What is written lies on the disk, not in memory."""
    file = TemporaryFile()  # noqa: SIM115 (closed by whoever sends it)
    with ZipFile(file, "w", ZIP_DEFLATED) as package:
        for name, text in PARTS.items():
            package.writestr(name, HEAD + text)
        package.writestr("xl/workbook.xml", HEAD + _book(title))
        with (
            package.open("xl/worksheets/sheet1.xml", "w") as raw,
            TextIOWrapper(raw, "utf-8", newline="") as sheet,
        ):
            for piece in _sheet(rows):
                sheet.write(piece)
    file.seek(0)
    return file


def _book(title):
    """A sheet's name has at most 31 characters, and none of these."""
    name = "".join(" " if letter in "[]:*?/\\'" else letter for letter in title).strip()[:31] or "1"
    return (
        f'<workbook xmlns="{SHEET}" xmlns:r="{RELATION}"><sheets>'
        f'<sheet name="{escape(name, {chr(34): "&quot;"})}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _sheet(rows):
    yield (
        f'{HEAD}<worksheet xmlns="{SHEET}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        "<sheetData>"
    )
    for number, row in enumerate(rows):
        yield f"<row>{''.join(_cell(cell, is_heading=number == 0) for cell in row)}</row>"
    yield "</sheetData></worksheet>"


def _cell(value, *, is_heading):
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, datetime):
        return f'<c s="3"><v>{_days(_local(value).replace(microsecond=0))!r}</v></c>'
    if isinstance(value, date):
        return f'<c s="2"><v>{_days(datetime.combine(value, time.min)):.0f}</v></c>'
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return f"<c><v>{value}</v></c>"
    text = escape(harmless(ILLEGAL.sub("", str(value)))[:LONGEST_CELL])
    style = ' s="1"' if is_heading else ""
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _days(at):
    return (at.replace(tzinfo=UTC) - DAY_ZERO).total_seconds() / 86_400
