"""People as a sheet: its columns, how a CSV or XLSX file is read, and how one is written. Pure."""

import csv
import io
import zipfile
from dataclasses import dataclass
from datetime import date, datetime

import tablib
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases import spreadsheets
from cases.errors import FileRefused

MEGABYTE = 1024 * 1024
MOST_MB = 2
# A sheet is a compressed archive: so much may come out of it.
UNPACKED_MB = 40
MOST_ROWS = 2000

# {column as it stands in the file: what it is called on pages}
COLUMNS = {
    "username": gettext_lazy("username"),
    "name": gettext_lazy("name"),
    "email": gettext_lazy("email address"),
    "role": gettext_lazy("role"),
    "teams": gettext_lazy("teams"),
    "skills": gettext_lazy("skills"),
    "language": gettext_lazy("language"),
    "time_zone": gettext_lazy("time zone"),
    "manager": gettext_lazy("manager"),
    "money_limit": gettext_lazy("money limit"),
}
# Several of a kind in one cell, and the teams on the way to one.
BETWEEN, BELOW = ";", " / "


@dataclass(frozen=True)
class Line:
    """A row of a file: its number there, and the text of each of its columns."""

    number: int
    cells: dict


def read(name, content):
    """[Line] of a file called `name` with these bytes; columns that it has not are in no line.

    Raises FileRefused with what is wrong with the file as a whole, and what would be accepted.
    """
    require_size(len(content))
    if name.lower().endswith(".xlsx"):
        table = _xlsx(content)
    elif name.lower().endswith(".csv"):
        table = _csv(content)
    else:
        raise FileRefused(_("A file in CSV or XLSX is read; this one is called “%(name)s”.") % {"name": name})
    columns = _columns(table[0] if table else [])
    lines = [
        Line(number, {column: _text(row[at]) if at < len(row) else "" for at, column in columns.items()})
        for number, row in enumerate(table[1:], 2)
        if any(_text(cell) for cell in row)
    ]
    if not lines:
        raise FileRefused(_("The file has no row of a person below its first line."))
    if len(lines) > MOST_ROWS:
        raise FileRefused(
            _("The file has more than %(rows)d people; send them in several files.") % {"rows": MOST_ROWS}
        )
    return lines


def require_size(number):
    """Raises FileRefused for a file of more bytes than are read."""
    if number > MOST_MB * MEGABYTE:
        raise FileRefused(
            _("The file is larger than %(mb)d MB; send its rows in several files.") % {"mb": MOST_MB}
        )


def _xlsx(content):
    unread = _("This is no XLSX file that can be read; save it anew as XLSX, or as CSV.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > UNPACKED_MB * MEGABYTE:
                raise FileRefused(_("The file is too large once it is unpacked; keep people alone in it."))
        data = tablib.Dataset().load(content, format="xlsx", read_only=True)
    except FileRefused:
        raise
    except Exception as error:  # a strange file makes its reader fail in any way
        raise FileRefused(unread) from error
    return [data.headers or [], *data]


def _csv(content):
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(
            _("The file is not in UTF-8; save it as “CSV UTF-8”, so that every letter is kept.")
        ) from error
    first = text.partition("\n")[0]
    try:
        return list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count), strict=True))
    except csv.Error as error:
        raise FileRefused(
            _("The file cannot be read as CSV (%(error)s); save it anew, or as XLSX.") % {"error": error}
        ) from error


def _columns(headers):
    """{place: column} of the first line, by their own names or by those of the page."""
    known = {str(label).lower(): column for column, label in COLUMNS.items()} | {c: c for c in COLUMNS}
    found, strange = {}, []
    for at, header in enumerate(headers):
        text = _text(header).lower().replace("e-mail", "email")
        column = known.get(text) or known.get(text.replace(" ", "_"))
        if column in found.values():
            raise FileRefused(_("The column “%(name)s” is there twice.") % {"name": text})
        if column:
            found[at] = column
        elif text:
            strange.append(text)
    words = {"known": ", ".join(COLUMNS)}
    if strange:
        words["names"] = ", ".join(strange[:5])
        raise FileRefused(_("No column is called %(names)s; there are %(known)s.") % words)
    if "username" not in found.values():
        raise FileRefused(_("The first line has to name the columns, with username: %(known)s.") % words)
    return found


def _text(cell):
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, datetime | date):
        cell = cell.isoformat()
    text = " ".join(str(cell).split())
    # What would be taken for a formula is written with an apostrophe before it.
    return text[1:] if text[:1] == "'" and text[1:].startswith(spreadsheets.FORMULAS) else text


def written(rows, kind):
    """The bytes of a file of `kind` ("csv" or "xlsx") with these rows ({column: text}), safe to open in a
    spreadsheet."""
    table = [list(COLUMNS), *([str(row.get(column, "")) for column in COLUMNS] for row in rows)]
    if kind == "csv":
        return "".join(spreadsheets.csv_lines(table)).encode()
    with spreadsheets.xlsx(table, title="people") as file:
        return file.read()
