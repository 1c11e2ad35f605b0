"""Rosters: patterns that make turns, exact where clocks change; turns that change hands; a week as a page."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases import rota
from cases.errors import ConflictOfInterest, Incomplete, InThePast, NotTheirs, Overlaps, WrongMove
from cases.models import Absence, Duty, DutyPattern, Notice, Skill
from cases.notices import page_of, sentence
from cases.operations import duties, turns
from tests import factories as make
from tests.console_forms import errors, filled, one_more

pytestmark = pytest.mark.django_db
MADRID = ZoneInfo("Europe/Madrid")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
# Which role opens a page of the roster.
READS = {"agent": 403, "supervisor": 200, "manager": 200, "auditor": 200, "administrator": 200}
CHANGES = READS | {"auditor": 403}


@pytest.fixture
def desk(now):
    """A team of two under a supervisor, a stranger, a manager, and a skill."""
    found = SimpleNamespace(
        ana=make.person("Ana", time_zone="Europe/Madrid"),
        ben=make.person("Ben"),
        tomas=make.person("Tomas"),
        supervisor=make.person("Sofia", "supervisor"),
        manager=make.person("Priya", "manager", time_zone="Europe/Madrid"),
        auditor=make.person("Audre", "auditor"),
        administrator=make.person("Nora", "administrator"),
    )
    found.team = make.team("Care", people=[found.ana, found.ben], lead=found.supervisor)
    make.team("Network", people=[found.tomas])
    with make.signed():
        found.skill = Skill.objects.create(name="On call")
    return found


def pattern(desk, person=None, **fields):
    defaults = {
        "skill": desk.skill,
        "person": person or desk.ana,
        "weekdays": "0123456",
        "starts": time(20),
        "ends": time(8),
        "time_zone": "Europe/Madrid",
        "first_on": date(2026, 3, 2),
    }
    return DutyPattern(**{**defaults, **fields})


def kept(desk, now, **fields):
    row = pattern(desk, **fields)
    duties.keep(pattern=row, by=desk.manager, now=now)
    return row


def turn(desk, person, start, hours=12, **fields):
    with make.signed():
        return Duty.objects.create(
            skill=desk.skill, person=person, starts_at=start, ends_at=start + hours * HOUR, **fields
        )


def swap(desk, row, to, now, **said):
    said = {"by": desk.manager, "reason": "a wedding", **said}
    return duties.swap(turn=row, to=to, now=now, **said)


def test_a_turn_is_as_long_as_the_night_is_and_two_that_meet_on_the_wall_meet_in_time():
    night = {"starts": time(20), "ends": time(8), "zone": "Europe/Madrid"}
    for day, hours in ((date(2026, 3, 27), 12), (date(2026, 3, 28), 11), (date(2026, 10, 24), 13)):
        start, end = rota.turn_on(day, **night)
        assert end - start == hours * HOUR
        assert rota.turn_on(day + DAY, time(8), time(20), "Europe/Madrid")[0] == end
    # 02:30 does not exist on 29 March, and is there twice on 25 October: both turns mean the same instant.
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        early, late = (
            rota.turn_on(day, time(0), time(2, 30), "Europe/Madrid"),
            rota.turn_on(day, time(2, 30), time(8), "Europe/Madrid"),
        )
        assert early[1] == late[0]
    assert rota.turn_on(date(2026, 3, 29), time(2, 30), time(8), "Europe/Madrid")[0] == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


def test_a_pattern_writes_its_turns_weeks_ahead_once_and_goes_on_from_there(desk, now):
    ana = kept(desk, now, every_weeks=2)
    kept(desk, now, person=desk.ben, every_weeks=2, first_on=date(2026, 3, 9), last_on=date(2026, 4, 5))
    turns = list(Duty.objects.order_by("starts_at").values_list("starts_at", "ends_at", "person"))
    first, last = datetime(2026, 3, 2, 20, tzinfo=MADRID), datetime(2026, 4, 6, 20, tzinfo=MADRID)
    assert [(start, who) for start, _end, who in turns][:1] == [(first, desk.ana.pk)]
    # Week by week they take turns, every night one of them, nobody twice.
    nights = [start for start, _end, _who in turns if start < last]
    assert [(at.astimezone(MADRID).date() - first.date()).days for at in nights] == list(range(35))
    assert not rota.overlaps([(start, end, who, 1) for start, end, who in turns])
    assert max(start for start, _end, who in turns if who == desk.ben.pk).date() == date(2026, 3, 29)
    assert duties.fill(now=now) == 0
    written = duties.fill(now=now + 14 * DAY)
    assert written == 7 and duties.fill(now=now + 14 * DAY) == 0
    days = list(Duty.objects.filter(pattern=ana).values_list("on", flat=True))
    assert len(days) == len(set(days)) and max(days) == date(2026, 5, 11)
    row = Duty.history.latest("history_id")
    assert (row.history_user_id, row.history_via) == (-2, "engine")


def test_a_pattern_that_changes_keeps_what_has_begun_and_what_somebody_took(desk, now):
    row = kept(desk, now - DAY, first_on=date(2026, 3, 1), starts=time(8), ends=time(8))
    running = Duty.objects.get(
        on=date(2026, 3, 2)
    )  # begins at this very instant: 08:00 in Madrid is 07:00 UTC
    tuesday = Duty.objects.get(on=date(2026, 3, 3))
    swap(desk, tuesday, desk.ben, now)
    row.person = desk.tomas
    duties.keep(pattern=row, by=desk.manager, now=now)
    assert Duty.objects.get(pk=running.pk).person == desk.ana
    assert Duty.objects.get(on=date(2026, 3, 3)).person == desk.ben
    assert set(Duty.objects.filter(on__gt=date(2026, 3, 3)).values_list("person", flat=True)) == {
        desk.tomas.pk
    }
    row.last_on = date(2026, 3, 4)
    duties.keep(pattern=row, by=desk.manager, now=now)
    assert Duty.objects.filter(on__gt=date(2026, 3, 4)).count() == 0
    with pytest.raises(InThePast):
        duties.keep(
            pattern=pattern(desk, last_on=date(2026, 2, 27), first_on=date(2026, 2, 1)),
            by=desk.manager,
            now=now,
        )
    with pytest.raises(ConflictOfInterest):
        duties.keep(pattern=pattern(desk, person=desk.auditor), by=desk.manager, now=now)
    with pytest.raises(NotTheirs):
        duties.keep(pattern=pattern(desk, person=desk.tomas), by=desk.supervisor, now=now)
    duties.keep(pattern=pattern(desk), by=desk.supervisor, now=now)


def test_a_turn_changes_hands_and_what_has_begun_is_shared(desk, now):
    tonight, tomorrow = turn(desk, desk.ana, now + 12 * HOUR), turn(desk, desk.ben, now + 36 * HOUR)
    assert swap(desk, tonight, desk.ben, now, in_return=tomorrow).instead_of == desk.ana
    tomorrow.refresh_from_db()
    assert (tomorrow.person, tomorrow.instead_of) == (desk.ana, desk.ben)
    tonight.refresh_from_db()
    swap(desk, tonight, desk.ana, now)  # back: it is as it was
    tonight.refresh_from_db()
    assert (tonight.person, tonight.instead_of) == (desk.ana, None)

    at = tonight.starts_at + HOUR
    rest = swap(desk, tonight, desk.tomas, at)
    tonight.refresh_from_db()
    assert (tonight.ends_at, rest.starts_at, rest.ends_at) == (at, at, now + 24 * HOUR)
    assert (tonight.person, rest.person, rest.instead_of) == (desk.ana, desk.tomas, desk.ana)
    asked = [(row.starts_at, row.ends_at, row.person_id) for row in Duty.objects.all()]
    assert rota.on_duty(asked, at - SECOND) == [desk.ana.pk]
    assert rota.on_duty(asked, at) == [desk.tomas.pk]


def test_what_a_swap_refuses(desk, now):
    row = turn(desk, desk.ana, now + 12 * HOUR)
    bens = turn(desk, desk.ben, now + 23 * HOUR)
    over = turn(desk, desk.ana, now - 12 * HOUR)
    before = list(Duty.objects.order_by("pk").values())
    for error, to, said in (
        (Incomplete, desk.tomas, {"reason": " "}),
        (NotTheirs, desk.tomas, {"by": desk.supervisor}),
        (NotTheirs, desk.ben, {"by": desk.ana}),
        (ConflictOfInterest, desk.auditor, {}),
        (WrongMove, desk.ana, {}),
        (Overlaps, desk.ben, {}),
        (WrongMove, desk.tomas, {"in_return": bens}),
    ):
        with pytest.raises(error):
            swap(desk, row, to, now, **said)
    with pytest.raises(InThePast):
        swap(desk, over, desk.ben, now)  # over at this very instant
    with make.signed():
        Absence.objects.create(person=desk.tomas, starts_at=now + 20 * HOUR, ends_at=now + 40 * HOUR)
    with pytest.raises(Overlaps, match="Tomas is away"):
        swap(desk, row, desk.tomas, now)
    assert list(Duty.objects.order_by("pk").values()) == before
    assert swap(desk, row, desk.ben, now, in_return=bens).person == desk.ben


def heard(person):
    """What `person` was told of turns, in order."""
    rows = Notice.objects.filter(person=person, kind__startswith="turn_", channel="app").order_by("pk")
    return [sentence(row) for row in rows]


def test_who_gains_or_loses_a_turn_is_told_once_with_its_times(desk, now):
    row = kept(desk, now, first_on=date(2026, 3, 3), last_on=date(2026, 3, 5), starts=time(8), ends=time(9))
    assert heard(desk.ana) == [
        "Priya put you on duty for On call: 3 turns between Tue 3 Mar 2026, 07:00 and Thu 5 Mar 2026, 08:00"
    ]
    duties.keep(pattern=row, by=desk.manager, now=now + SECOND)  # nothing is otherwise by it
    tuesday, wednesday, thursday = row.turns.order_by("on")
    swap(desk, tuesday, desk.ben, now)
    assert heard(desk.ana)[1:] == [
        "Priya took you off duty for On call from Tue 3 Mar 2026, 07:00 until Tue 3 Mar 2026, 08:00"
    ]
    turns.move(turn=wednesday, ends_at=wednesday.ends_at + HOUR, by=desk.manager, now=now)
    turns.take_out(turn=thursday, by=desk.manager, now=now)
    assert [said[:30] for said in heard(desk.ana)[2:]] == [
        "Priya took you off duty for On",
        "Priya put you on duty for On c",
        "Priya took you off duty for On",
    ]
    added = turns.add(
        skill=desk.skill, person=desk.ben, starts_at=now - 5 * 60 * SECOND, ends_at=now + HOUR,
        by=desk.supervisor, now=now,
    )  # fmt: skip
    assert added.starts_at == now and len(heard(desk.ben)) == 2
    swap(desk, added, desk.ana, now + HOUR / 2, by=desk.supervisor)
    assert "until Mon 2 Mar 2026, 09:00" in heard(desk.ben)[2] and len(heard(desk.ana)) == 6
    # By oneself: one knows.
    turns.add(
        skill=desk.skill, person=desk.manager, starts_at=now, ends_at=now + HOUR, by=desk.manager, now=now
    )
    assert not heard(desk.manager)
    notice = Notice.objects.filter(person=desk.ana, kind="turn_gained").first()
    assert page_of(notice, desk.ana) == "" and "week=2026-03-03" in page_of(notice, desk.manager)


def test_a_turn_that_was_taken_out_does_not_come_back(desk, now):
    row = kept(desk, now, starts=time(8), ends=time(20))
    day = date(2026, 3, 5)
    turns.take_out(turn=Duty.objects.get(on=day), by=desk.supervisor, now=now, reason="a holiday")
    row.position = 2  # as a form has it that was opened before
    duties.keep(pattern=row, by=desk.manager, now=now)
    row = DutyPattern.objects.get(pk=row.pk)
    row.person = desk.ben
    duties.keep(pattern=row, by=desk.manager, now=now)
    duties.fill(now=now + 20 * DAY)
    assert not Duty.objects.filter(on=day).exists() and Duty.objects.filter(on=day + DAY).exists()
    assert DutyPattern.history.filter(left_out=["2026-03-05"]).earliest("history_id").history_user_id == (
        desk.supervisor.pk
    )
    running = Duty.objects.get(on=date(2026, 3, 6))
    at = running.starts_at + HOUR
    assert turns.take_out(turn=running, by=desk.manager, now=at).ends_at == at
    with pytest.raises(InThePast):
        turns.take_out(turn=running, by=desk.manager, now=at)


# --- Pages ---


def address(name, *args):
    return reverse(f"admin:cases_{name}", args=args)


def test_the_roster_by_role_says_gaps_overlaps_and_who_is_away(desk, now, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    office = make.calendar("Office")
    with make.signed():
        desk.skill.cover = office
        desk.skill.save()
    row = turn(desk, desk.ana, now - HOUR, 5)
    turn(desk, desk.ben, now + HOUR, 1)
    turn(desk, desk.ben, now + 9 * HOUR, 2, instead_of=desk.tomas)
    with make.signed():
        Absence.objects.create(person=desk.ben, starts_at=now, ends_at=now + 3 * HOUR)
    for role, status in READS.items():
        client.force_login(desk.ana if role == "agent" else getattr(desk, role))
        page = client.get(address("duty_roster"))
        assert page.status_code == status, role
        assert client.get(address("duty_swap", row.pk)).status_code == CHANGES[role], role
        if status == 200:
            # Covered is the office: Monday 13:00 to 17:00, then Tuesday to Friday.
            assert page.content.decode().count("Nobody is on duty") == 5
    client.force_login(desk.manager)
    said = client.get(address("duty_roster")).content.decode()
    assert "Ana and Ben have the same place Mon 2 Mar, 10:00 – 11:00." in said
    assert "Nobody is on duty Mon 2 Mar, 13:00 – 17:00." in said
    assert "for Tomas" in said and "is-away" in said and "On duty now:" in said
    with CaptureQueriesContext(connection) as few:
        client.get(address("duty_roster"))
    for n in range(3):
        turn(desk, desk.tomas, now + n * DAY, 3)
        with make.signed():
            other = Skill.objects.create(name=f"Skill {n}")
            Duty.objects.create(skill=other, person=desk.ben, starts_at=now, ends_at=now + HOUR)
    with CaptureQueriesContext(connection) as many:
        client.get(address("duty_roster"))
    assert len(many) == len(few)
    assert client.get(address("duty_roster"), {"week": "nonsense", "skill": "0"}).status_code == 200
    page = client.get(address("duty_roster"), {"week": "2026-03-10", "team": desk.team.pk})
    assert [timezone.localtime(day, MADRID).date() for day in page.context["week"].days][0] == date(
        2026, 3, 9
    )
    # A stranger's turn is out of a supervisor's reach: that it is somebody's is all they see of it.
    with make.signed():
        Absence.objects.create(person=desk.tomas, starts_at=now, ends_at=now + HOUR)
    client.force_login(desk.supervisor)
    strangers = Duty.objects.filter(person=desk.tomas).first()
    assert client.get(address("duty_swap", strangers.pk)).status_code == 404
    page = client.get(address("duty_roster"))
    said = page.content.decode()
    assert "Tomas" not in said and "for somebody else" in said and "somebody else, Mon 2 Mar" in said
    assert address("duty_swap", strangers.pk) not in said and address("duty_swap", row.pk) in said
    gaps = said.count("Nobody is on duty")
    said = client.get(address("skill_changelist")).content.decode()
    assert "Tomas" not in said and "Ana, somebody else" in said
    client.force_login(desk.auditor)
    said = client.get(address("duty_roster")).content.decode()
    # What others cover is covered: the gaps are the same for who sees them all.
    assert "Tomas" in said and said.count("Nobody is on duty") == gaps


def test_a_pattern_and_a_swap_by_their_forms(desk, now, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    client.force_login(desk.manager)
    page = client.get(address("dutypattern_add"))
    data = filled(page, skill=desk.skill.pk, person=desk.ana.pk, starts="08:00", ends="20:00")
    data |= {"weekdays": ["4", "0"], "time_zone": "Europe/Madrid", "first_on": "2026-03-02"}
    refused = client.post(address("dutypattern_add"), data | {"person": desk.auditor.pk})
    assert refused.status_code == 200 and "could not hold a case" in str(errors(refused))
    assert client.post(address("dutypattern_add"), data | {"last_on": "2026-03-01"}).status_code == 200
    assert client.post(address("dutypattern_add"), data).status_code == 302
    row = DutyPattern.objects.get()
    assert (row.weekdays, row.turns.count()) == ("04", 17)
    first = row.turns.order_by("starts_at").first()
    swapping = address("duty_swap", first.pk)
    refused = client.post(swapping, {"change_reason": "ill"})
    assert "Name who takes the turn" in refused.content.decode()
    assert client.post(swapping, {"to": desk.ben.pk, "change_reason": "ill"}).status_code == 302
    rest = Duty.objects.filter(person=desk.ben).get()
    assert (rest.starts_at, rest.instead_of) == (now, desk.ana)
    assert Duty.history.filter(id=rest.pk).latest("history_id").history_change_reason == "ill"
    back = address("dutypattern_change", row.pk)
    changed = filled(client.get(back), weekdays=["0"])
    assert client.post(back, changed).status_code == 302
    assert set(row.turns.filter(starts_at__gt=now).values_list("on__week_day", flat=True)) == {2}


def test_a_turn_by_hand_is_refused_at_the_field_and_taken_out_for_good(desk, now, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    client.force_login(desk.manager)
    page = client.get(address("duty_add"))
    data = filled(
        page, skill=desk.skill.pk, person=desk.ana.pk, starts_at_0="2026-03-03", starts_at_1="08:00"
    )
    data |= {"ends_at_0": "2026-03-03", "ends_at_1": "12:00"}
    for field, said, change in (
        ("person", "could not hold a case", {"person": desk.auditor.pk}),
        ("starts_at", "What is past cannot be changed", {"starts_at_0": "2026-03-01"}),
        ("ends_at", "has to end after it begins", {"ends_at_1": "08:00"}),
    ):
        refused = client.post(address("duty_add"), data | change)
        assert said in str(refused.context["adminform"].form.errors[field])
    assert not Duty.objects.exists() and not Notice.objects.filter(kind="turn_gained").exists()
    assert client.post(address("duty_add"), data).status_code == 302
    row = Duty.objects.get()
    assert Notice.objects.filter(person=desk.ana, kind="turn_gained").count() == 1
    again = client.post(address("duty_add"), data)
    assert "is on duty for this then already" in str(again.context["adminform"].form.errors["starts_at"])
    change = address("duty_change", row.pk)
    assert client.post(change, filled(client.get(change), ends_at_1="13:00")).status_code == 302
    row.refresh_from_db()
    assert (row.ends_at, row.person) == (datetime(2026, 3, 3, 13, tzinfo=MADRID), desk.ana)
    pattern_row = kept(desk, now, starts=time(8), ends=time(20), first_on=date(2026, 3, 10))
    turn_row = Duty.objects.get(on=date(2026, 3, 12))
    assert client.post(address("duty_delete", turn_row.pk), {"post": "yes"}).status_code == 302
    assert not Duty.objects.filter(pk=turn_row.pk).exists()
    assert "Thu 12 Mar 2026" in client.get(address("dutypattern_change", pattern_row.pk)).content.decode()
    over = turn(desk, desk.ana, now - 24 * HOUR, 1)
    answer = client.post(address("duty_delete", over.pk), {"post": "yes"}, follow=True)
    assert "This turn is over" in answer.content.decode() and Duty.objects.filter(pk=over.pk).exists()


def test_an_absence_in_the_console_goes_the_way_of_the_workspace(desk, now, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: now)
    client.force_login(desk.manager)
    data = filled(client.get(address("absence_add")), person=desk.ana.pk, change_reason="a wedding")
    data |= {
        "starts_at_0": "2026-03-03",
        "starts_at_1": "08:00",
        "ends_at_0": "2026-03-04",
        "ends_at_1": "08:00",
    }
    for field, said, change in (
        ("deputy", "A deputy has to be somebody here who works cases", {"deputy": desk.auditor.pk}),
        ("deputy", "Nobody is their own deputy", {"deputy": desk.ana.pk}),
        ("starts_at", "What is past cannot be changed", {"starts_at_0": "2026-03-01"}),
        ("ends_at", "has to end after it begins", {"ends_at_0": "2026-03-03"}),
    ):
        refused = client.post(address("absence_add"), data | change)
        assert said in str(refused.context["adminform"].form.errors[field]), field
    assert client.post(address("absence_add"), data | {"deputy": desk.ben.pk}).status_code == 302
    row = Absence.objects.get()
    assert Absence.history.get(id=row.pk).history_change_reason == "a wedding"

    person = address("person_change", desk.ana.pk)
    page = client.get(person)
    data = one_more(page, "absences", filled(page), **{
        "starts_at_0": "2026-03-04", "starts_at_1": "05:00", "ends_at_0": "2026-03-05", "ends_at_1": "07:00",
    })  # fmt: skip
    refused = client.post(person, data)
    assert "is away from" in str(errors(refused)) and Absence.objects.count() == 1
    # One goes, the other comes in its place, in one post.
    assert client.post(person, data | {"absences-0-DELETE": "on"}).status_code == 302
    row = Absence.objects.get()
    assert (row.person, row.starts_at) == (desk.ana, datetime(2026, 3, 4, 5, tzinfo=MADRID))
    with make.signed():
        Absence.objects.update(starts_at=now - HOUR, ends_at=now + HOUR)
    data = filled(client.get(person), **{"absences-0-starts_at_0": "2026-03-01"})
    assert "This absence has begun" in str(errors(client.post(person, data)))
    assert client.post(address("absence_delete", row.pk), {"post": "yes"}).status_code == 302
    assert Absence.objects.get().ends_at == now
