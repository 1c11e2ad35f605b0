"""The pages of escalating and receiving: who may open them, what they keep, refuse and show."""

import re
from copy import deepcopy
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from cases import engine
from cases.models import Absence, Case, Membership, Message, Party, Promise
from cases.operations import attempts, promising, talk
from cases.states import Metric
from escalations.errors import NotTheHolder
from escalations.models import AskBack, Escalation, Handoff, OptionUse
from escalations.operations import asking, holding, options, respond
from escalations.operations.escalate import escalate
from escalations.templatetags.escalation_panels import escalation_of
from tests import factories as make
from tests.escalations.remedies import ladder, option, reason

pytestmark = pytest.mark.django_db

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 3, 3, 11, 0, tzinfo=MADRID)
HOUR = timedelta(hours=1)
TEXTS = {
    "reason": "Credit above my limit",
    "background": "Charged twice.",
    "tried": "Compared the invoices.",
    "next_steps": "Approve the credit.",
}
LETTER = "Dear Aoife,\n\nWe have compared the invoice with the tariff. It was charged twice.\n\nLucia"
ROLES = ["agent", "supervisor", "manager", "auditor", "administrator", "stranger"]


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    """Views read the clock; here it stands."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    """Lucia (may grant 50) owns it; Jonas or Petra of Billing get it first, then Ana, then Marta."""
    people = {
        "agent": make.person("Lucia", time_zone="Europe/Madrid", money_limit=50),
        "supervisor": make.person("Ana", "supervisor", time_zone="America/New_York", money_limit=500),
        "manager": make.person("Marta", "manager", time_zone="Europe/Madrid"),
        "auditor": make.person("Audre", "auditor"),
        "administrator": make.person("Nora", "administrator"),
        "stranger": make.person("Tomas"),
        "colleague": make.person("Jonas", time_zone="Europe/Madrid"),
        "other": make.person("Petra"),
    }
    office = make.calendar(closes="18:00")
    make.team("Care", people=[people["agent"]], calendar=office)
    billing = make.team("Billing", people=[people["colleague"], people["other"]], lead=people["supervisor"])
    make.team("Network", people=[people["stranger"]])
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 4 * 3600})
    levels = [{"team": billing}, {"person": people["supervisor"], "authority_limit": 1000}]
    people["path"] = make.path(levels=levels, fallback=people["manager"])
    return people


@pytest.fixture
def desk(made):
    return deepcopy(made)


@pytest.fixture
def case(desk):
    row = make.case(
        make.customer(time_zone="Europe/Dublin"),
        now=NOW - HOUR,
        team=desk["agent"].teams.get(),
        owner=desk["agent"],
        by=desk["agent"],
    )
    return Case.objects.get(pk=row.pk)


@pytest.fixture
def handoff(desk, case):
    """It waits for Billing."""
    row = escalate(
        case=case, kind="hierarchical", path=desk["path"], level=1, by=desk["agent"], now=NOW, **TEXTS
    )
    return Handoff.objects.get(pk=row.pk)


@pytest.fixture
def taken(desk, handoff):
    """Jonas has it."""
    return respond.acknowledge(handoff=handoff, by=desk["colleague"], now=NOW)


def page(client, person, name, /, *args, **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query)


def post(client, person, name, /, *args, **data):
    client.force_login(person)
    return client.post(reverse(name, args=args), data)


def body(answer):
    return answer.content.decode()


def revision(case):
    return Case.objects.get(pk=case.pk).revision


def form(desk, case, level=1, **changes):
    said = {
        "kind": "hierarchical",
        "to": f"{desk['path'].pk}:{level}",
        "mode": "written",
        "telling": "now",
        "word": "Ana decides, and you will hear today.",
        "word_channel": "mail",
        "revision": case.revision,
    }
    return said | TEXTS | changes


# --- Who may open what ---


def pages(desk, case, taken):
    """{name: (args, what a willing hand would send)} of every address of this part."""
    question = asking.ask_back(handoff=taken, text="Which one?", by=desk["colleague"], now=NOW)
    row = option()
    return {
        "case-option": ([case.number, row.pk], {"outcome": "accepted", "channel": "mail"}),
        "handoff": ([case.number, taken.pk], {}),
        "handoff-decline": ([case.number, taken.pk], {"reason": "x"}),
        "handoff-ask": ([case.number, taken.pk], {"text": "x"}),
        "handoff-hand-on": ([case.number, taken.pk], {"reason": "x", "to": desk["other"].pk}),
        "deescalate": ([case.number, taken.pk], {"reason": "x", "to": "owner"}),
        "question-answer": ([case.number, question.pk], {"text": "x"}),
        "severity": ([case.number, taken.escalation_id], {"reason": "x"}),
    }


# The supervisor leads Billing, to whom it went; the case itself is another department's.
THEIRS = ("handoff", "handoff-decline", "handoff-ask", "handoff-hand-on", "deescalate")
WHO_MAY = dict.fromkeys(THEIRS, (200, 200, 200, 403, 404, 403))
WHO_MAY |= dict.fromkeys(("case-option", "question-answer", "severity"), (200, 403, 200, 403, 404, 403))


def test_each_page_answers_each_role(client, desk, case, taken):
    for name, (args, _said) in pages(desk, case, taken).items():
        found = tuple(page(client, desk[role], name, *args).status_code for role in ROLES)
        assert found == WHO_MAY[name], name
        assert page(client, desk["colleague"], name, *args).status_code == 200, name


def test_nobody_opens_a_page_without_signing_in(client, desk, case, taken):
    for name, (args, said) in pages(desk, case, taken).items():
        for answer in (client.get(reverse(name, args=args)), client.post(reverse(name, args=args), said)):
            assert answer.status_code == 302 and answer.url.startswith(reverse("login")), name


def state():
    return (
        list(Handoff.objects.order_by("pk").values_list("pk", "state")),
        list(AskBack.objects.order_by("pk").values_list("pk", "answer")),
        list(OptionUse.objects.order_by("pk").values_list("pk", flat=True)),
        list(Escalation.objects.order_by("pk").values_list("pk", "state", "severity")),
    )


@pytest.mark.parametrize("role", ["auditor", "administrator", "stranger"])
def test_whoever_may_not_changes_nothing(client, desk, case, taken, role):
    addresses = pages(desk, case, taken)
    before = state()
    for name, (args, said) in addresses.items():
        answer = post(client, desk[role], name, *args, **said, revision=revision(case))
        assert answer.status_code in (403, 404), name
    assert state() == before


def test_whom_the_complaint_names_finds_none_of_it(client, desk, case, taken):
    addresses = pages(desk, case, taken)
    with make.signed():
        Party.objects.create(
            case=case, person=desk["colleague"], kind=Party.Kind.SUBJECT, reason="about them"
        )
    before = state()
    for name, (args, said) in addresses.items():
        assert page(client, desk["colleague"], name, *args).status_code == 404, name
        answer = post(client, desk["colleague"], name, *args, **said, revision=revision(case))
        assert answer.status_code == 404, name
    assert state() == before


def test_what_belongs_to_another_case_is_not_found_under_this_number(client, desk, case, taken):
    addresses = pages(desk, case, taken)
    other = make.case(
        make.customer("Kessler"), now=NOW, team=case.team, owner=desk["agent"], by=desk["agent"]
    )
    for name, (args, _said) in addresses.items():
        expected = 200 if name == "case-option" else 404
        assert page(client, desk["agent"], name, other.number, *args[1:]).status_code == expected, name


def test_a_stale_page_is_refused_with_its_text_kept_and_a_second_press_does_nothing(
    client, desk, case, taken
):
    addresses = pages(desk, case, taken)
    for name in ("handoff-decline", "handoff-ask", "handoff-hand-on", "deescalate", "severity"):
        args, said = addresses[name]
        typed = {key: "Kept words" if value == "x" else value for key, value in said.items()}
        answer = post(client, desk["colleague"], name, *args, **typed, revision=1)
        assert answer.status_code == 422, name
        assert "Somebody changed this case" in body(answer) and "Kept words" in body(answer), name


def test_a_double_click_hands_on_once(client, desk, case, taken):
    said = {"reason": "I leave at noon", "to": desk["other"].pk, "revision": revision(case)}
    first = post(client, desk["colleague"], "handoff-hand-on", case.number, taken.pk, **said)
    again = post(client, desk["colleague"], "handoff-hand-on", case.number, taken.pk, **said)
    assert (first.status_code, again.status_code) == (302, 422)
    assert Handoff.objects.count() == 2


# --- Before the form ---


def test_ones_own_limit_and_options_come_first_and_are_no_wall(client, desk, case):
    ladder()
    answer = page(client, desk["agent"], "case-escalate", case.number)
    shown = body(answer)
    assert "You may grant up to €50 yourself." in shown
    assert "Go on escalating" in shown
    assert [rung.option.name for rung in answer.context["own"].rungs] == [
        "Apology",
        "Explanation",
        "Goodwill",
    ]
    # The whole form stands on the same page: nothing is loaded for it, and it may be sent at once.
    assert 'name="next_steps"' in shown
    said = form(desk, case, step="own")
    assert post(client, desk["agent"], "case-escalate", case.number, **said).status_code == 302


def test_without_limit_and_options_the_form_is_what_opens(client, desk, case):
    with make.signed():
        desk["agent"].money_limit = 0
        desk["agent"].save()
    assert "Go on escalating" not in body(page(client, desk["agent"], "case-escalate", case.number))


def test_an_option_is_tried_with_the_reply_that_goes_with_it(client, desk, case):
    apology, *_rest = ladder()
    shown = page(client, desk["agent"], "case-option", case.number, apology.pk)
    drafted = shown.context["form"]["reply"].value()
    assert drafted.startswith("Dear Aoife Brennan,") and "apologise" in drafted
    said = {"outcome": "offered", "reply": drafted, "channel": "mail", "revision": case.revision}
    assert post(client, desk["agent"], "case-option", case.number, apology.pk, **said).status_code == 302
    assert Message.objects.latest("pk").body == drafted.strip()
    assert OptionUse.objects.get().outcome == "offered"
    # A second press says so, and nothing goes out twice.
    before = Message.objects.count()
    assert post(client, desk["agent"], "case-option", case.number, apology.pk, **said).status_code == 422
    assert (Message.objects.count(), OptionUse.objects.count()) == (before, 1)


def test_a_draft_with_a_gap_does_not_leave(client, desk, case):
    row = option("Goodwill", "goodwill", amount_ceiling=50)
    drafted = page(client, desk["agent"], "case-option", case.number, row.pk).context["form"]["reply"].value()
    said = {"outcome": "offered", "amount": "20", "reply": drafted, "channel": "mail"}
    said["revision"] = case.revision
    answer = post(client, desk["agent"], "case-option", case.number, row.pk, **said)
    assert answer.status_code == 422 and "Fill in the gap" in body(answer)
    said["reply"] = drafted.replace("[…]", "20")
    assert post(client, desk["agent"], "case-option", case.number, row.pk, **said).status_code == 302


@pytest.mark.parametrize(("amount", "status"), [("50", 302), ("50.01", 422)])
def test_the_limit_holds_to_the_cent_and_says_who_may(client, desk, case, amount, status):
    row = option("Waiver", "exception")
    said = {"outcome": "accepted", "amount": amount, "channel": "mail", "revision": case.revision}
    answer = post(client, desk["agent"], "case-option", case.number, row.pk, **said)
    assert answer.status_code == status
    if status == 422:
        assert "more than the €50 that you may grant. Ana may grant up to €500" in body(answer)


def test_an_option_that_is_not_ones_own_is_not_found(client, desk, case):
    *_lower, top = ladder()
    assert page(client, desk["agent"], "case-option", case.number, top.pk).status_code == 404


# --- The form ---


def test_the_reason_comes_from_the_catalogue_and_fits_the_kind(client, desk, case):
    mine, other = reason(), reason("Needs another skill", "functional")
    said = form(desk, case, reason="")
    missing = post(client, desk["agent"], "case-escalate", case.number, **said)
    assert missing.status_code == 422 and "catalogue_reason" in missing.context["form"].errors
    wrong = post(client, desk["agent"], "case-escalate", case.number, **said, catalogue_reason=other.pk)
    assert "belongs to another kind" in body(wrong)
    said["catalogue_reason"] = mine.pk
    assert post(client, desk["agent"], "case-escalate", case.number, **said).status_code == 302
    assert Handoff.objects.get().reason == "Credit above my limit"


def test_what_was_tried_is_carried_from_options_and_from_the_last_handoff(client, desk, case, taken):
    apology, *_rest = ladder()
    options.use(case=case, option=apology, outcome="declined", by=desk["colleague"], now=NOW)
    tried = page(client, desk["colleague"], "case-escalate", case.number).context["form"].initial["tried"]
    assert tried.splitlines()[0] == "Compared the invoices."
    assert "Jonas: Apology: declined" in tried


def test_a_line_says_when_who_and_what_of_each_thing_tried(client, desk, case):
    long = (
        "Dear Aoife Brennan,\n\nWe have compared the invoice with the tariff. It was charged twice.\n\nLucia"
    )
    talk.reply(case=case, body=long, by=desk["agent"], now=NOW - 24 * HOUR)
    talk.note(case=case, body="x" * 400, by=desk["colleague"], now=NOW - HOUR / 2)
    attempts.note_attempt(case=case, tried="Restarted the router", by=desk["agent"], now=NOW)
    lines = [
        "Tue 3 Mar, 11:00, Lucia: Restarted the router",
        "Mon 2 Mar, 11:00, Lucia: We have compared the invoice with the tariff.",
        f"Tue 3 Mar, 10:30, Jonas: {'x' * 139}…",
    ]
    assert tried_so_far(client, desk, case) == lines


def test_what_was_tried_goes_on_with_each_handoff_once(client, desk, case):
    attempts.note_attempt(case=case, tried="Restarted the router", by=desk["agent"], now=NOW)
    lines = tried_so_far(client, desk, case)
    for level in (1, 2):
        said = {**TEXTS, "tried": "\n".join([*tried_so_far(client, desk, case), f"Called level {level}"])}
        escalate(case=case, kind="hierarchical", path=desk["path"], by=desk["agent"], now=NOW, **said)
    assert tried_so_far(client, desk, case) == [*lines, "Called level 1", "Called level 2"]


def test_what_a_rule_hands_over_carries_no_whole_reply(client, desk, case):
    make.rule(desk["path"], trigger="threat")
    reply = (
        "Dear Aoife Brennan,\n\nWe have compared the invoice with the tariff. It was charged twice.\n\nLucia"
    )
    talk.reply(case=case, body=reply, by=desk["agent"], now=NOW)
    talk.receive(case=case, body="The press!", channel="mail", asks_for="threat", by=desk["agent"], now=NOW)
    engine.run_until_idle(now=NOW)
    tried = Handoff.objects.get().tried
    assert tried.endswith("“We have compared the invoice with the tariff.”") and "\n" not in tried


def tried_so_far(client, desk, case):
    form = page(client, desk["agent"], "case-escalate", case.number).context["form"]
    return form.initial["tried"].splitlines()


def test_the_word_is_drafted_with_who_and_by_when_in_the_customers_zone(client, desk, case):
    shown = page(client, desk["agent"], "case-escalate", case.number, to=f"{desk['path'].pk}:2")
    word = shown.context["form"]["word"].value()
    assert word.startswith("Dear Aoife Brennan,") and word.endswith("Lucia")
    assert "Ana has it from now on" in word
    assert "11:00 (Dublin time)" in word


def test_a_word_sent_now_is_a_reply(client, desk, case):
    answer = post(client, desk["agent"], "case-escalate", case.number, **form(desk, case))
    assert Message.objects.latest("pk").body == "Ana decides, and you will hear today."
    assert "Your word to the customer is on its way." in body(client.get(answer.url))


def test_a_word_not_yet_said_is_owed(client, desk, case):
    said = form(desk, case, telling="later", word="")
    answer = post(client, desk["agent"], "case-escalate", case.number, **said)
    assert answer.status_code == 422
    assert {"untold_because", "owed_by"} <= set(answer.context["form"].errors)
    said |= {"untold_because": "She is in a meeting", "owed_by": "2026-03-03T13:00"}
    assert post(client, desk["agent"], "case-escalate", case.number, **said).status_code == 302
    assert Promise.objects.get().due_at == NOW + 2 * HOUR


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"telling": ""}, "telling"),
        ({"word": " "}, "word"),
        ({"telling": "said"}, "said_at"),
        ({"telling": "said", "said_at": "2026-03-03T11:01"}, "__all__"),
        ({"mode": "live"}, "reached"),
        ({"mode": "call_back"}, "call_back_at"),
        ({"mode": "call_back", "call_back_at": "yesterday"}, "call_back_at"),
        ({"mode": "call_back", "call_back_at": "2026-03-03T10:00"}, "__all__"),
        ({"mode": "live", "reached": "call_back"}, "call_back_at"),
    ],
)
def test_half_a_handoff_is_refused_with_all_its_texts(client, desk, case, changes, wrong):
    answer = post(client, desk["agent"], "case-escalate", case.number, **form(desk, case, **changes))
    assert answer.status_code == 422
    assert wrong in answer.context["form"].errors
    assert all(text in body(answer) for text in TEXTS.values())
    assert not Handoff.objects.exists() and not Promise.objects.exists()
    assert Message.objects.count() == 1


def test_a_handoff_that_is_sent_twice_is_made_once(client, desk, case):
    said = form(desk, case, mode="call_back", call_back_at="2026-03-03T13:00", call_back_zone="Europe/Madrid")
    answers = [post(client, desk["agent"], "case-escalate", case.number, **said) for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [302, 422]
    assert (Handoff.objects.count(), Promise.objects.count(), Message.objects.count()) == (1, 1, 2)


def test_a_question_that_the_ladder_left_behind_may_still_be_answered(client, desk, case, taken):
    asking.ask_back(handoff=taken, text="Which invoice is paid?", by=desk["colleague"], now=NOW)
    escalate(case=case, kind="hierarchical", path=desk["path"], by=desk["agent"], now=NOW, **TEXTS)
    answering = reverse("question-answer", args=[case.number, AskBack.objects.get().pk])
    assert answering in body(page(client, desk["agent"], "case", case.number))


@pytest.mark.parametrize(("zone", "hours"), [("Europe/Dublin", 3), ("Europe/Madrid", 2)])
def test_a_call_back_is_in_the_zone_it_names(client, desk, case, zone, hours):
    said = form(desk, case, mode="call_back", call_back_at="2026-03-03T13:00", call_back_zone=zone)
    answer = post(client, desk["agent"], "case-escalate", case.number, **said)
    assert Handoff.objects.get().call_back_at == Promise.objects.get().due_at == NOW + hours * HOUR
    assert f"The call-back is promised for today {11 + hours}:00." in body(client.get(answer.url))


def test_the_call_back_is_said_in_both_zones_before_it_is_sent(client, desk, case):
    asked = {"mode": "call_back", "call_back_at": "2026-03-03T13:00", "call_back_zone": "Europe/Dublin"}
    shown = page(client, desk["agent"], "case-escalate", case.number, **asked)
    assert "Call back: today 14:00 for you, 13:00 in Dublin." in body(shown)
    assert "We call you back on" in shown.context["form"]["word"].value()


@pytest.mark.parametrize(
    ("reached", "mode", "was_reached"), [("yes", "live", True), ("written", "written", False)]
)
def test_a_live_transfer_is_what_came_of_it(client, desk, case, reached, mode, was_reached):
    said = form(desk, case, mode="live", reached=reached)
    assert post(client, desk["agent"], "case-escalate", case.number, **said).status_code == 302
    handoff = Handoff.objects.get()
    assert (handoff.mode, handoff.was_reached) == (mode, was_reached)


# --- Receiving ---


def sent_by_a_rule(desk, case, at=NOW):
    """As handoff, but the engine's."""
    make.rule(desk["path"], trigger="threat")
    talk.receive(case=case, body="The press!", channel="mail", asks_for="threat", by=desk["agent"], now=at)
    engine.run_until_idle(now=at)
    return Handoff.objects.latest("pk")


