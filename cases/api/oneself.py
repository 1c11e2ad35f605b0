"""One's own profile, what reaches one and when, and when one is away, in the API."""

import django_filters
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from cases import roles
from cases.models import Absence, NoticeKind, Person, PersonPreference
from cases.models.person import validate_time_zone
from cases.operations import absences, profile
from cases.operations.notify import ALWAYS_AT_ONCE, TO_PEOPLE, goes_by_mail

from .fields import Moment, Shown, Text, maybe_named, named
from .filters import before, one, since
from .inputs import NoWords
from .inputs import one as one_of
from .reading import Reading
from .verbs import carry_out, documented, verb

# --- As it is shown -----------------------------------------------------------------------------------------


class ToldSerializer(serializers.Serializer):
    """Everything is told in the app; some of it leaves by mail as well."""

    kind = serializers.ChoiceField(NoticeKind.choices, read_only=True)
    by_mail = serializers.BooleanField(read_only=True)
    is_fixed = serializers.BooleanField(
        read_only=True, help_text="Always so: neither switched off nor put off by quiet hours."
    )


@extend_schema_serializer(many=False)
class OneselfSerializer(Shown):
    """Quiet hours are by the clock of `time_zone`, from one until the other; null where there are none."""

    id = serializers.IntegerField(source="person.pk", read_only=True)
    username = serializers.CharField(source="person.username", read_only=True)
    name = serializers.CharField(source="person.name", read_only=True)
    email = serializers.CharField(source="person.email", read_only=True)
    title = serializers.CharField(source="person.title", read_only=True)
    role = serializers.ChoiceField(roles.Role.choices, source="person.role", read_only=True)
    language = serializers.ChoiceField(settings.LANGUAGES, source="person.language", read_only=True)
    time_zone = serializers.CharField(source="person.time_zone", read_only=True)
    quiet_deputy = maybe_named(help_text="Who gets in quiet hours what would be yours.")
    told = serializers.SerializerMethodField(help_text="What reaches you how, by kind of notice.")

    class Meta:
        model = PersonPreference
        fields = [
            "id",
            "username",
            "name",
            "email",
            "title",
            "role",
            "language",
            "time_zone",
            "signature",
            "single_keys",
            "theme",
            "quiet_from",
            "quiet_until",
            "quiet_weekend",
            "quiet_deputy",
            "told",
        ]

    @extend_schema_field(ToldSerializer(many=True))
    def get_told(self, choice):
        return [
            {"kind": kind, "by_mail": goes_by_mail(kind, choice), "is_fixed": kind in ALWAYS_AT_ONCE}
            for kind in TO_PEOPLE
        ]


class AbsenceSerializer(Shown):
    person = named()
    deputy = maybe_named(help_text="Who gets meanwhile what would be theirs.")

    class Meta:
        model = Absence
        fields = ["id", "person", "starts_at", "ends_at", "deputy"]


class EndedAbsenceSerializer(serializers.Serializer):
    absence = AbsenceSerializer(
        read_only=True,
        allow_null=True,
        help_text="As it is now; null: it had not begun, and does not happen.",
    )


# --- What may be said ---------------------------------------------------------------------------------------


class Introducing(serializers.Serializer):
    """Leave out what stays."""

    name = Text(max_length=120, required=False, help_text="As colleagues and customers read it.")
    language = serializers.ChoiceField(settings.LANGUAGES, required=False)
    time_zone = serializers.CharField(
        max_length=50, required=False, validators=[validate_time_zone], help_text="As in Europe/Madrid."
    )
    theme = serializers.ChoiceField(PersonPreference.Theme.choices, required=False)
    single_keys = serializers.BooleanField(required=False, help_text="Single-key shortcuts on the pages.")
    signature = Text(max_length=1000, required=False, help_text="For replies to customers; empty: none.")


class BeingTold(serializers.Serializer):
    """Leave out what stays."""

    mail = serializers.DictField(
        child=serializers.BooleanField(),
        required=False,
        help_text="Whether it leaves by mail as well, by kind of notice; kinds that are left out stay.",
    )
    quiet_from = serializers.TimeField(required=False, allow_null=True, help_text="Null with `quiet_until`.")
    quiet_until = serializers.TimeField(required=False, allow_null=True)
    quiet_weekend = serializers.BooleanField(required=False, help_text="Saturdays and Sundays as a whole.")
    quiet_deputy = one_of(Person.objects.working(), required=False, allow_null=True)

    def validate_mail(self, mail):
        unknown = [kind for kind in mail if kind not in TO_PEOPLE]
        if unknown:
            raise serializers.ValidationError(
                _("“%(kind)s” is no kind of notice that people are told; those that are stand under “told”.")
                % {"kind": unknown[0]}
            )
        if any(kind in ALWAYS_AT_ONCE and not chosen for kind, chosen in mail.items()):
            raise serializers.ValidationError(
                _("A handoff always comes by mail: somebody waits for you to acknowledge within minutes.")
            )
        return mail


