"""Saved views of the queue in the API: one's own, and those that are shared with one's teams."""

from django.db.models import Exists, OuterRef
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin

from cases.models import SavedView, Team
from cases.navigation import kept_query
from cases.operations import saved_views

from .fields import Shown, Text, maybe_named, named
from .inputs import NoWords, one
from .reading import Reading
from .verbs import carry_out, documented, verb

NAME = SavedView._meta.get_field("name").max_length


class SavedViewSerializer(Shown):
    """Filters and an order of the queue under a name. It holds a question and no cases: what anybody finds by
    it is what they may read."""

    person = named(help_text="Who made it.")
    team = maybe_named(help_text="With whom it is shared; null: with nobody.")
    query = serializers.CharField(
        read_only=True, help_text="As in the address of the queue: /cases/?priority=4&sort=-received."
    )
    may_change = serializers.BooleanField(read_only=True, help_text="Whether you may rename and delete it.")

    class Meta:
        model = SavedView
        fields = ["id", "name", "query", "person", "team", "may_change"]


class DeletedViewSerializer(serializers.Serializer):
    name = serializers.CharField(read_only=True, help_text="Of the view that is there no longer.")


class NamingView(serializers.Serializer):
    name = Text(max_length=NAME)


class SharingView(serializers.Serializer):
    team = one(Team.objects.filter(is_active=True), allow_null=True, help_text="Null: with nobody.")


class KeepingView(NamingView):
    query = serializers.CharField(
        allow_blank=True, max_length=4000, help_text="As in the address of the queue."
    )
    team = one(Team.objects.filter(is_active=True), required=False, allow_null=True)

    def validate_query(self, query):
        return kept_query(query.lstrip("?"))


class SavedViews(ListModelMixin, RetrieveModelMixin, Reading):
    """Your own, those shared with a team of yours, and those of the teams that you look after."""

    asks = "case.find"
    serializer_class = SavedViewSerializer
    queryset = SavedView.objects.all()

    def get_queryset(self):
        person = self.request.user
        changeable = SavedView.objects.changeable_by(person)
        seen = SavedView.objects.beside_the_queue_of(person) | changeable
        theirs = Exists(changeable.filter(pk=OuterRef("pk")))
        return seen.select_related("person", "team").annotate(may_change=theirs)

    def subject(self):
        return self.get_object()

    def as_kept(self, view):
        return self.get_queryset().get(pk=view.pk)

    @documented(says=KeepingView, answers=SavedViewSerializer, status=201)
    def create(self, request):
        """Keep filters and an order of the queue under a name, for you alone or for a team as well."""
        return carry_out(self, request, None, keep, says=KeepingView, answers=SavedViewSerializer, status=201)

    @verb(says=NamingView, answers=SavedViewSerializer, asks="case.find")
    def rename(self, view, said, *, by, now):
        """Give it another name."""
        return self.as_kept(saved_views.rename_view(view=view, by=by, **said))

    @verb(says=SharingView, answers=SavedViewSerializer, asks="case.find")
    def share(self, view, said, *, by, now):
        """Show your own view to a team as well, or to nobody else any more."""
        return self.as_kept(saved_views.share_view(view=view, by=by, **said))

    @verb(says=NoWords, answers=DeletedViewSerializer, asks="case.find")
    def delete(self, view, said, *, by, now):
        """It is gone, from the queues of its team, too."""
        saved_views.delete_view(view=view, by=by)
        return view


def keep(view, subject, said, *, by, now):
    return view.as_kept(saved_views.save_view(by=by, **said))