def panel_of(client, person, case):
    """(what stands as a button, what stands in the menu) of the ladder; what the strip offers."""
    shown = body(page(client, person, "case", case.number))
    strip, _end, rest = shown.partition("</section>")
    actions = rest.partition('<div class="ladder__actions">')[2].partition("</details>")[0]
    buttons, _menu, menu = actions.partition('<details class="menu">')
    return words(buttons), words(menu), "Acknowledge" in strip


def words(markup):
    found = [part.strip() for part in re.sub(r"<[^>]*>", "|", markup).split("|")]
    return [word for word in found if word and word not in ("a", "Other ways")]


@pytest.mark.parametrize("is_automatic", [False, True])
def test_who_is_handed_a_case_has_one_thing_to_do_and_the_rest_in_a_menu(client, desk, case, is_automatic):
    handoff = sent_by_a_rule(desk, case) if is_automatic else escalate(
        case=case, kind="hierarchical", path=desk["path"], by=desk["agent"], now=NOW, **TEXTS
    )  # fmt: skip
    complete = ["Complete it first"] if is_automatic else []
    rest = ["Decline", "Ask back", "Hand to a colleague"]
    assert panel_of(client, desk["colleague"], case) == (complete, rest, True)
    assert body(client.get(reverse("case", args=[case.number]))).count("Acknowledge <kbd>") == 1
    respond.acknowledge(handoff=handoff, by=desk["colleague"], now=NOW)
    assert panel_of(client, desk["colleague"], case) == (["De-escalate"], rest[1:], False)
    assert panel_of(client, desk["agent"], case) == ([], [], False)


