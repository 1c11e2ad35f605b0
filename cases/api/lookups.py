"""What the verbs name by id: people, teams, categories and the like, by id and name."""

from rest_framework import serializers
from rest_framework.mixins import ListModelMixin

from cases.models import (
    Category,
    Cause,
    PauseReason,
    Person,
    Question,
    ReplyTemplate,
    Service,
    Skill,
    Tag,
    Team,
)
from cases.states import Metric

from .fields import NamedSerializer, Shown, maybe_named
from .reading import Reading


class TeamSerializer(Shown):
    parent = maybe_named()

    class Meta:
        model = Team
        fields = ["id", "name", "parent"]


class PersonSerializer(Shown):
    class Meta:
        model = Person
        fields = ["id", "username", "name", "role", "title"]


class PauseReasonSerializer(Shown):
    stops = serializers.ListField(child=serializers.ChoiceField(Metric.choices), read_only=True)

    class Meta:
        model = PauseReason
        fields = ["code", "name", "stops", "ends_on_incoming", "waits_for_customer"]


class QuestionSerializer(Shown):
    category = maybe_named(help_text="Of whose cases it is asked; null: of every case.")
    choices = serializers.ListField(source="options", child=serializers.CharField(), read_only=True)

    class Meta:
        model = Question
        fields = ["id", "category", "text", "help", "kind", "choices", "is_required", "position"]


class Lookup(ListModelMixin, Reading):
    asks = "rules.read"
    serializer_class = NamedSerializer


class People(Lookup):
    """Who works here."""

    asks = "people.read"
    serializer_class = PersonSerializer
    queryset = Person.objects.working()


class Teams(Lookup):
    """The tree of teams."""

    serializer_class = TeamSerializer
    queryset = Team.objects.filter(is_active=True).select_related("parent")


class Categories(Lookup):
    """What a case may be about."""

    queryset = Category.objects.filter(is_active=True)


class Causes(Lookup):
    """Why complaints come about."""

    queryset = Cause.objects.filter(is_active=True)


class Questions(Lookup):
    """What is asked when a case is opened, by its category."""

    serializer_class = QuestionSerializer
    queryset = Question.objects.filter(is_active=True).select_related("category")


class Services(Lookup):
    """What customers may have from us."""

    queryset = Service.objects.filter(is_active=True)


class ReplyTemplateSerializer(Shown):
    category = maybe_named()

    class Meta:
        model = ReplyTemplate
        fields = ["id", "name", "language", "form_of_address", "category", "channel", "body"]


class ReplyTemplates(Lookup):
    """Words for a reply; the verb fills in what stands in braces."""

    serializer_class = ReplyTemplateSerializer
    queryset = ReplyTemplate.objects.filter(is_active=True).select_related("category")


class Skills(Lookup):
    """What a functional escalation may ask for."""

    queryset = Skill.objects.all()


class Tags(Lookup):
    """What cases may be gathered by."""

    queryset = Tag.objects.filter(is_active=True)


class PauseReasons(Lookup):
    """Why clocks may stand still, and which of them do."""

    serializer_class = PauseReasonSerializer
    queryset = PauseReason.objects.filter(is_active=True)
