"""The checklist of a level: typed by managers, fixed once published, ticked by the holder, told at last."""

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases import closing, comparing, engine
from cases.errors import Blocked, ConflictOfInterest, WrongMove
from cases.models import Party
from cases.operations import drafting, ending
from cases.states import CaseStatus, Metric
from escalations.errors import NotTheHolder, NotWaiting
from escalations.models import Level, LevelStep, StepTick
from escalations.operations import checklists, holding, publishing, respond
from escalations.operations.escalate import escalate
from reports import timeline
from tests import console_forms
from tests import factories as make

pytestmark = pytest.mark.django_db
TEXTS = {"reason": "Above my limit", "background": "Twice", "tried": "Compared", "next_steps": "Approve"}
STEPS = (("", "Read the file", False), ("hierarchical", "Sign it", True), ("functional", "Test it", False))


@pytest.fixture
def desk(now):
    people = {name: make.person(name) for name in ("Ana", "Jonas", "Nadia")}
    people["Priya"] = make.person("Priya", role="manager")
    make.team("Care", people=[people["Ana"]])
    billing = make.team("Billing", people=[people["Jonas"], people["Nadia"]])
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 3600})
    path = make.path(levels=[{"team": billing}, {"person": people["Priya"]}], publish=False)
    version = path.versions.get()
    with make.signed():
        type(version).objects.filter(pk=version.pk).update(fallback=people["Priya"])
        level = version.levels.get(number=1)
        for position, (kind, text, is_required) in enumerate(STEPS, 1):
            LevelStep.objects.create(
                level=level, kind=kind, position=position, text=text, is_required=is_required
            )
    version.refresh_from_db()
    publishing.publish_path(version=version, by=people["Priya"], now=now)
    people["version"] = version
    people["case"] = make.case(now=now, by=people["Ana"], owner=people["Ana"])
    engine.run_until_idle(now=now)
    given = escalate(
        case=people["case"], kind="hierarchical", path=path, level=1, by=people["Ana"], now=now, **TEXTS
    )
    people["handoff"] = respond.acknowledge(handoff=given, by=people["Jonas"], now=now)
    people["escalation"] = people["handoff"].escalation
    return people


def step(text):
    return LevelStep.objects.get(text=text)


def tick(desk, text, now, by="Jonas", is_done=True):
    return checklists.tick(
        escalation=desk["escalation"], step=step(text), is_done=is_done, by=desk[by], now=now
    )


def texts(items):
    return [(item.step.text, item.tick and item.tick.by.name) for item in items]


# --- What it is ---


def test_a_handoff_brings_the_steps_of_its_level_for_its_kind_and_for_any(desk, now):
    found = checklists.items(desk["escalation"], desk["handoff"])
    assert texts(found) == [("Read the file", None), ("Sign it", None)]


def test_a_published_checklist_never_changes_and_a_draft_from_it_says_the_same(desk, now):
    with pytest.raises(DatabaseError), make.signed():
        LevelStep.objects.filter(text="Sign it").update(text="Skip it")
    draft = drafting.draft_from(version=desk["version"], by=desk["Priya"], now=now)
    copied = list(LevelStep.objects.filter(level__version=draft).order_by("position"))
    assert [(s.kind, s.text, s.is_required) for s in copied] == list(STEPS)
    with make.signed():
        copied[0].delete()
    [group] = comparing.compare(desk["version"], draft).groups
    [line] = [line for row in group.rows for line in row.lines if line.is_changed]
    assert (line.label, line.new) == ("Checklist", "Sign it * (Hierarchical), Test it (Functional)")
    assert "Read the file" in line.old


# --- Ticking ---


def test_the_holder_ticks_and_takes_back_and_the_case_tells_who_and_when(desk, now):
    assert texts(tick(desk, "Sign it", now)) == [("Read the file", None), ("Sign it", "Jonas")]
    tick(desk, "Sign it", now)
    assert StepTick.objects.count() == 1
    # A colleague of the level goes on where it stands.
    following = holding.hand_on(
        handoff=desk["handoff"], to=desk["Nadia"], reason="shift ends", by=desk["Jonas"], now=now
    )
    respond.acknowledge(handoff=following, by=desk["Nadia"], now=now)
    with pytest.raises(NotTheHolder, match="Nadia holds this case"):
        tick(desk, "Read the file", now)
    assert texts(tick(desk, "Sign it", now, by="Nadia", is_done=False)) == [
        ("Read the file", None),
        ("Sign it", None),
    ]
    told = [event.text for event in timeline.events(desk["case"])]
    assert told.index("ticked “Sign it”") < told.index("took back the tick at “Sign it”")