def test_whoever_answers_for_the_department_may_deescalate_for_its_holder(client, desk, case, handoff):
    """Also while it waits for somebody else; of another department, neither page nor operation lets them."""
    with make.signed():
        elsewhere, desk["lead"] = make.person("Sven", "supervisor"), make.person("Greta", "supervisor")
        make.team("Elsewhere", lead=elsewhere)
        Membership.objects.create(team=case.team, person=desk["lead"], is_lead=True)
    there = f'href="{reverse("deescalate", args=[case.number, handoff.pk])}"'
    assert there in body(page(client, desk["manager"], "case", case.number))
    respond.acknowledge(handoff=handoff, by=desk["colleague"], now=NOW)
    for who, offered in (("lead", True), ("manager", True), ("colleague", True), ("agent", False)):
        assert (there in body(page(client, desk[who], "case", case.number))) is offered, who
    with pytest.raises(NotTheHolder):
        respond.deescalate(escalation=handoff.escalation, reason="Settled", by=elsewhere, now=NOW)
    said = {"reason": "Settled", "to": "owner", "revision": revision(case)}
    done = post(client, desk["manager"], "deescalate", case.number, handoff.pk, **said)
    assert done.status_code == 302
    assert not case.escalations.running().exists()


@pytest.mark.parametrize("is_automatic", [False, True])
def test_where_nothing_else_is_owed_the_ladder_offers_to_acknowledge(client, desk, case, is_automatic):
    """At the fallback no term runs, and once the clocks have ended there is no strip."""
    path = make.path("Short", levels=[{"person": desk["agent"]}], fallback=desk["manager"])
    talk.reply(case=case, body="We look into it.", by=desk["agent"], now=NOW)
    if is_automatic:
        make.rule(path, trigger="threat")
        with make.signed():
            Absence.objects.create(person=desk["agent"], starts_at=NOW - HOUR, ends_at=NOW + HOUR)
        sent_by_a_rule(desk, case)
    else:
        escalate(case=case, kind="priority", path=path, level=2, by=desk["agent"], now=NOW, **TEXTS)
    complete = ["Complete it first"] if is_automatic else []
    assert panel_of(client, desk["manager"], case) == (
        ["Acknowledge"],
        [*complete, "Ask back", "Hand to a colleague"],  # the last one cannot decline
        False,
    )


