"""What a customer sent that did not come in by itself is put on the case from its page."""

from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cases.models import Case, Message, Trigger
from cases.operations import ending, pausing
from cases.states import ClockState, Metric
from tests import factories as make
from tests.workspace import HOUR, NOW, ROLES, body, new_case, page, people, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def desk():
    return people()


@pytest.fixture
def case(desk):
    return new_case(desk, at=NOW - 3 * HOUR)


def said(case, **fields):
    given = {
        "channel": "mail",
        "body": "The letter says …",
        "revision": case.revision,
        "key": uuid4(),
        **fields,
    }
    return {f"received-{name}": value for name, value in given.items()}


def test_a_letter_counts_from_when_it_came_and_ends_the_pause_that_waits_for_it(client, desk, case):
    pausing.pause(
        case=case,
        reason=make.pause_reason(waits_for_customer=True),
        expected_end_at=NOW + HOUR,
        by=desk["agent"],
        now=NOW - 2 * HOUR,
    )
    letter = said(
        case,
        occurred_at="2026-03-03T10:15",
        contact=case.contact_id,
        files=SimpleUploadedFile("letter.txt", b"Dear desk"),
        asks_for="threat",
    )
    answer = post(client, desk["agent"], "case-received", case.number, **letter)
    assert "It is on the case." in body(client.get(answer.url))
    message = case.messages.latest("pk")
    came = datetime(2026, 3, 3, 10, 15, tzinfo=ZoneInfo("Europe/Madrid"))
    assert (message.direction, message.channel, message.occurred_at) == ("in", "mail", came)
    assert (message.author, message.contact) == (desk["agent"], case.contact)
    assert message.attachments.get().name == "letter.txt"
    assert not case.pauses.filter(ended_at=None).exists()
    assert Trigger.objects.filter(case=case, kind="threat", occurred_at=came).exists()
    assert case.clocks.get(metric=Metric.FIRST_RESPONSE).state == ClockState.RUNNING
    # Sent twice, it is on the case once.
    letter["received-files"] = SimpleUploadedFile("letter.txt", b"Dear desk")
    again = post(client, desk["agent"], "case-received", case.number, **letter)
    assert "nothing was done twice" in body(client.get(again.url))
    assert Message.objects.filter(case=case, direction="in").count() == 2


def test_a_message_on_the_phone_answers_nobody_and_a_resolved_case_opens_for_a_letter(client, desk, case):
    post(client, desk["agent"], "case-received", case.number, **said(case, channel="phone"))
    message = case.messages.latest("pk")
    assert (message.channel, message.was_reached) == ("phone", False)
    assert case.clocks.get(metric=Metric.FIRST_RESPONSE).state == ClockState.RUNNING
    ending.resolve(case=case, reason="done", by=desk["agent"], now=NOW)
    post(client, desk["agent"], "case-received", case.number, **said(case, body="Not at all!"))
    assert Case.objects.get(pk=case.pk).status == "open"
    ending.resolve(case=Case.objects.get(pk=case.pk), reason="done", by=desk["agent"], now=NOW)
    case.refresh_from_db()
    post(client, desk["agent"], "case-received", case.number, **said(case, channel="phone", body="Ring me"))
    assert Case.objects.get(pk=case.pk).status == "open"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"body": "  "}, "Still empty"),
        ({"occurred_at": "2026-03-03T11:01"}, "This cannot have been said in the future"),
        ({"channel": "pigeon"}, "pigeon"),
        ({"files": SimpleUploadedFile("virus.exe", b"MZ")}, "virus.exe"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_typed(client, desk, case, fields, told):
    fields = {"body": "The letter says …", **fields}
    answer = post(client, desk["agent"], "case-received", case.number, **said(case, **fields))
    assert answer.status_code == 422
    assert told in body(answer)
    assert fields["body"].strip() in body(answer)
    assert case.messages.count() == 1


def test_each_role_is_answered(client, desk, case):
    found = tuple(page(client, desk[role], "case-received", case.number).status_code for role in ROLES)
    assert found == (200, 200, 200, 403, 404, 403)
    shown = body(page(client, desk["agent"], "case-received", case.number))
    assert 'enctype="multipart/form-data"' in shown
    assert 'data-preview="understood-received-occurred_at"' in shown