class Entering(serializers.Serializer):
    person = one_of(
        Person.objects.working(), required=False, help_text="Yourself, if left out; or one of your people."
    )
    starts_at = Moment()
    ends_at = Moment()
    deputy = one_of(
        Person.objects.working(), required=False, allow_null=True, help_text="Nobody, if left out."
    )


class ChangingAbsence(serializers.Serializer):
    """Leave out what stays."""

    starts_at = Moment(required=False)
    ends_at = Moment(required=False)
    deputy = one_of(Person.objects.working(), required=False, allow_null=True)


# --- What lists may be narrowed by --------------------------------------------------------------------------


class AbsenceFilter(django_filters.FilterSet):
    """`ends_since` now is what is not over."""

    person, deputy = one(Person), one(Person)
    ends_since, starts_before = since("ends_at"), before("starts_at")

    class Meta:
        model = Absence
        fields = []


# --- Endpoints ----------------------------------------------------------------------------------------------


class Oneself(Reading):
    """Who you are to others, how you work, and what reaches you. Yours alone."""

    asks = "profile.change"
    serializer_class = OneselfSerializer
    queryset = PersonPreference.objects.none()  # whoever asks is the one that is shown
    pagination_class = None

    @extend_schema(operation_id="me_retrieve", responses=OneselfSerializer)
    def list(self, request):
        """Your profile, with how you are told of what."""
        return Response(self.get_serializer(as_one_is(request.user)).data)

    def subject(self):
        return self.request.user

    @verb(says=Introducing, answers=OneselfSerializer, asks="profile.change", detail=False)
    def introduce(self, person, said, *, by, now):
        """Set the name that is shown, language, time zone, signature, theme or keys."""
        profile.introduce(by=by, now=now, **said)
        return as_one_is(by)

    @verb(says=BeingTold, answers=OneselfSerializer, asks="profile.change", detail=False, url_path="be-told")
    def be_told(self, person, said, *, by, now):
        """Set what reaches you by mail as well, and when you are not woken."""
        profile.be_told(by=by, now=now, **said)
        return as_one_is(by)


class Absences(ListModelMixin, RetrieveModelMixin, Reading):
    """Your own absences, those of your people if you keep a team, and those in which you stand in."""

    asks = "profile.change"
    serializer_class = AbsenceSerializer
    filterset_class = AbsenceFilter
    queryset = Absence.objects.select_related("person", "deputy")

    def get_queryset(self):
        reader = self.request.user
        kept = Person.objects.reachable(reader, "people.change").values("pk")
        return super().get_queryset().filter(Q(person=reader) | Q(deputy=reader) | Q(person__in=kept))

    def subject(self):
        return self.get_object()

    @documented(says=Entering, answers=AbsenceSerializer, status=201)
    def create(self, request):
        """Say when you, or somebody of your people, will be away, and who stands in."""
        return carry_out(self, request, None, enter, says=Entering, answers=AbsenceSerializer, status=201)

    @verb(says=ChangingAbsence, answers=AbsenceSerializer, asks="profile.change")
    def change(self, absence, said, *, by, now):
        """Give what has not begun other times or another deputy."""
        return absences.change(absence=absence, by=by, now=now, **said)

    @verb(says=NoWords, answers=EndedAbsenceSerializer, asks="profile.change")
    def end(self, absence, said, *, by, now):
        """Back early: what runs ends now, what has not begun does not happen."""
        return {"absence": absences.end(absence=absence, by=by, now=now)}


def enter(view, subject, said, *, by, now):
    said = {"person": by, "deputy": None, **said}
    return absences.enter(by=by, now=now, **said)


def as_one_is(person):
    """The preferences of `person` as the database has them, of whoever chose nothing as it comes."""
    found = PersonPreference.objects.filter(person=person.pk).select_related("person", "quiet_deputy").first()
    return found or PersonPreference(person=Person.objects.get(pk=person.pk))