def test_the_fallback_holder_is_not_told_as_the_top_level_too(client, desk, case):
    handoff = escalate(
        case=case, kind="hierarchical", path=desk["path"], level=2, by=desk["agent"], now=NOW, **TEXTS
    )
    engine.run_until_idle(now=NOW + 2 * HOUR)
    handoff.refresh_from_db()
    assert handoff.state == Handoff.State.RAN_OUT and case.escalations.get().is_at_fallback
    rungs = escalation_of(Case.objects.get(pk=case.pk), desk["manager"], NOW + 2 * HOUR).rungs
    assert [(rung.state, rung.who) for rung in rungs] == [
        ("over", "Level 1"),
        ("passed", "Ana"),
        ("now", "Marta"),
    ]
    assert rungs[-1].lines == ["fallback holder: nobody above", "handed 12:00 · not acknowledged yet"]


def test_an_open_question_is_shown_to_both_and_answered_from_the_case(client, desk, case, taken):
    said = {"text": "Which invoice is paid?", "revision": revision(case)}
    asked = post(client, desk["colleague"], "handoff-ask", case.number, taken.pk, **said)
    assert "Lucia is asked" in body(client.get(asked.url))
    answering = reverse("question-answer", args=[case.number, AskBack.objects.get().pk])
    for who, may_answer in (("agent", True), ("colleague", False)):
        shown = body(page(client, desk[who], "case", case.number))
        assert "Which invoice is paid?" in shown
        assert (answering in shown) is may_answer
    post(client, desk["agent"], "question-answer", case.number, AskBack.objects.get().pk,
         text="The one of May", revision=revision(case))  # fmt: skip
    assert "The one of May" in body(page(client, desk["colleague"], "case", case.number))


