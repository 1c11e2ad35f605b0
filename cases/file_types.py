"""Which files may come with a message. The content says what a file is; its name must not differ. Pure.

Accepted is what people send about a complaint and what runs nothing: documents, pictures, plain text, tables.
Not accepted, whatever it is called: web pages, SVG and scripts (a browser or a shell would run them),
programs, documents with macros, the old Office formats (which may hold macros where nobody sees them),
archives and whole mails (which may hold any of these).
"""

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class NotAccepted(Exception):
    """A file was refused; the text is a sentence for people."""


@dataclass(frozen=True)
class Kind:
    media_type: str
    word: str
    extensions: tuple[str, ...]
    is_shown_inline: bool = False


PDF = Kind("application/pdf", "PDF", ("pdf",))
PNG = Kind("image/png", "PNG", ("png",), is_shown_inline=True)
JPEG = Kind("image/jpeg", "JPEG", ("jpg", "jpeg", "jfif"), is_shown_inline=True)
GIF = Kind("image/gif", "GIF", ("gif",), is_shown_inline=True)
WEBP = Kind("image/webp", "WebP", ("webp",), is_shown_inline=True)
TEXT = Kind("text/plain", gettext_lazy("text"), ("txt", "log", "md"))
CSV = Kind("text/csv", "CSV", ("csv",))
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
DOCX = Kind(f"{_OFFICE}wordprocessingml.document", "Word (docx)", ("docx",))
XLSX = Kind(f"{_OFFICE}spreadsheetml.sheet", "Excel (xlsx)", ("xlsx",))
PPTX = Kind(f"{_OFFICE}presentationml.presentation", "PowerPoint (pptx)", ("pptx",))
ODT = Kind(f"{_ODF}text", "OpenDocument (odt)", ("odt",))
ODS = Kind(f"{_ODF}spreadsheet", "OpenDocument (ods)", ("ods",))
KINDS = (PDF, PNG, JPEG, GIF, WEBP, TEXT, CSV, DOCX, XLSX, PPTX, ODT, ODS)
BY_MEDIA_TYPE = {kind.media_type: kind for kind in KINDS}
EXTENSIONS = tuple(extension for kind in KINDS for extension in kind.extensions)

# How much of a text browsers read when they guess what it is (MIME Sniffing, whatwg.org).
GUESSED_FROM = 1445
MARKUP = re.compile(
    r"<\s*(!doctype|\?xml|\?php|html|head|body|script|svg|math|iframe|object|embed|style|meta|link|base|form)\b",
    re.IGNORECASE,
)
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
PICTURES = ((b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG), (b"GIF87a", GIF), (b"GIF89a", GIF))
DANGEROUS = (
    (b"MZ", gettext_lazy("a program")),
    (b"\x7fELF", gettext_lazy("a program")),
    (b"\xca\xfe\xba\xbe", gettext_lazy("a program")),
    (b"\xcf\xfa\xed\xfe", gettext_lazy("a program")),
    (b"#!", gettext_lazy("a script")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", gettext_lazy("an old Office document, which may hold macros")),
    (b"{\\rtf", gettext_lazy("an RTF document, which may hold programs")),
    (b"Rar!", gettext_lazy("an archive")),
    (b"7z\xbc\xaf", gettext_lazy("an archive")),
    (b"\x1f\x8b", gettext_lazy("an archive")),
)
# Where the zipped formats keep what runs.
RUNS = re.compile(r"(^|/)(vba[^/]*\.(bin|xml)|activex[^/]*|macrosheets|basic|scripts)(/|$)", re.IGNORECASE)
MAIN_PART = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX}
MOST_MEMBERS, LONGEST_MEMBER = 10_000, 1_000_000
NAME_LENGTH = 120


def accepted():
    """The kinds of files that are accepted, in words."""
    return ", ".join(dict.fromkeys(str(kind.word) for kind in KINDS))


def judge(name, content):
    """(clean name, Kind) of a file with this `content` (all of its bytes).

    Raises NotAccepted: empty, of no accepted kind, or of another kind than its name says.
    """
    name = clean_name(name)
    if not content:
        raise NotAccepted(_("“%(name)s” is empty.") % {"name": name})
    kinds = _kinds_of(name, content)
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    for kind in kinds:
        if extension in kind.extensions:
            return name, kind
    words = {"name": name, "kind": kinds[0].word, "endings": _endings(kinds)}
    raise NotAccepted(
        _("“%(name)s” holds something else than its name says: %(kind)s. Such a file ends in %(endings)s.")
        % words
    )


def _endings(kinds):
    return ", ".join(f".{extension}" for kind in kinds for extension in kind.extensions)


def _kinds_of(name, content):
    """What the content is: one kind, or all that plain text may be called."""
    if content.startswith(b"%PDF-"):
        return (PDF,)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return (WEBP,)
    for signature, kind in PICTURES:
        if content.startswith(signature):
            return (kind,)
    for signature, what in DANGEROUS:
        if content.startswith(signature):
            raise _refused(name, what)
    if content.startswith(b"PK\x03\x04"):
        return (_zipped(name, content),)
    text = _text_of(content)
    if text is None:
        raise _refused(name, _("of a kind that is not known here"))
    if MARKUP.search(text[:GUESSED_FROM]):
        raise _refused(name, _("a web page, a drawing or a script"))
    return (TEXT, CSV)


def _refused(name, what):
    return NotAccepted(
        _("“%(name)s” is %(what)s. Accepted are: %(accepted)s.")
        % {"name": name, "what": what, "accepted": accepted()}
    )


def _text_of(content):
    """The text, or None where the bytes are none. Which older alphabet it is in does not matter here."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError:
            return None
        return None if CONTROL.search(text.encode("utf-8")) else text
    if CONTROL.search(content):
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _zipped(name, content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {member.filename: member for member in archive.infolist()[:MOST_MEMBERS]}
            read = {
                part: archive.read(part)
                for part in ("[Content_Types].xml", "mimetype")
                if part in members and members[part].file_size <= LONGEST_MEMBER
            }
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, OSError) as error:
        raise _refused(name, _("damaged, or locked with a password")) from error
    if any(RUNS.search(member) for member in members) or b"macroenabled" in b"".join(read.values()).lower():
        raise _refused(name, _("a document with macros"))
    types = read.get("[Content_Types].xml", b"")
    for part, kind in MAIN_PART.items():
        if types and part in members:
            return kind
    for kind in (ODT, ODS):
        if read.get("mimetype", b"").strip() == kind.media_type.encode():
            return kind
    raise _refused(name, _("an archive"))


def clean_name(name):
    """The last part of a path, in one line, without what reads otherwise than it is or a system minds.

    Never empty, at most 120 characters, the ending kept.
    """
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", str(name)))[-1]
    # Cc: control characters, Cf: invisible ones that turn text round (“fdp.exe” read as “exe.pdf”).
    name = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Zs") else c for c in name)
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn"))
    name = " ".join(re.sub(r'[<>:"|?*]', "_", name).split()).strip(". ")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return name[:NAME_LENGTH] or "file"
    return f"{stem[: NAME_LENGTH - len(extension) - 1].rstrip('. ') or 'file'}.{extension[:20]}"