def test_what_is_not_on_the_list_and_whom_the_complaint_names_is_refused(desk, now):
    with pytest.raises(WrongMove, match="not on the present checklist"):
        tick(desk, "Test it", now)
    with make.signed():
        Party.objects.create(case=desk["case"], person=desk["Jonas"], kind="subject", reason="about them")
    with pytest.raises(ConflictOfInterest):
        tick(desk, "Sign it", now)
    assert not StepTick.objects.exists()


# --- At the end ---


def test_a_required_step_blocks_the_end_and_the_others_are_said(desk, now):
    said = [blocker.words for blocker in closing.blockers(desk["case"], CaseStatus.RESOLVED)]
    assert "“Sign it” is required and not ticked." in said
    assert [remark.words for remark in closing.remarks(desk["case"])] == ["“Read the file” is not ticked."]
    with pytest.raises(Blocked, match="Sign it"):
        ending.resolve(case=desk["case"], reason="done", by=desk["Ana"], now=now)
    given = {"escalation": desk["escalation"], "reason": "settled", "by": desk["Jonas"], "now": now}
    with pytest.raises(Blocked, match="Sign it"):
        respond.deescalate(**given)
    tick(desk, "Sign it", now)
    respond.deescalate(**given)
    with pytest.raises(NotWaiting):
        tick(desk, "Read the file", now)
    assert closing.remarks(desk["case"]) == []


# --- Pages ---


@pytest.mark.parametrize(
    ("who", "status"), [("Jonas", 302), ("Nadia", 403), ("Priya", 302), ("Olga", 404), (None, 302)]
)
def test_only_the_holder_s_button_ticks(client, desk, now, who, status):
    person = desk.get(who) or (make.person(who, role="administrator") if who else None)
    if person:
        client.force_login(person)
    address = reverse("step", args=[desk["case"].number, desk["escalation"].pk, step("Sign it").pk])
    answer = client.post(address, {"is_done": "1"})
    assert answer.status_code == status
    assert StepTick.objects.exists() is (who == "Jonas")
    assert client.get(address).status_code in (405, 302)


def test_the_case_shows_the_checklist_to_its_holder_to_tick_and_to_others_to_read(client, desk, now):
    client.force_login(desk["Jonas"])
    page = reverse("case", args=[desk["case"].number])
    text = client.get(page).content.decode()
    assert text.count('role="checkbox"') == 2 and "0 of 2 done" in text and "Test it" not in text
    tick(desk, "Read the file", now)
    with CaptureQueriesContext(connection) as queries:
        client.get(page)
    few = len(queries)
    tick(desk, "Sign it", now)
    with CaptureQueriesContext(connection) as queries:
        assert "2 of 2 done" in client.get(page).content.decode()
    assert len(queries) == few
    client.force_login(desk["Priya"])
    assert 'role="checkbox"' not in client.get(page).content.decode()
    tick(desk, "Read the file", now, is_done=False)
    sheet = client.get(reverse("case-resolve", args=[desk["case"].number])).content.decode()
    assert "1 step of the checklist is left" in sheet


def test_the_api_shows_and_ticks_it(client, desk, now):
    client.force_login(desk["Jonas"])
    address = f"/api/v1/escalations/{desk['escalation'].pk}/"
    assert [row["text"] for row in client.get(f"{address}checklist/").json()] == ["Read the file", "Sign it"]
    body = {"step": step("Sign it").pk, "is_done": True}
    answer = client.post(f"{address}tick/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["ticked_by"]) == (200, "Jonas")
    body["step"] = step("Test it").pk
    assert client.post(f"{address}tick/", body, content_type="application/json").status_code in (400, 409)
    client.force_login(desk["Ana"])
    assert client.post(f"{address}tick/", body, content_type="application/json").status_code in (403, 404)


def test_managers_type_it_one_step_a_line(client, desk, now):
    client.force_login(desk["Priya"])
    draft = drafting.draft_from(version=desk["version"], by=desk["Priya"], now=now)
    page = reverse("admin:escalations_pathversion_change", args=[draft.pk])
    form = client.get(page).context["inline_admin_formsets"][0].formset
    assert form.forms[0].initial["steps_hierarchical"] == "! Sign it"
    data = console_forms.filled(client.get(page))
    data |= {"levels-0-steps_any": "Read  the file\n!Call them\n", "levels-0-steps_functional": ""}
    assert client.post(page, data).status_code == 302
    level = Level.objects.get(version=draft, number=1)
    rows = level.steps.order_by("kind", "position").values_list("kind", "text", "is_required")
    assert list(rows) == [
        ("", "Read the file", False),
        ("", "Call them", True),
        ("hierarchical", "Sign it", True),
    ]
    data["levels-0-steps_any"] = "Call them\nCall them"
    assert "stands there twice" in client.post(page, data).content.decode()
    shown = client.get(reverse("admin:escalations_pathversion_change", args=[desk["version"].pk]))
    assert "Sign it * (Hierarchical)" in shown.content.decode()
