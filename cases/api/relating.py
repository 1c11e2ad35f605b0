"""How a case stands to others, in the API: link, merge, split off, follow up."""

from django.utils.translation import gettext as _
from rest_framework import serializers

from cases.models import Attachment, Case, CaseLink, Category, Service
from cases.operations import merging, relating
from cases.views.relating import other

from .cases import as_it_is
from .fields import Text
from .inputs import FollowingUp, Ids, Reason, Versioned, chosen_of, one
from .reading import OfOneCase
from .serializers import CaseLinkSerializer, CaseSerializer
from .verbs import verb

REASON = CaseLink._meta.get_field("reason").max_length


class Linking(Versioned):
    kind = serializers.ChoiceField(
        [(kind.value, CaseLink.Kind(kind).label) for kind in relating.BY_HAND],
        help_text="What this case is to the other.",
    )
    number = serializers.CharField(max_length=20, help_text="Of the other case, as in C-20418.")
    reason = Text(max_length=REASON, required=False)


class Unlinking(Reason):
    link = one(CaseLink.objects.active().select_related("source", "target"), help_text="Its id.")

    def validate_link(self, link):
        """Whoever may not know of the other case does not know of the link either."""
        case = self.context["subject"]
        beside = link.target_id if link.source_id == case.pk else link.source_id
        is_of_case = case.pk in (link.source_id, link.target_id)
        known = Case.objects.findable(self.context["request"].user)
        if not is_of_case or not known.filter(pk=beside).exists():
            raise serializers.ValidationError(_("This case has no such link."))
        return link


class Merging(Versioned):
    number = serializers.CharField(max_length=20, help_text="Of the case in which it goes on.")
    reason = Text(max_length=REASON, help_text="How you know that both are about the same.")


class Splitting(Versioned):
    """What goes over as a copy: messages, files with their messages; asks move. Left out, category and
    service are as of this case."""

    subject = Text(max_length=200, help_text="Of the new case.")
    messages = Ids(help_text="Their ids; at least one in which the customer says what it is about.")
    files = Ids(required=False, help_text="Ids of attachments of these messages.")
    asks = Ids(required=False, help_text="Ids of asks on which nothing is decided yet.")
    category = one(Category.objects.filter(is_active=True), required=False)
    service = one(Service.objects.filter(is_active=True), required=False)
    reason = Text(max_length=REASON, required=False)

    def validate_messages(self, ids):
        return chosen_of(self.context["subject"].messages.select_related("author", "contact"), ids)

    def validate_files(self, ids):
        return chosen_of(Attachment.objects.filter(message__case=self.context["subject"]), ids)

    def validate_asks(self, ids):
        return chosen_of(self.context["subject"].asks, ids)

    def validate_service(self, service):
        if not service.subscriptions.filter(customer=self.customer()).exists():
            raise serializers.ValidationError(_("This customer does not have this service."))
        return service


class Relating(OfOneCase):
    """What is done to one case and another."""

    asks = "case.work"
    serializer_class = CaseLinkSerializer

    @verb(says=Linking, answers=CaseLinkSerializer, status=201)
    def link(self, case, said, *, by, now):
        """Both cases show the link, and both histories say so. Nothing is closed or moved."""
        beside = other(by, said.pop("number"))
        return relating.link(case=case, other=beside, by=by, now=now, **said)

    @verb(says=Unlinking, answers=CaseLinkSerializer)
    def unlink(self, case, said, *, by, now):
        """The link was a mistake, or does not hold any more. A merge ends by opening the merged case."""
        relating.unlink(seen=case, by=by, now=now, **said)
        return said["link"]

    @verb(says=Merging, answers=CaseLinkSerializer, status=201)
    def merge(self, case, said, *, by, now):
        """It is closed and points at the other case, on which what is owed goes on; the customer is told."""
        into = other(by, said.pop("number"), "case.work")
        return merging.merge(case=case, into=into, by=by, now=now, **said)

    @verb(says=Splitting, answers=CaseSerializer, status=201)
    def split(self, case, said, *, by, now):
        """Copies open a new case of this customer, whose terms count from when it was first said. The new
        case is the answer."""
        return as_it_is(relating.split(case=case, by=by, now=now, **said))

    @verb(says=FollowingUp, answers=CaseSerializer, status=201, asks="case.open", url_path="follow-up")
    def follow_up(self, case, said, *, by, now):
        """A new case for what came of one that has ended, linked to it. The new case is the answer."""
        return as_it_is(relating.follow_up(of=case, by=by, now=now, **said))
