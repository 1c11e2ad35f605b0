"""Cases side by side: link them, split one, follow one up."""

from contextlib import ExitStack, contextmanager

from django.utils.translation import gettext as _

from cases.errors import Incomplete, WrongMove
from cases.models import Attachment, CaseLink, Message
from cases.states import CaseStatus

from . import asking, intake, owing
from .changing import changing
from .linking import connect

# Merging and splitting have rules of their own; a follow-up is made with its case.
BY_HAND = (CaseLink.Kind.RELATED, CaseLink.Kind.CAUSED_BY, CaseLink.Kind.DUPLICATE)


@contextmanager
def changing_both(case, other, *, by, reason, now, revision=None):
    """Yield both, locked in the order of their ids. `revision` is what the caller saw of `case`."""
    if case.pk == other.pk:
        raise WrongMove(_("A case is not linked with itself; give the number of another one."))
    with ExitStack() as stack:
        locked = {}
        for row, seen in sorted(((case, revision), (other, None)), key=lambda pair: pair[0].pk):
            locked[row.pk] = stack.enter_context(changing(row, by=by, reason=reason, now=now, revision=seen))
        yield locked[case.pk], locked[other.pk]


def link(*, case, other, kind, by, now, reason="", revision=None):
    """`case` is `kind` (of BY_HAND) of `other`; both histories say so. Raises WrongMove."""
    if kind not in BY_HAND:
        raise WrongMove(_("Cases are linked as related, as caused by another, or as a duplicate of it."))
    with changing_both(
        case, other, by=by, reason=reason or _("cases linked"), now=now, revision=revision
    ) as (
        source,
        target,
    ):
        return connect(source, target, kind, reason=reason, now=now)


def unlink(*, link, by, now, reason, seen=None, revision=None):
    """The link was a mistake, or does not hold any more. A merge ends by opening the merged case again.

    `seen`: the one of the two that the caller saw, at `revision`. Raises Incomplete, WrongMove, StaleCase.
    """
    if not reason.strip():
        raise Incomplete(_("Say why the link falls away."))
    if link.kind == CaseLink.Kind.MERGED:
        raise WrongMove(_("Open %(number)s again to undo the merge.") % {"number": link.source.number})
    case, other = link.source, link.target
    if seen is not None and seen.pk == other.pk:
        case, other = other, case
    with changing_both(case, other, by=by, reason=reason, now=now, revision=revision):
        link.refresh_from_db()
        if link.ended_at is not None:
            raise WrongMove(_("This link has ended already."))
        link.ended_at = now
        link.save(update_fields=["ended_at"])


def split(
    *,
    case,
    messages,
    subject,
    by,
    now,
    files=(),
    asks=(),
    category=None,
    service=None,
    reason="",
    revision=None,
):
    """A new case of the same customer with copies of `messages` (of `case`); they stay where they are, too.

    `files`: Attachments that go along with their messages; `asks`: Asks of `case` that nothing decides yet.
    They are asked on the new case, in their order, and stay here as going on there.

    It counts from when the customer first said what was split off: no time is lost or given away. What we
    answered then counts as answered. Restricted like the case it comes from, for the same people.
    Raises Incomplete without a message of the customer's or for a file without its message, WrongMove for
    what is another case's, AlreadyDecided.
    """
    chosen = sorted(messages, key=lambda m: (m.occurred_at, m.pk))
    if any(message.case_id != case.pk for message in chosen):
        raise WrongMove(_("Only messages of this case can be split off from it."))
    first = next((m for m in chosen if m.direction == Message.Direction.IN), None)
    if first is None:
        raise Incomplete(
            _("Choose at least one message in which the customer says what the new case is about.")
        )
    _require_messages_of(files, chosen)
    with changing(case, by=by, reason=reason or _("case split"), now=now, revision=revision) as locked:
        # Of another category it may be another team's, but nobody new learns of a restricted case.
        stays = locked.is_restricted or category in (None, locked.category)
        new = intake.open_case(
            customer=locked.customer,
            contact=first.contact or locked.contact,
            subject=subject,
            body=first.body,
            channel=first.channel,
            category=category or locked.category,
            service=service or locked.service,
            language=locked.language,
            impact=locked.impact,
            urgency=locked.urgency,
            priority=locked.priority,
            received_at=first.occurred_at,
            restricted_because=locked.restricted_because if locked.is_restricted else "",
            named_on=locked,
            team=locked.team if stays else None,
            owner=locked.owner if stays else None,
            is_routed=stays,
            is_asked=False,
            by=by,
            now=now,
        )
        others = [message for message in chosen if message.pk != first.pk]
        copies = [_copy(message, new, now) for message in others]
        Message.objects.bulk_create(copies)
        opening = new.messages.earliest("pk")
        _copy_files(files, {first.pk: opening, **dict(zip([m.pk for m in others], copies, strict=True))})
        asking.split_off(case=locked, asks=asks, into=new)
        for copy in copies:
            if copy.answers_customer and copy.occurred_at >= first.occurred_at:
                with changing(new, by=by, reason=_("answered before the split"), now=now) as opened:
                    if opened.status == CaseStatus.NEW:
                        opened.status = CaseStatus.OPEN
                    owing.answered(opened, at=copy.occurred_at, now=now)
        connect(new, locked, CaseLink.Kind.SPLIT, reason=reason, now=now)
    return new


def _require_messages_of(files, chosen):
    """A file goes with the message that it came with, or not at all."""
    without = [file.name for file in files if file.message_id not in {message.pk for message in chosen}]
    if without:
        raise Incomplete(
            _("“%(name)s” goes over with its message; choose that too, or leave the file out.")
            % {"name": without[0]}
        )


def _copy_files(files, copies):
    """`copies`: {id of a message: its copy}. The content is kept once, whoever names it."""
    names = ("name", "media_type", "size", "sha256")
    Attachment.objects.bulk_create(
        Attachment(message=copies[file.message_id], **{name: getattr(file, name) for name in names})
        for file in sorted(files, key=lambda file: file.pk)
    )


def _copy(message, case, now):
    return Message(
        case=case,
        direction=message.direction,
        channel=message.channel,
        body=message.body,
        author=message.author,
        contact=message.contact,
        was_reached=message.was_reached,
        is_automatic=message.is_automatic,
        occurred_at=message.occurred_at,
        recorded_at=now,
    )


def follow_up(*, of, by, now, **opening):
    """A new case for what came of one that has ended, linked to it. Raises WrongMove while that one is open.

    `opening` is what intake.open_case asks; the customer is that of the case before.
    """
    with changing(of, by=by, reason=_("followed up"), now=now) as before:
        if before.is_live:
            raise WrongMove(
                _("%(number)s is still open; go on with it there, or split it.") % {"number": before.number}
            )
        given = {**opening, "customer": before.customer, "named_on": before}
        new = intake.open_case(by=by, now=now, **given)
        connect(new, before, CaseLink.Kind.FOLLOW_UP, reason="", now=now)
    return new