def test_whoever_gave_it_out_of_their_hands_sees_and_answers_what_they_are_asked(client, desk, case, taken):
    """Jonas, of Billing, hands it up; the case is Care's, and none of his any more."""
    up = escalate(case=case, kind="hierarchical", path=desk["path"], by=desk["colleague"], now=NOW, **TEXTS)
    question = asking.ask_back(handoff=up, text="What did you offer?", by=desk["supervisor"], now=NOW)
    shown = body(page(client, desk["colleague"], "case", case.number))
    assert "You are asked" in shown and "What did you offer?" in shown
    assert "Compared the invoices." not in shown
    said = {"text": "Nothing yet", "revision": revision(case)}
    other = post(client, desk["other"], "question-answer", case.number, question.pk, **said)
    assert other.status_code == 403
    assert "You are asked" not in body(page(client, desk["other"], "case", case.number))
    mine = post(client, desk["colleague"], "question-answer", case.number, question.pk, **said)
    assert mine.status_code == 302
    question.refresh_from_db()
    assert question.answered_by == desk["colleague"]


def test_a_restricted_case_shows_nobody_else_any_of_it(client, desk, case, taken):
    addresses = pages(desk, case, taken)
    with make.signed():
        Case.objects.filter(pk=case.pk).update(is_restricted=True, restricted_because="A colleague's own")
    for name, (args, said) in addresses.items():
        for role in ("manager", "supervisor", "agent", "stranger"):
            assert page(client, desk[role], name, *args).status_code == 404, name
            answer = post(client, desk[role], name, *args, **said, revision=revision(case))
            assert answer.status_code == 404, name
        assert page(client, desk["colleague"], name, *args).status_code == 200, name


