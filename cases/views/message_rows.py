"""Messages as the case page shows them: their words as safe HTML, their files, who is called in them."""

from django.db.models import prefetch_related_objects

from cases import rich_text
from cases.models import Message
from cases.operations import mentioning
from cases.views import delivery


def dressed(messages):
    """The same messages, each with `html`, with its attachments read, and with `delivery` where it has not
    left. At most three queries in all."""
    prefetch_related_objects(messages, "attachments")
    people = mentioning.people_called([message.body for message in messages if message.is_internal])
    waiting = delivery.of_messages(messages)
    for message in messages:
        message.delivery = waiting.get(message.pk)
        message.html = _html(message, people)
    return messages


def _html(message, people):
    # What a customer wrote is shown to the letter; a call is in the words of whoever logged it.
    if message.direction == Message.Direction.IN and not message.is_call:
        return rich_text.theirs(message.body)
    return rich_text.ours(message.body, people if message.is_internal else None)
