"""What messages of the example are written with: templates, files that come with them, a draft left lying."""

import re
from io import BytesIO

from cases.models import Case, Category, Draft, Person, ReplyTemplate
from cases.operations import unsent
from cases.states import LIVE

from . import data

# By these words a text of the example says that something comes with it.
COMES_WITH_IT = re.compile(r"\bis attached\b|\b(va|le) adjunto\b")
NAMES = {
    "document.png": {"en": "delivery note.png", "es": "albarán.png", "ru": "накладная.png"},
    "confirmation.pdf": {"en": "confirmation.pdf", "es": "confirmación.pdf", "ru": "подтверждение.pdf"},
}


class File(BytesIO):
    """A file of the example as an upload would be: with a name, to be read."""

    def __init__(self, stored, language):
        super().__init__((data.HERE / "files" / stored).read_bytes())
        self.name = NAMES[stored][language]


def files_for(text, stored, language):
    """What comes with a message: one file where its words say so."""
    return [File(stored, language)] if COMES_WITH_IT.search(text) else []


def build_templates():
    categories = {row.name: row for row in Category.objects.all()}
    ReplyTemplate.objects.bulk_create(
        ReplyTemplate(
            name=row["name"],
            language=row["language"],
            category=categories[row["category"]] if "category" in row else None,
            body=row["body"].strip(),
        )
        for row in data.read("templates")["templates"]
    )


def leave_a_draft(*, now):
    """Lucia was called away while she wrote."""
    lucia = Person.objects.get(username="lucia")
    case = Case.objects.filter(owner=lucia, status__in=LIVE, language="en").order_by("pk").first()
    if case is not None:
        text = "The customer asked twice about the second invoice; before I answer I want to know"
        unsent.keep(case=case, by=lucia, kind=Draft.Kind.NOTE, text=text, now=now)