def test_acknowledging_late_keeps_what_was_typed(client, desk, case, handoff):
    respond.acknowledge(handoff=handoff, by=desk["other"], now=NOW)
    said = {"background": "It took me ten minutes to write this"}
    answer = post(client, desk["colleague"], "handoff", case.number, handoff.pk, **said)
    assert answer.status_code == 422
    assert said["background"] in body(answer) and "no longer waiting" in body(answer)


def test_stepping_down_goes_through_the_options(client, desk, case, taken):
    apology, *_rest = ladder()
    shown = page(client, desk["colleague"], "deescalate", case.number, taken.pk)
    assert [rung.option.name for rung in shown.context["rungs"]] == ["Apology", "Explanation", "Goodwill"]
    said = {"reason": "Settled", "to": "owner", "revision": revision(case)}
    refused = post(client, desk["colleague"], "deescalate", case.number, taken.pk, **said)
    assert refused.status_code == 422 and "No option was tried yet" in body(refused)
    said |= {"option": apology.pk, "outcome": "accepted", "revision": revision(case)}
    done = post(client, desk["colleague"], "deescalate", case.number, taken.pk, **said)
    assert "Lucia has the case now" in body(client.get(done.url, follow=True)) or done.status_code == 302
    assert (OptionUse.objects.get().outcome, Escalation.objects.get().state) == ("accepted", "ended")


