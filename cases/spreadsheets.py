"""Rows as files that spreadsheets open, written line by line: CSV and XLSX."""

import csv
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryFile

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

# What a spreadsheet would take for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
# By which spreadsheets know that a CSV is UTF-8.
MARK = "\ufeff"
# A sheet holds 1,048,576. Nothing of it arrives before all is written, and nobody waits long for a sign of
# life: so many take about five seconds. A CSV begins to arrive at once.
MOST_IN_XLSX = 20_000
LONGEST_CELL = 32_767


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


def xlsx(rows, *, title):
    """A file open for reading: one sheet of `rows`, of which the first names the columns and stays in sight.
    What is written lies on the disk, not in memory."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_name(title))
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows):
        sheet.append([_heading(sheet, cell) if number == 0 else _cell(cell) for cell in row])
    file = TemporaryFile()  # noqa: SIM115 (closed by whoever sends it)
    book.save(file)
    file.seek(0)
    return file


def _name(title):
    """A sheet's name has at most 31 characters, and none of these."""
    return "".join(" " if letter in "[]:*?/\\'" else letter for letter in title).strip()[:31] or "1"


def _heading(sheet, text):
    cell = WriteOnlyCell(sheet, _cell(text))
    cell.font = Font(bold=True)
    return cell


def _cell(value):
    if isinstance(value, datetime):
        return _local(value).replace(microsecond=0)
    if value is None or (isinstance(value, date | int | float | Decimal) and not isinstance(value, bool)):
        return value
    return harmless(ILLEGAL_CHARACTERS_RE.sub("", str(value)))[:LONGEST_CELL]
