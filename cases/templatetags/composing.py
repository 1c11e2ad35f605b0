"""What the composer knows of whoever writes: their drafts, the templates that fit, how a file looks."""

from dataclasses import dataclass, field
from itertools import groupby

from django import template
from django.conf import settings
from django.db.models import Case, IntegerField, Q, Value, When
from django.utils.translation import gettext as _

from cases import display, wording
from cases.forms import Moment
from cases.models import Channel, Draft, ReplyTemplate, SentForm
from cases.views.understood import understood

register = template.Library()
MOST_TEMPLATES = 200
# Of so many of somebody's last forms on a case, a tab of theirs can tell that they were sent.
FORMS_KNOWN = 5


@dataclass(frozen=True)
class Desk:
    """`drafts`: {kind: Draft}; `kept`: {kind: when, in words}; `sent`: the keys of their last forms here."""

    drafts: dict
    kept: dict
    sent: str
    signature: str = ""
    templates: list = field(default_factory=list)
    most_bytes: int = 0
    most_files: int = 0


@register.simple_tag
def writing_desk(case, reader, now, may_work):
    """The `Desk` of `reader` on `case`. Two queries, and two for templates and signature of who may reply."""
    drafts = {draft.kind: draft for draft in Draft.objects.filter(person=reader, case=case)}
    last = SentForm.objects.filter(person=reader, case=case).order_by("-pk").values_list("key", flat=True)
    return Desk(
        drafts=drafts,
        kept={kind: display.moment(draft.saved_at, now) for kind, draft in drafts.items()},
        sent=" ".join(key.hex for key in last[:FORMS_KNOWN]),
        signature=wording.signature_of(reader).strip() if may_work else "",
        templates=_templates(case) if may_work else [],
        most_bytes=settings.ATTACHMENT_MAX_BYTES,
        most_files=settings.ATTACHMENTS_MAX_COUNT,
    )


def _templates(case):
    """[(heading, [ReplyTemplate])]: those that fit the case first, then others of its language."""
    usual = case.channel if case.channel != Channel.PHONE else Channel.MAIL
    fits = (
        Q(language=case.language)
        & (Q(category=None) | Q(category=case.category_id))
        & Q(channel__in=("", usual))
    )
    if case.contact is not None:
        fits &= Q(form_of_address=case.contact.form_of_address)
    rank = Case(
        When(fits, then=Value(0)),
        When(language=case.language, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = ReplyTemplate.objects.filter(is_active=True).annotate(rank=rank)
    ordered = rows.order_by("rank", "language", "name", "pk")[:MOST_TEMPLATES]
    return [
        (_heading(rank, language), list(of_one))
        for (rank, language), of_one in groupby(ordered, key=lambda row: (row.rank, row.language))
    ]


def _heading(rank, language):
    name = str(dict(settings.LANGUAGES)[language])
    if rank == 0:
        return _("For this case")
    return _("Others in %(language)s") % {"language": name} if rank == 1 else name


@register.simple_tag
def means(field, case, now, customer=None):
    """What a bound field for a time says as it stands: an Understood, or None. Where there is no `case` yet,
    for the `customer` that is chosen, if one is."""
    return understood(field.value(), field.html_name, case or None, now, customer or None)


@register.simple_tag
def moments_of(form):
    """The names of a form's fields for times, for the script that tells what is understood; or nothing."""
    return " ".join(field.html_name for field in form.visible_fields() if isinstance(field.field, Moment))


@register.filter
def is_moment(field):
    return isinstance(field.field, Moment)