def test_stepping_down_a_level_names_who_has_it(client, desk, case):
    row = escalate(
        case=case, kind="hierarchical", path=desk["path"], level=2, by=desk["agent"], now=NOW, **TEXTS
    )
    respond.acknowledge(handoff=row, by=desk["supervisor"], now=NOW)
    said = {"reason": "Only the credit note is left", "to": "1", "revision": revision(case)}
    done = post(client, desk["supervisor"], "deescalate", case.number, row.pk, **said)
    assert "Level 1 has it now: Billing." in body(client.get(done.url))


def test_the_panel_tells_how_each_handoff_went_and_what_was_tried(client, desk, case, taken):
    apology, *_rest = ladder()
    options.use(case=case, option=apology, outcome="declined", by=desk["colleague"], now=NOW)
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "Lucia → Billing" in shown and "acknowledged 11:00" in shown
    assert "Jonas: Apology: declined" in shown
    assert "1 of 3 tried" in shown
    assert "<b>Jonas</b> offered “Apology”, and the customer declined" in shown


def test_how_it_ended_is_said_once(client, desk, case, taken):
    said = {"reason": "Credited in full", "to": "owner", "revision": revision(case)}
    post(client, desk["colleague"], "deescalate", case.number, taken.pk, **said)
    assert "<b>Jonas</b> de-escalated the case: “Credited in full”" in body(
        page(client, desk["agent"], "case", case.number)
    )


def test_the_next_one_is_announced_in_their_own_time_too(client, desk, case, handoff):
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "Next: Level 2 → Ana, 12:00" in shown
    assert "06:00 for them, in New York" in shown


