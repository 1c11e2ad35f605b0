"""Escalating by hand, answering a handoff, and what the pages announce if nobody acts."""

from copy import deepcopy
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from cases import engine
from cases.models import Case, Party
from cases.operations import talk
from cases.states import Metric
from escalations.models import Escalation, Handoff
from escalations.operations import respond
from escalations.operations.escalate import escalate
from reports import timeline
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 3, 11, 0, tzinfo=ZoneInfo("Europe/Madrid"))
HOUR = timedelta(hours=1)
TEXTS = {
    "reason": "Credit above my limit",
    "background": "Charged twice.",
    "tried": "Compared the invoices.",
    "next_steps": "Approve the credit.",
}


@pytest.fixture(autouse=True)
def eleven_in_madrid(monkeypatch):
    """Views read the clock; here it stands."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(scope="module")
def made(for_all_of_the_module):
    people = {
        "agent": make.person("Lucia", time_zone="Europe/Madrid"),
        "supervisor": make.person("Ana", "supervisor", time_zone="Europe/Madrid"),
        "manager": make.person("Marta", "manager", time_zone="Europe/Madrid"),
        "auditor": make.person("Audre", "auditor"),
        "administrator": make.person("Nora", "administrator"),
        "stranger": make.person("Tomas"),
        "colleague": make.person("Jonas"),
    }
    make.team("Care", people=[people["agent"]])
    billing = make.team("Billing", people=[people["colleague"]], lead=people["supervisor"])
    make.team("Network", people=[people["stranger"]])
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 4 * 3600})
    levels = [
        {"team": billing, "acknowledge_seconds": 3600},
        {"person": people["supervisor"], "acknowledge_seconds": 7200},
        {"person": people["manager"], "acknowledge_seconds": 3600},
    ]
    people["path"] = make.path(levels=levels, fallback=people["manager"])
    return people


@pytest.fixture
def desk(made):
    return deepcopy(made)


def new_case(people, name="Northwind"):
    row = make.case(
        make.customer(name),
        now=NOW - HOUR,
        team=people["agent"].teams.get(),
        owner=people["agent"],
        by=people["agent"],
    )
    return Case.objects.get(pk=row.pk)


@pytest.fixture
def case(desk):
    return new_case(desk)


def page(client, person, name, /, *args, **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query)


def post(client, person, name, /, *args, **data):
    client.force_login(person)
    return client.post(reverse(name, args=args), data)


def body(answer):
    return answer.content.decode()


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


def handed(desk, case, **kwargs):
    kwargs = {"kind": "hierarchical", "path": desk["path"], "by": desk["agent"], "now": NOW} | kwargs
    handoff = escalate(case=case, **TEXTS, **kwargs)
    return Handoff.objects.get(pk=handoff.pk)


# --- Who may open what ---

ROLES = ["agent", "supervisor", "manager", "auditor", "administrator", "stranger"]


WHO_MAY = {"case-escalate": (200, 403, 200, 403, 404, 403)}


def test_the_escalate_form_answers_each_role(client, desk, case):
    found = tuple(page(client, desk[role], "case-escalate", case.number).status_code for role in ROLES)
    assert found == WHO_MAY["case-escalate"]


def test_whom_a_complaint_names_neither_escalates_nor_holds_it(client, desk, case):
    handoff = handed(desk, case)
    with make.signed():
        Party.objects.create(
            case=case, person=desk["colleague"], kind=Party.Kind.SUBJECT, reason="about them"
        )
    assert page(client, desk["colleague"], "case-escalate", case.number).status_code == 404
    assert post(client, desk["colleague"], "handoff", case.number, handoff.pk).status_code == 404
    handoff.refresh_from_db()
    assert handoff.state == Handoff.State.WAITING


@pytest.mark.parametrize("name", ["handoff", "handoff-decline", "deescalate"])
def test_another_cases_handoff_is_not_found_under_this_ones_number(client, desk, case, name):
    handoff = handed(desk, case)
    other = new_case(desk, "Kessler")
    assert page(client, desk["agent"], name, other.number, handoff.pk).status_code == 404
    assert (
        post(client, desk["agent"], name, other.number, handoff.pk, reason="x", revision=1).status_code == 404
    )


# --- Handing over ---


def test_the_form_is_prefilled_from_the_case(client, desk, case):
    talk.reply(case=case, body="You will have it by Wednesday", by=desk["agent"], now=NOW)
    shown = body(page(client, desk["agent"], "case-escalate", case.number))
    assert "The October invoice charges 38 lines twice." in shown
    assert (
        shown.count("You will have it by Wednesday") >= 2
    )  # as what was tried, and as what the customer was told


def test_the_form_says_who_gets_it_by_when_and_what_follows(client, desk, case):
    answer = page(client, desk["agent"], "case-escalate", case.number, to=f"{desk['path'].pk}:2")
    preview = answer.context["preview"]
    assert (preview.who, preview.due) == ("Ana", "today 13:00")
    assert [(time, what) for time, what, _condition in preview.steps] == [
        ("11:00", "Ana is told"),
        ("13:00", "Level 3 → Marta"),
        ("14:00", "Fallback → Marta"),
    ]
    assert "Hand to Ana" in body(answer)


def test_a_functional_escalation_asks_for_its_skill(client, desk, case):
    answer = page(client, desk["agent"], "case-escalate", case.number, kind="functional")
    assert "Choose the skill" in body(answer)
    refused = post(client, desk["agent"], "case-escalate", case.number, **form(desk, case, kind="functional"))
    assert refused.status_code == 422
    assert not Escalation.objects.exists()


def test_a_whole_handoff_is_made_and_its_holder_named(client, desk, case):
    answer = post(client, desk["agent"], "case-escalate", case.number, **form(desk, case, level=2))
    assert answer.url == reverse("case", args=[case.number])
    handoff = Handoff.objects.get()
    assert (handoff.to_person, handoff.kind, handoff.reason) == (
        desk["supervisor"],
        "hierarchical",
        TEXTS["reason"],
    )
    assert "Ana has it, and is told." in body(client.get(answer.url))


@pytest.mark.parametrize("missing", list(TEXTS))
@pytest.mark.parametrize("empty", ["", "  "])
def test_a_handoff_that_is_not_whole_is_refused_with_the_rest_kept(client, desk, case, missing, empty):
    answer = post(client, desk["agent"], "case-escalate", case.number, **form(desk, case, **{missing: empty}))
    assert answer.status_code == 422
    for name, text in TEXTS.items():
        assert name == missing or text in body(answer)
    assert not Handoff.objects.exists()


def test_a_handoff_from_a_stale_page_is_refused_with_its_text_kept(client, desk, case):
    said = form(desk, case)
    talk.note(case=case, body="Meanwhile", by=desk["agent"], now=NOW)
    answer = post(client, desk["agent"], "case-escalate", case.number, **said)
    assert answer.status_code == 422
    assert "Somebody changed this case" in body(answer)
    assert TEXTS["background"] in body(answer)
    assert not Handoff.objects.exists()


@pytest.mark.parametrize("to", ["", "x", "999:1", "1:x", "1"])
def test_a_destination_that_does_not_exist_is_refused(client, desk, case, to):
    assert (
        post(client, desk["agent"], "case-escalate", case.number, **form(desk, case, to=to)).status_code
        == 422
    )
    assert page(client, desk["agent"], "case-escalate", case.number, to=to).status_code == 200


def test_on_a_running_path_only_higher_levels_are_offered(client, desk, case):
    handed(desk, case)
    choices = page(client, desk["agent"], "case-escalate", case.number).context["form"].fields["to"].choices
    mine = [value for value, _word in choices if value.startswith(f"{desk['path'].pk}:")]
    assert mine == [f"{desk['path'].pk}:2", f"{desk['path'].pk}:3"]


def test_the_path_that_a_rule_would_start_is_offered_first(client, desk, case):
    other = make.path("Account", levels=[{"person": desk["manager"]}], fallback=desk["manager"])

    def first():
        fields = page(client, desk["agent"], "case-escalate", case.number).context["form"].fields
        return fields["to"].choices[0][0]

    assert first() == f"{other.pk}:1"  # without a rule, by name
    make.rule(desk["path"])
    assert first() == f"{desk['path'].pk}:1"


# --- Answering ---


def test_only_who_a_handoff_waits_for_sees_the_button_and_may_press_it(client, desk, case):
    handoff = handed(desk, case)
    take = f'action="{reverse("handoff", args=[case.number, handoff.pk])}"'
    assert take in body(page(client, desk["colleague"], "case", case.number))
    assert take not in body(page(client, desk["agent"], "case", case.number))
    post(client, desk["agent"], "handoff", case.number, handoff.pk)
    handoff.refresh_from_db()
    assert handoff.state == Handoff.State.WAITING
    assert post(client, desk["colleague"], "handoff", case.number, handoff.pk).status_code == 302
    handoff.refresh_from_db()
    assert (handoff.state, handoff.answered_by) == (Handoff.State.ACKNOWLEDGED, desk["colleague"])


def test_acknowledging_twice_acts_once_and_says_so(client, desk, case):
    handoff = handed(desk, case)
    post(client, desk["colleague"], "handoff", case.number, handoff.pk)
    again = post(client, desk["colleague"], "handoff", case.number, handoff.pk)
    assert "no longer waiting" in body(client.get(again.url))


def test_taking_a_handoff_completes_its_texts(client, desk, case):
    handoff = handed(desk, case)
    post(client, desk["colleague"], "handoff", case.number, handoff.pk, background="More is known now")
    handoff.refresh_from_db()
    assert (handoff.background, handoff.tried) == ("More is known now", TEXTS["tried"])


def test_declining_passes_it_on_with_the_reason(client, desk, case):
    handoff = handed(desk, case, level=2)
    case.refresh_from_db()
    said = {"reason": "Not my customers", "revision": case.revision}
    assert (
        post(client, desk["supervisor"], "handoff-decline", case.number, handoff.pk, **said).status_code
        == 302
    )
    assert Handoff.objects.latest("pk").to_person == desk["manager"]
    assert "Not my customers" in body(page(client, desk["manager"], "case", case.number))


def test_the_top_level_cannot_decline(client, desk, case):
    handoff = handed(desk, case, level=3)
    case.refresh_from_db()
    said = {"reason": "No", "revision": case.revision}
    answer = post(client, desk["manager"], "handoff-decline", case.number, handoff.pk, **said)
    assert answer.status_code == 422
    assert "top level cannot decline" in body(answer)


def test_deescalating_gives_the_case_back_to_its_owner(client, desk, case):
    handoff = handed(desk, case)
    post(client, desk["colleague"], "handoff", case.number, handoff.pk)
    case.refresh_from_db()
    said = {"reason": "Credited", "revision": case.revision}
    assert post(client, desk["colleague"], "deescalate", case.number, handoff.pk, **said).status_code == 302
    assert Escalation.objects.get().state == Escalation.State.ENDED


# --- What is announced ---


def test_the_case_page_announces_the_next_level_by_name_and_time(client, desk, case):
    handed(desk, case)
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "Level 1 of 3" in shown
    assert "Next: Level 2 → Ana, 12:00" in shown
    assert "if nobody acknowledges" in shown


def test_a_case_on_no_ladder_announces_the_one_a_rule_would_start(client, desk, case):
    make.rule(desk["path"], metric=Metric.FIRST_RESPONSE)
    shown = body(page(client, desk["agent"], "case", case.number))
    # Received at ten, four hours around the clock.
    assert "Next: Level 1 → Billing, 14:00" in shown


def test_without_a_rule_the_managers_are_told_of_the_breach(client, desk, case):
    shown = body(page(client, desk["agent"], "case-list"))
    assert "Managers are told" in shown
    assert "if not answered" in shown


def test_the_queue_shows_level_holder_and_next_step_of_what_is_escalated(client, desk, case):
    handed(desk, case)
    shown = body(page(client, desk["colleague"], "case-list", view="escalated"))
    assert case.subject in shown
    assert "Level 2 → Ana" in shown


def test_the_ladder_shows_who_was_passed_and_how_it_ended(client, desk, case):
    handoff = handed(desk, case, level=2)
    case.refresh_from_db()
    said = {"reason": "On leave from tomorrow", "revision": case.revision}
    post(client, desk["supervisor"], "handoff-decline", case.number, handoff.pk, **said)
    shown = body(page(client, desk["manager"], "case", case.number))
    assert "ladder__step--passed" in shown
    assert "On leave from tomorrow" in shown


def test_the_history_tells_of_handoffs(client, desk, case):
    handoff = handed(desk, case)
    post(client, desk["colleague"], "handoff", case.number, handoff.pk)
    shown = body(page(client, desk["agent"], "case", case.number))
    assert "<b>Lucia</b> handed the case to Billing, level 1" in shown
    assert "<b>Jonas</b> acknowledged level 1" in shown


def test_the_history_says_when_nobody_but_the_fallback_holder_was_left(desk, case):
    """The top level is Marta's, and so is what is above it."""
    handed(desk, case, level=3)
    engine.run_until_idle(now=NOW + 2 * HOUR)
    last = Handoff.objects.latest("pk")
    respond.acknowledge(handoff=last, by=desk["manager"], now=NOW + 2 * HOUR)
    told = [event.text for event in timeline.events(case) if event.icon in ("steps", "user-check")]
    assert told == [
        "handed the case to Marta, level 3",
        "sent the case to Marta, the fallback holder",
        "acknowledged as the fallback holder",
    ]


def test_the_queue_costs_the_same_for_fifty_escalated_cases_as_for_two(
    client, desk, django_assert_max_num_queries
):
    def queries():
        page(client, desk["manager"], "case-list", view="all")
        with django_assert_max_num_queries(200) as counted:
            client.get(reverse("case-list"), {"view": "all"})
        return len(counted)

    for number in range(2):
        handed(desk, new_case(desk, f"Customer {number}"))
    few = queries()
    for number in range(2, 50):
        handed(desk, new_case(desk, f"Customer {number}"), level=1 + number % 3)
    assert queries() == few
