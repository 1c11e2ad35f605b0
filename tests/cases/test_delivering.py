"""The outbox: each notice leaves at least once, is never called sent before it is, and is queued once."""

from datetime import timedelta

import pytest
from django.core import mail

from cases import notices
from cases.models import Notice, NoticeKind
from cases.operations import delivering, notify, talk
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return make.person("Ana", time_zone="Europe/Madrid")


@pytest.fixture
def case(ana, now):
    return make.case(make.customer(language="es", time_zone="Europe/Madrid"), now=now, by=ana, owner=ana)


def test_the_receipt_leaves_with_number_and_due_times(case, now):
    assert delivering.deliver_due(now=now) == 1
    [sent] = mail.outbox
    assert sent.to == ["aoife@example.com"]
    assert case.number in sent.subject
    notice = Notice.objects.get(kind=NoticeKind.CASE_RECEIVED)
    assert (notice.state, notice.sent_at) == ("sent", now)
    assert delivering.deliver_due(now=now + timedelta(hours=1)) == 0


def test_a_reply_carries_what_was_written(case, ana, now):
    delivering.deliver_due(now=now)
    talk.reply(case=case, body="The credit note is <b>on its way</b>.", by=ana, now=now)
    delivering.deliver_due(now=now)
    assert "The credit note is <b>on its way</b>." in mail.outbox[-1].body
    assert mail.outbox[-1].extra_headers["Message-ID"].startswith("<notice-")


def test_a_mail_server_that_refuses_is_asked_again_later_and_nothing_is_called_sent(case, now, monkeypatch):
    def refuse(self, **kwargs):
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    assert delivering.deliver_due(now=now) == 0
    notice = Notice.objects.get(kind=NoticeKind.CASE_RECEIVED)
    assert (notice.state, notice.sent_at, notice.attempts) == ("queued", None, 1)
    assert "nobody there" in notice.last_error
    assert notice.next_attempt_at == now + timedelta(seconds=10)
    monkeypatch.undo()
    assert delivering.deliver_due(now=now + timedelta(seconds=9)) == 0
    assert delivering.deliver_due(now=now + timedelta(seconds=10)) == 1


def test_after_the_last_attempt_it_has_failed_for_all_to_see(case, now, monkeypatch):
    monkeypatch.setattr("django.core.mail.EmailMessage.send", lambda self: 1 / 0)
    Notice.objects.filter(kind=NoticeKind.CASE_RECEIVED).update(attempts=delivering.MOST_ATTEMPTS - 1)
    delivering.deliver_due(now=now)
    assert Notice.objects.get(kind=NoticeKind.CASE_RECEIVED).state == "failed"


def test_a_leased_notice_is_left_alone_until_its_lease_is_over(case, now):
    delivering._lease(now, 50)  # a process took it and died
    assert delivering.deliver_due(now=now + timedelta(seconds=59)) == 0
    assert delivering.deliver_due(now=now + timedelta(seconds=60)) == 1


def test_a_slow_server_has_time_for_all_that_is_leased(case, ana, now, monkeypatch, settings):
    """Else the lease of the last is over before its turn, and another process sends it as well."""
    with make.signed(now):
        wanted = [notify.Wanted(NoticeKind.HANDOFF, case, f"fact {n}", person=ana) for n in range(20)]
        notify.queue(wanted, now=now)
    at, sent = [now], []

    def slow(mail, **kwargs):
        at[0] += timedelta(seconds=settings.EMAIL_TIMEOUT)
        sent.append(mail.extra_headers["Message-ID"])
        stranger = Notice.objects.to_deliver(at[0] - timedelta(microseconds=1))
        assert not stranger.filter(attempts__gt=0).exists(), "leased, not sent, and anybody's again"

    monkeypatch.setattr("django.core.mail.EmailMessage.send", slow)
    while delivering.deliver_due(now=at[0]):
        pass
    assert len(sent) == len(set(sent)) == 21  # and the receipt


def test_the_same_fact_is_queued_once_for_each_recipient(case, ana, now):
    for _time in range(2):
        with make.signed(now):
            notify.queue([notify.Wanted(NoticeKind.ASSIGNED, case, "again", person=ana)], now=now)
    assert Notice.objects.in_app_for(ana).filter(key__contains=":again:").count() == 1


def test_what_is_silent_is_recorded_and_never_leaves(ana, now):
    with make.history.acting(by=ana, reason="replay", now=now, silent=True):
        make.case(now=now, by=ana)
    assert set(Notice.objects.values_list("state", flat=True)) == {"recorded"}
    assert delivering.deliver_due(now=now) == 0


OF_NO_CASE = {
    NoticeKind.MATRIX_CHANGED,
    NoticeKind.PASSED_ON,
    NoticeKind.TURN_GAINED,
    NoticeKind.TURN_LOST,
}


def test_every_kind_of_notice_has_its_sentence(case, ana, now):
    for kind in NoticeKind.values:
        facts = {
            "metric": "resolution",
            "due_at": now.isoformat(),
            "level": 2,
            "path": "Complaints",
            "what": "x",
            "timer": "y",
            "who": "Marta",
            "score": 1,
            "best": 5,
        }
        said = notices.sentence(Notice(kind=kind, case=case, person=ana, facts=facts))
        # Of no case is what is told of the matrix, of who left, and of turns of duty: it says who.
        assert ("Marta" if kind in OF_NO_CASE else case.number) in said
        assert "%(" not in said