def test_where_there_is_no_colleague_the_sheet_says_so(client, desk, case, taken):
    with make.signed():
        absence = {"starts_at": NOW - HOUR, "ends_at": NOW + HOUR}
        for name in ("other", "supervisor"):
            Absence.objects.create(person=desk[name], **absence)
    assert "nobody else of this level" in body(
        page(client, desk["colleague"], "handoff-hand-on", case.number, taken.pk)
    )


def test_severity_is_raised_with_its_reason_in_the_history(client, desk, case, taken):
    said = {"reason": "The press asks", "revision": revision(case)}
    done = post(client, desk["agent"], "severity", case.number, taken.escalation_id, **said)
    shown = body(client.get(done.url))
    assert "Severity 2" in shown
    assert "raised the severity of the escalation to 2" in shown and "The press asks" in shown


def test_who_only_finds_the_case_sees_nothing_of_it(client, desk, case, taken):
    asking.ask_back(handoff=taken, text="Only among us", by=desk["colleague"], now=NOW)
    shown = body(page(client, desk["stranger"], "case", case.number))
    assert "Only among us" not in shown and "Compared the invoices." not in shown


def test_the_case_page_costs_the_same_for_many_handoffs_as_for_one(
    client, desk, case, taken, django_assert_max_num_queries
):
    def queries():
        page(client, desk["agent"], "case", case.number)
        with django_assert_max_num_queries(200) as counted:
            client.get(reverse("case", args=[case.number]))
        return len(counted)

    rows = ladder()
    first = asking.ask_back(handoff=taken, text="Which?", by=desk["colleague"], now=NOW)
    asking.answer(question=first, text="That", by=desk["agent"], now=NOW)
    options.use(case=case, option=rows[0], outcome="declined", by=desk["agent"], now=NOW)
    few = queries()
    current = taken
    for number in range(6):
        giver, to = (desk["colleague"], desk["other"])[:: 1 if number % 2 == 0 else -1]
        current = respond_and_pass(current, giver, to)
        options.use(case=case, option=rows[1], outcome="declined", by=desk["agent"], now=NOW)
        question = asking.ask_back(handoff=current, text=f"And {number}?", by=to, now=NOW)
        asking.answer(question=question, text="This", by=desk["agent"], now=NOW)
    assert queries() == few


def test_the_sheets_cost_the_same_for_a_long_story_as_for_a_short_one(
    client, desk, case, taken, django_assert_max_num_queries
):
    def queries(name, *args):
        page(client, desk["colleague"], name, case.number, *args)
        with django_assert_max_num_queries(100) as counted:
            assert client.get(reverse(name, args=[case.number, *args])).status_code == 200
        return len(counted)

    rows = ladder()
    reason("Above my limit")
    sheets = [
        ("case-escalate",),
        ("deescalate", taken.pk),
        ("case-option", rows[2].pk),
        ("handoff-hand-on", taken.pk),
        ("handoff-ask", taken.pk),
    ]
    options.use(case=case, option=rows[0], outcome="declined", by=desk["agent"], now=NOW)
    few = [queries(*sheet) for sheet in sheets]
    for number in range(8):
        option(f"Another {number}", "goodwill")
        reason(f"Reason {number}")
        talk.reply(case=case, body=f"Reply {number}", by=desk["agent"], now=NOW)
        promising.promise(case=case, what=f"Call {number}", due_at=NOW + HOUR, by=desk["agent"], now=NOW)
        options.use(case=case, option=rows[1], outcome="declined", by=desk["agent"], now=NOW)
        make.path(f"Path {number}", levels=[{"person": desk["manager"]}], fallback=desk["manager"])
    assert [queries(*sheet) for sheet in sheets] == few


def respond_and_pass(handoff, giver, to):
    following = holding.hand_on(handoff=handoff, to=to, reason="x", by=giver, now=NOW)
    return respond.acknowledge(handoff=following, by=to, now=NOW)


def test_an_owed_word_blocks_closing_until_it_is_said(client, desk, case):
    said = form(desk, case, telling="later", word="", untold_because="Asleep", owed_by="2026-03-03T13:00")
    post(client, desk["agent"], "case-escalate", case.number, **said)
    shown = body(page(client, desk["agent"], "case-close", case.number))
    assert "Tell the customer who has the case now" in shown
    promising.keep(promise=Promise.objects.get(), by=desk["agent"], now=NOW)
    assert "Still in the way" not in body(page(client, desk["agent"], "case-close", case.number))
