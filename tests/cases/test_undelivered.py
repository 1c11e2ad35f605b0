"""Words to customers that do not leave: it is said at once, and at the message, with a way to try again."""

from datetime import timedelta

import pytest

from cases.errors import Incomplete, NotFailed, NotTheirs
from cases.models import Contact, Notice
from cases.operations import delivering, retrying, talk
from tests import factories as make
from tests.workspace import HOUR, NOW, ROLES, body, new_case, page, people, post
from tests.worlds import asks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def desk():
    return people()


@pytest.fixture
def refusing(monkeypatch):
    """A mail server that refuses everything."""

    def refuse(*args, **kwargs):
        raise ConnectionRefusedError("[Errno 111] Connection refused")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)


def replied(client, desk, case, channel="mail"):
    said = {"reply-body": "Done.", "reply-channel": channel, "reply-revision": case.revision}
    answer = post(client, desk["agent"], "case-reply", case.number, **said)
    assert answer.status_code == 302
    return body(client.get(answer.url))


@pytest.mark.parametrize(
    ("channel", "address", "told"),
    [
        ("mail", "aoife@example.com", "Your reply is on its way."),
        ("mail", "", "Recorded; nothing is sent: this customer has no email address."),
        ("mail", None, "Recorded; nothing is sent: no contact of this customer is on the case."),
        ("chat", "aoife@example.com", "Recorded; the desk itself sends nothing by chat."),
    ],
)
def test_what_happens_to_a_reply_is_told_as_it_is(client, desk, channel, address, told):
    case = new_case(desk, at=NOW - HOUR)
    with make.signed():
        if address is None:
            type(case).objects.filter(pk=case.pk).update(contact=None)
        else:
            Contact.objects.filter(pk=case.contact_id).update(email=address)
    shown = replied(client, desk, case, channel)
    assert told in shown
    assert ("Not sent" in shown) is (channel == "mail" and not address)
    leaves = channel == "mail" and bool(address)
    assert Notice.objects.filter(kind="reply").exists() is leaves


def test_a_reply_whose_mail_failed_says_so_with_what_was_tried_and_is_tried_again(client, desk, refusing):
    case = new_case(desk, at=NOW - HOUR)
    message = talk.reply(case=case, body="Done.", by=desk["agent"], now=NOW - HOUR)
    notice = Notice.objects.get(kind="reply")
    delivering.deliver_due(now=NOW - HOUR)
    waiting = body(page(client, desk["agent"], "case", case.number))
    assert "Not delivered yet" in waiting
    assert "Tried 1 time, to aoife@example.com." in waiting
    assert "/send-again/" not in waiting  # it is tried again by itself
    with pytest.raises(NotFailed):
        retrying.send_reply_again(notice=notice, by=desk["agent"], now=NOW)
    at = NOW - HOUR
    for _again in range(delivering.MOST_ATTEMPTS):
        at += timedelta(hours=2)
        delivering.deliver_due(now=at)
    failed = body(page(client, desk["agent"], "case", case.number))
    assert "Could not be delivered" in failed
    assert f"/messages/{message.pk}/send-again/" in failed
    assert "/send-again/" not in body(page(client, desk["auditor"], "case", case.number))
    with make.signed():
        Contact.objects.filter(pk=case.contact_id).update(email="")
    notice = Notice.objects.select_related("contact").get(pk=notice.pk)
    with pytest.raises(Incomplete):
        retrying.send_reply_again(notice=notice, by=desk["agent"], now=NOW)
    with pytest.raises(NotTheirs):
        retrying.send_reply_again(notice=notice, by=desk["stranger"], now=NOW)
    with make.signed():
        Contact.objects.filter(pk=case.contact_id).update(email="right@example.com")
    answer = post(client, desk["agent"], "case-send-again", case.number, message.pk)
    assert "It goes out again." in body(client.get(answer.url))
    notice.refresh_from_db()
    assert (notice.state, notice.attempts, notice.next_attempt_at) == ("queued", 0, NOW)
    again = post(client, desk["agent"], "case-send-again", case.number, message.pk)
    assert "about to be tried again" in body(client.get(again.url))


SENT = {"case-send-again": (302, 302, 302, 403, 404, 403)}


def test_only_who_works_the_case_sends_its_replies_again(client, desk):
    case = new_case(desk, at=NOW - HOUR)
    message = talk.reply(case=case, body="Done.", by=desk["agent"], now=NOW - HOUR)
    Notice.objects.filter(kind="reply").update(state="failed")
    found = tuple(
        post(client, desk[role], "case-send-again", case.number, message.pk).status_code for role in ROLES
    )
    assert found == SENT["case-send-again"]
    other = new_case(desk, "Other")
    assert post(client, desk["agent"], "case-send-again", other.number, message.pk).status_code == 404


def test_a_receipt_that_failed_is_shown_at_what_the_case_began_with_and_is_tried_again(
    client, desk, refusing
):
    case = new_case(desk, at=NOW - HOUR)
    first = case.messages.get()
    said = {"body": "Any news?", "channel": "mail", "contact": case.contact}
    talk.receive(case=case, by=desk["agent"], now=NOW - HOUR / 2, **said)
    delivering.deliver_due(now=NOW)
    shown = body(page(client, desk["agent"], "case", case.number))
    assert shown.count("Receipt not delivered yet") == 1 and "/send-again/" not in shown
    Notice.objects.filter(kind="case_received").update(state="failed")
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "Receipt could not be delivered" in shown and "Tried 1 time, to aoife@example.com." in shown
    assert shown.count("/send-again/") == 1 and f"/messages/{first.pk}/send-again/" in shown
    address = f"/api/v1/cases/{case.number}/messages/"
    later, began = asks(desk["agent"]).get(address).data["results"]
    told = began["delivery"]
    assert later["delivery"] is None
    assert (told["is_receipt"], told["state"], told["attempts"], told["sent_at"]) == (True, "failed", 1, None)
    assert told["next_attempt_at"] is None and told["error"]
    answer = post(client, desk["agent"], "case-send-again", case.number, first.pk)
    assert "It goes out again." in body(client.get(answer.url))
    assert Notice.objects.get(kind="case_received").state == "queued"
    told = asks(desk["agent"]).get(address).data["results"][1]["delivery"]
    assert told["next_attempt_at"] == "2026-03-03T10:00:00Z"
