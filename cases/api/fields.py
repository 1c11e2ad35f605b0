"""What serializers are made of: instants with a zone, things by id and name, the base of what is shown."""

from datetime import UTC

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

# As long as the forms allow.
LONGEST = 20_000


class Moment(serializers.DateTimeField):
    """An instant. Shown in UTC; one without a zone is refused, since nobody knows which day it means."""

    default_error_messages = {"naive": _("Say in which zone, as in 2026-03-02T09:00:00+01:00 or …Z.")}

    def __init__(self, **kwargs):
        super().__init__(default_timezone=UTC, **kwargs)

    def enforce_timezone(self, value):
        if timezone.is_naive(value):
            self.fail("naive")
        return super().enforce_timezone(value)


class Text(serializers.CharField):
    """Words of which the operation says whether they are enough: an empty text reaches it."""

    def __init__(self, **kwargs):
        super().__init__(**{"allow_blank": True, "max_length": LONGEST, **kwargs})


class NamedSerializer(serializers.Serializer):
    """Somebody or something, by id and name."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)


class OfParts(serializers.Serializer):
    """A tuple, shown by the names of its `parts`."""

    parts = ()

    def to_representation(self, row):
        return super().to_representation(dict(zip(self.parts, row, strict=True)))


def named(**kwargs):
    return NamedSerializer(read_only=True, **kwargs)


def maybe_named(**kwargs):
    return NamedSerializer(read_only=True, allow_null=True, **kwargs)


class Shown(serializers.ModelSerializer):
    """A row as it is shown. Nothing is written through it; that is what the verbs are for."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: Moment,
    }
