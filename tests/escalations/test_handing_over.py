"""A handoff by hand: its reason from the catalogue, the way it goes, and the word to the customer."""

from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from cases import engine
from cases.errors import InThePast, StaleCase
from cases.models import Message, Promise
from cases.operations import talk
from cases.states import ClockState, Metric
from escalations.errors import IncompleteHandoff
from escalations.models import Handoff
from escalations.operations.escalate import escalate
from escalations.operations.telling import Telling, Word
from tests import factories as make
from tests.escalations.remedies import reason

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TEXTS = {"background": "38 lines twice", "tried": "Compared the tariff", "next_steps": "Approve the credit"}
WORD = "Marta decides about it and calls you by noon."


@pytest.fixture(scope="module")
def made(for_all_of_the_module, now):
    people = {name: make.person(name) for name in ("Ana", "Marta")}
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 3600})
    people["path"] = make.path(levels=[{"person": people["Marta"]}], fallback=people["Marta"])
    people["case"] = make.case(now=now - HOUR / 2, by=people["Ana"], owner=people["Ana"])
    return people


@pytest.fixture
def desk(made):
    return deepcopy(made)


def up(desk, now, **fields):
    fields = {"reason": "Above my limit", **TEXTS, **fields}
    return escalate(
        case=desk["case"], kind="hierarchical", path=desk["path"], by=desk["Ana"], now=now, **fields
    )


def test_a_reason_of_the_catalogue_stands_alone_or_before_ones_own_words(desk, now):
    handoff = up(desk, now, reason="", catalogue_reason=reason())
    assert handoff.reason == "Credit above my limit"
    assert Handoff.objects.get().catalogue_reason.name == "Credit above my limit"


def test_without_either_the_handoff_is_not_whole(desk, now):
    with pytest.raises(IncompleteHandoff, match="the reason"):
        up(desk, now, reason=" ")
    handoff = up(desk, now, reason="4,212 EUR", catalogue_reason=reason())
    assert handoff.reason == "Credit above my limit: 4,212 EUR"


class TestWord:
    def test_sent_now_it_is_a_reply_in_the_same_transaction(self, desk, now):
        up(desk, now, told_customer="A credit by Wednesday.", word=Word(Telling.NOW, text=WORD))
        handoff = Handoff.objects.get()
        assert Message.objects.latest("pk").body == WORD
        assert desk["case"].clocks.get(metric=Metric.FIRST_RESPONSE).state == ClockState.MET
        assert (handoff.told_at, handoff.told_by) == (now, "mail")
        assert handoff.told_customer == f"A credit by Wednesday.\n{WORD}"

    def test_what_is_refused_sends_nothing(self, desk, now):
        seen, before = desk["case"].revision, Message.objects.count()
        talk.note(case=desk["case"], body="Meanwhile", by=desk["Marta"], now=now)
        with pytest.raises(StaleCase):
            up(desk, now, word=Word(Telling.NOW, text=WORD), revision=seen)
        assert (Message.objects.count(), Handoff.objects.count()) == (before + 1, 0)

    def test_a_word_that_cannot_be_sent_keeps_the_handoff_from_being_made(self, desk, now):
        with pytest.raises(IncompleteHandoff):
            up(desk, now, word=Word(Telling.NOW, text=WORD, channel="phone"))
        assert not Handoff.objects.exists()

    def test_said_already_it_says_when_and_how_and_sends_nothing(self, desk, now):
        before = Message.objects.count()
        up(desk, now, word=Word(Telling.SAID, text=WORD, channel="phone", said_at=now - 5 * MINUTE))
        handoff = Handoff.objects.get()
        assert (handoff.told_at, handoff.told_by) == (now - 5 * MINUTE, "phone")
        assert Message.objects.count() == before

    def test_not_yet_it_is_owed_with_a_reason_and_a_time(self, desk, now):
        up(desk, now, word=Word(Telling.LATER, because="Nobody answers before ten", owed_by=now + HOUR))
        handoff, owed = Handoff.objects.get(), Promise.objects.get()
        assert (handoff.told_at, handoff.untold_because) == (None, "Nobody answers before ten")
        assert (owed.due_at, owed.state, owed.made_by) == (now + HOUR, "open", desk["Ana"])

    @pytest.mark.parametrize(
        "word",
        [
            Word(Telling.NOW, text="  "),
            Word(Telling.SAID, text=WORD),
            Word(Telling.SAID, text=""),
            Word(Telling.LATER, because="Not now"),
            Word(Telling.LATER),
        ],
    )
    def test_half_a_word_is_none(self, desk, now, word):
        with pytest.raises(IncompleteHandoff):
            up(desk, now, word=word)
        assert not Handoff.objects.exists()

    def test_nothing_was_said_in_the_future_and_nothing_is_owed_in_the_past(self, desk, now):
        with pytest.raises(InThePast):
            up(desk, now, word=Word(Telling.SAID, text=WORD, said_at=now + MINUTE))
        with pytest.raises(InThePast):
            up(desk, now, word=Word(Telling.LATER, because="x", owed_by=now))
        assert not Handoff.objects.exists()


class TestWay:
    def test_a_call_back_becomes_a_promise_with_its_time(self, desk, now):
        up(desk, now, mode="call_back", call_back_at=now + HOUR, word=Word(Telling.NOW, text=WORD))
        assert Handoff.objects.get().call_back_at == now + HOUR
        assert Promise.objects.get().due_at == now + HOUR

    def test_a_call_back_without_a_time_or_in_the_past_is_refused(self, desk, now):
        with pytest.raises(IncompleteHandoff):
            up(desk, now, mode="call_back")
        with pytest.raises(InThePast):
            up(desk, now, mode="call_back", call_back_at=now)
        assert not Handoff.objects.exists()

    def test_a_live_transfer_reaches_somebody_or_is_none(self, desk, now):
        for reached in (None, False):
            with pytest.raises(IncompleteHandoff):
                up(desk, now, mode="live", was_reached=reached)
        assert up(desk, now, mode="live", was_reached=True).mode == "live"

    def test_that_nobody_was_reached_stays_on_the_record_of_what_it_became(self, desk, now):
        up(desk, now, mode="written", was_reached=False)
        assert (Handoff.objects.get().mode, Handoff.objects.get().was_reached) == ("written", False)


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": ""},
        {"background": ""},
        {"tried": ""},
        {"next_steps": ""},
        {"mode": "live"},
        {"mode": "live", "was_reached": False},
        {"mode": "call_back"},
        {"told_by": "mail"},
        {"told_at": make.BEGINNING},
        {"told_at": make.BEGINNING, "told_by": "mail"},
        {"told_at": make.BEGINNING, "told_by": "mail", "told_customer": "x", "untold_because": "y"},
    ],
)
def test_the_database_refuses_what_is_not_whole(desk, now, fields):
    handoff = up(desk, now)
    with pytest.raises(IntegrityError), transaction.atomic(), make.signed(now):
        Handoff.objects.filter(pk=handoff.pk).update(**fields)


def test_a_stated_need_starts_what_the_matrix_says(desk, now):
    make.rule(desk["path"], trigger="stated_need", name="Somebody decides on it")
    engine.run_until_idle(now=now)
    call = {"body": "We need two more technicians.", "incoming": True, "was_reached": True}
    talk.log_call(case=desk["case"], by=desk["Ana"], now=now, asks_for="stated_need", **call)
    engine.run_until_idle(now=now)
    handoff = Handoff.objects.get()
    assert (handoff.to_person, handoff.is_automatic) == (desk["Marta"], True)
    assert handoff.reason.startswith("States a need")
