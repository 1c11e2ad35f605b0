"""Another desk's log, replayed: its figures, its order, what stops it, and going on after that."""

import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import Lag
from django.utils import timezone

from cases import history
from cases.errors import Refused
from cases.hours import WorkingHours
from cases.models import Case, Clock, EnginePass, Notice, Timer
from cases.operations import routing
from cases.states import CaseStatus, Metric, Priority
from escalations.models import Escalation, Replay, ReplayedCase
from escalations.replay import mapping as mappings
from escalations.replay import player as players
from escalations.replay import verdict
from escalations.replay.log import Log, LogRefused
from escalations.replay.report import report_of
from tests import factories as make

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT.parent / "shared" / "data" / "uci_incident_sample_400.csv"
needs_sample = pytest.mark.skipif(
    not SAMPLE.exists(), reason=f"there is no {SAMPLE}: the sample log is not replayed"
)

HEAD = (
    "number,incident_state,priority,impact,urgency,opened_at,sys_updated_at,assignment_group,assigned_to,caller_id,"
    "contact_type,category,made_sla,reopen_count,reassignment_count"
)
MEDIUM = "3 - Moderate,2 - Medium,2 - Medium"
URGENT = "1 - Critical,1 - High,1 - High"


def row(
    number, at, state, *, opened="1/3/2016 15:00", priority=MEDIUM, team="Group 1", owner="Ana", made="true"
):
    return f"{number},{state},{priority},{opened},{at},{team},{owner},Caller 7,Phone,Printers,{made},0,0"


# Two incidents, the second opened before the first is done. Monday to Friday 14:00-23:00; urgent: four hours.
SMALL = [
    HEAD,
    row("INC1", "1/3/2016 15:00", "New", priority=URGENT, made="false"),
    row("INC1", "1/3/2016 15:30", "Active", priority=URGENT, made="false"),
    row("INC1", "1/3/2016 20:00", "Awaiting User Info", priority=URGENT, team="Group 2", made="false"),
    row("INC1", "2/3/2016 15:00", "Resolved", priority=URGENT, team="Group 2", made="false"),
    row("INC1", "4/3/2016 15:00", "Closed", priority=URGENT, team="Group 2", made="false"),
    row("INC2", "1/3/2016 16:00", "Active", opened="1/3/2016 15:45", owner="?"),
    row("INC2", "1/3/2016 17:00", "Resolved", opened="1/3/2016 15:45"),
    row("INC2", "1/3/2016 18:00", "Active", opened="1/3/2016 15:45"),
    row("INC2", "1/3/2016 19:00", "Closed", opened="1/3/2016 15:45"),
]


@pytest.fixture
def written(tmp_path):
    """Write lines as a log and return its path."""

    def write(lines, name="log.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def excerpt(incidents):
    """The sample's lines of its first so many incidents."""
    lines = SAMPLE.read_text(encoding="utf-8-sig").splitlines()
    numbers = list(dict.fromkeys(line.split(",")[0] for line in lines[1:]))[:incidents]
    return [lines[0], *(line for line in lines[1:] if line.split(",")[0] in numbers)]


def replay(path, **options):
    """Run the command; return what it printed."""
    out = StringIO()
    call_command("replay_incidents", str(path), stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- The log ---


def test_events_come_in_order_of_time_though_the_file_is_grouped_by_incident(written):
    events = list(Log(written(SMALL), mappings.load()))
    assert [(e.number, e.at) for e in events] == sorted(
        [(e.number, e.at) for e in events], key=lambda pair: pair[1]
    )
    assert [e.line for e in events] == [2, 3, 7, 8, 9, 10, 4, 5, 6]
    assert events[0].before is None and events[1].before == events[0].values


def test_a_row_a_little_early_is_taken_as_of_its_incidents_last_and_counted(written):
    lines = [*SMALL[:3], row("INC1", "1/3/2016 12:30", "Active", priority=URGENT, owner="Bo")]
    log = Log(written(lines), mappings.load())
    assert [e.at for e in log][-1] == at("2016-03-01 15:30")  # exactly the slack of three hours
    assert log.rows_moved == 1


@pytest.mark.parametrize(
    ("line", "change", "reason"),
    [
        (5, lambda text: text.replace("Resolved", "Odd"), "unknown incident_state “Odd”"),
        (5, lambda text: text.replace("1 - Critical", "0 - Now"), "unknown priority “0 - Now”"),
        (5, lambda text: text.rsplit(",", 1)[0], "14 fields instead of 15"),
        (
            5,
            lambda text: text.replace("2/3/2016 15:00", "yesterday"),
            "sys_updated_at “yesterday” is no time",
        ),
        (
            5,
            lambda text: text.replace("2/3/2016 15:00", "1/3/2016 16:59"),
            "before the time already replayed",
        ),
        (
            5,
            lambda text: text.replace("1/3/2016 15:00", "1/3/2016 14:00"),
            "was opened at another time before",
        ),
        (
            7,
            lambda text: text.replace("1/3/2016 15:45", "1/3/2016 14:59"),
            "before the time already replayed",
        ),
        (5, lambda text: text.replace("INC1", "?"), "it has no incident number"),
        (5, lambda text: text.replace(",false,", ",perhaps,"), "neither true nor false"),
        (5, lambda text: text[:-1] + "x", "reassignment_count “x” is no count"),
        (1, lambda text: text.replace("incident_state", "state"), "missing columns: incident_state"),
    ],
)
def test_a_line_that_cannot_be_is_named_with_its_reason(written, line, change, reason):
    lines = list(SMALL)
    lines[line - 1] = change(lines[line - 1])
    with pytest.raises(LogRefused) as refused:
        list(Log(written(lines), mappings.load()))
    assert refused.value.line == line
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 1, "the file is empty"),
        (bytes(range(128, 256)) * 9, 1, "this is no text in utf-8"),
        ("\n".join(SMALL).encode().replace(b"Group 2", b"Gr\xffup", 1), 4, "this is no text in utf-8"),
        (b"\x1f\x8b" + b"\x08" * 40, 1, "cannot be read as CSV"),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path, content, line, reason):
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(LogRefused) as refused:
        list(Log(path, mappings.load()))
    assert (refused.value.line, reason in refused.value.reason) == (line, True)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(LogRefused, match="cannot be read"):
        list(Log(tmp_path / "none.csv", mappings.load()))


# --- The mapping ---


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"Active" = "open"', '"Active" = "opened"', "states says opened"),
        ('ordered_by = "opened_at"', 'ordered_by = "number"', "ordered_by says number"),
        ('number = "number"', "", "no entry 'number'"),
        ("customer = []", 'customer = ["tea"]', "waiting says tea"),
        ('zone = "UTC"', 'zone = "Mars/Olympus"', "Mars/Olympus"),
        ("urgent = 14400", 'urgent = "soon"', "wrong kind"),
        ("[file]", "[file", "cannot be read"),
    ],
)
def test_a_mapping_with_a_fault_says_which(tmp_path, old, new, says):
    path = tmp_path / "mapping.toml"
    path.write_text(mappings.DEFAULT.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(mappings.BadMapping, match=re.escape(says)):
        mappings.load(path)


# --- The verdicts ---


def incident(**fields):
    opened, closed = at("2016-03-01 15:00"), at("2016-03-01 18:00")
    defaults = {
        "number": "INC1",
        "priority": Priority.URGENT,
        "opened_at": opened,
        "first_closed_at": closed,
        "last_closed_at": closed,
        "was_breached": False,
        "counted_seconds": 10800,
        "reopened": 0,
        "reassigned": 0,
        "recorded_made_sla": True,
        "recorded_reopened": 0,
        "recorded_reassigned": 0,
    }
    return verdict.Incident(**{**defaults, **fields})


@pytest.fixture
def rule():
    hours = WorkingHours.from_dict({"calendar": {"tue": [["14:00", "23:00"]]}, "tz": "UTC"})
    return verdict.Desk(hours, {Priority.URGENT: 4 * 3600}, at("2016-03-31 00:00"))


@pytest.mark.parametrize(("seconds", "met"), [(-1, True), (0, True), (1, False)])
def test_the_desks_rule_is_met_while_what_passed_is_within_the_term(rule, seconds, met):
    assert rule.met(incident(last_closed_at=at("2016-03-01 19:00") + timedelta(seconds=seconds))) is met


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"was_breached": True}, "under an earlier priority"),
        ({"last_closed_at": at("2016-03-08 20:00")}, "closed once more after it had been closed"),
        (
            {"first_closed_at": at("2016-03-08 20:00"), "last_closed_at": at("2016-03-08 20:00")},
            "before it was reopened is not counted",
        ),
    ],
)
def test_where_the_two_rules_differ_the_reason_is_given(rule, fields, reason):
    [difference] = verdict.figures([incident(**fields)], rule)["differences"]
    assert difference["desk"] is not difference["house"]
    assert reason in difference["reason"]


# --- The replay ---


@needs_sample
@pytest.mark.django_db
def test_the_sample_gives_the_figures_that_were_worked_out_by_hand(tmp_path):
    report = tmp_path / "report.json"
    printed = replay(SAMPLE, report=report)
    figures = json.loads(report.read_text(encoding="utf-8"))
    assert {key: figures[key] for key in ("incidents", "events", "breaches", "timers_set_aside")} == {
        "incidents": 400,
        "events": 2698,
        "breaches": 245,
        "timers_set_aside": 0,
    }
    matches = ("made_sla_matches", "house_rule_matches", "reopen_matches", "reassignment_matches")
    assert [figures[key] for key in matches] == [397, 398, 400, 393]
    [difference] = figures["differences"]
    assert (difference["number"], difference["desk"], difference["house"]) == ("INC0010167", False, True)
    assert figures["escalations_by_level"]["1"] == 245  # the ladder starts on each breach
    assert 0 < figures["peak_memory_mb"] <= 500 and figures["events_per_second"] > 0
    assert "made_sla_matches: 397" in printed and "INC0010167: desk missed, house met" in printed
    # Notices are recorded and none is delivered, not even within the house.
    assert figures["notices_recorded"] == Notice.objects.count() > 0
    assert not Notice.objects.exclude(state=Notice.State.RECORDED).exists()
    # What the engine did is signed by it, at the log's own time, and known to have come of a replay's clock.
    started = Escalation.history.filter(history_type="+").earliest("history_id")
    assert started.history_user_id == history.ENGINE.pk and started.history_date.year == 2016
    assert moves_in_the_history() == sum(Case.objects.values_list("reassigned_count", flat=True))
    assert not Timer.objects.pending().exclude(case__status=CaseStatus.CLOSED).exists()
    # Run again, it finds everything done.
    before = Case.history.count()
    assert "made_sla_matches: 397" in replay(SAMPLE)
    assert Case.history.count() == before


def moves_in_the_history():
    """Changes of team, to and from none included, told by the history alone."""
    rows = Case.history.annotate(
        before=Window(Lag("team_id"), partition_by=F("id"), order_by=F("history_id").asc())
    ).values_list("history_type", "team_id", "before")
    return sum(kind == "~" and team != before for kind, team, before in rows)


@pytest.mark.django_db
def test_a_case_goes_through_the_same_operations_at_the_logs_own_time(written):
    replay(written(SMALL))
    case = Case.objects.get(reference="INC1")
    assert (case.status, case.team.name, case.reassigned_count) == (CaseStatus.CLOSED, "Group 2", 1)
    assert case.closed_at == at("2016-03-04 15:00")
    pause = case.pauses.get()
    assert (pause.started_at, pause.ended_at) == (at("2016-03-01 20:00"), at("2016-03-02 15:00"))
    clock = case.clocks.get(metric=Metric.RESOLUTION)
    assert clock.breached_at == at("2016-03-01 19:00")  # four hours; waiting stops nothing in this log
    escalation = case.escalations.get()
    assert (escalation.started_at - clock.breached_at) < timedelta(seconds=1)
    assert (escalation.state, escalation.outcome) == (Escalation.State.ENDED, Escalation.Outcome.RESOLVED)
    other = Case.objects.get(reference="INC2")
    assert (other.reopened_count, other.reassigned_count, other.owner.name) == (1, 0, "Ana")
    signed = other.history.latest("history_id")
    assert (signed.history_user_id, signed.history_via, signed.history_date) == (
        history.REPLAY.pk,
        "replay",
        at("2016-03-01 19:00"),
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("minute", "breached"), [("18:59", False), ("19:00", False), ("19:01", True)])
def test_an_event_at_the_very_instant_comes_before_the_breach(written, minute, breached):
    lines = [*SMALL[:3], row("INC1", f"1/3/2016 {minute}", "Closed", priority=URGENT)]
    replay(written(lines))
    assert (Clock.objects.get(metric=Metric.RESOLUTION).breached_at is not None) is breached


@pytest.mark.django_db
def test_a_breach_stands_after_the_priority_fell_and_closing_again_changes_nothing(written):
    lines = [
        *SMALL[:3],
        row("INC1", "1/3/2016 20:00", "Active"),
        row("INC1", "1/3/2016 21:00", "Closed"),
        row("INC1", "3/3/2016 21:00", "Closed"),
    ]
    replay(written(lines))
    [seen] = report_of(Replay.objects.get())["differences"]
    assert (seen["desk"], seen["house"]) == (True, False)
    assert ReplayedCase.objects.get().last_closed_at == at("2016-03-03 21:00")
    assert Case.objects.get().closed_at == at("2016-03-01 21:00")


@needs_sample
@pytest.mark.django_db
def test_stopped_at_any_commit_it_goes_on_and_ends_the_same_with_nothing_twice(written, monkeypatch):
    monkeypatch.setattr(players, "BATCH", 40)
    path = written(excerpt(30))
    with transaction.atomic():
        replay(path)
        whole, rows = _figures(), _counts()
        transaction.set_rollback(True)

    keep, commits = players.Player._keep_position, []

    def stopped_now_and_then(player):
        keep(player)
        commits.append(player)
        if len(commits) in (2, 4, 5):
            raise KeyboardInterrupt

    monkeypatch.setattr(players.Player, "_keep_position", stopped_now_and_then)
    for done in (40, 80, 80):
        with pytest.raises(KeyboardInterrupt):
            replay(path)
        assert Replay.objects.get().events == done
    replay(path)
    assert (_figures(), _counts()) == (whole, rows)


def _figures():
    figures = report_of(Replay.objects.get())
    return {key: value for key, value in figures.items() if key not in ("seconds", "events_per_second")}


def _counts():
    return [model.objects.count() for model in (Case, Clock, Escalation, Notice, Timer)] + [
        Case.history.count()
    ]


@pytest.mark.django_db
def test_a_bad_line_keeps_what_came_before_it_and_mended_it_goes_on(written):
    bad = list(SMALL)
    bad[8] = bad[8].replace("Active", "Odd")
    with pytest.raises(CommandError, match="line 9: unknown incident_state") as refused:
        replay(written(bad))
    assert refused.value.returncode == 2
    assert "Kept: 2 events" in str(refused.value)
    assert list(Case.objects.values_list("reference", flat=True)) == [
        "INC1"
    ]  # nothing of the incident at fault
    replay(written(SMALL))
    assert Case.objects.count() == 2 and Replay.objects.get().events == 9


@pytest.mark.django_db
def test_what_an_operation_refuses_is_named_by_its_line_and_leaves_no_half_of_the_event(written, monkeypatch):
    assign = routing.assign

    def refusing(**given):
        assign(**given)
        raise Refused("Not today.")

    monkeypatch.setattr(routing, "assign", refusing)
    with pytest.raises(CommandError, match="line 8: Not today.") as refused:
        replay(written(SMALL))
    assert refused.value.returncode == 2
    assert Replay.objects.get().events == 3
    assert Case.objects.get(reference="INC2").owner is None
    monkeypatch.setattr(routing, "assign", assign)
    replay(written(SMALL))
    assert Case.objects.get(reference="INC2").owner.name == "Ana"


@pytest.mark.django_db
def test_another_log_or_another_mapping_is_not_taken_for_the_one_begun(written, tmp_path):
    replay(written(SMALL))
    other = [line.replace("Group 1", "Group 9") for line in SMALL]
    with pytest.raises(CommandError, match="differs from what was replayed"):
        replay(written(other))
    with pytest.raises(CommandError, match="it is another one"):
        replay(written(SMALL[:6]))
    changed = tmp_path / "mapping.toml"
    changed.write_text(mappings.DEFAULT.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    with pytest.raises(CommandError, match="begun with another mapping"):
        replay(written(SMALL), mapping=changed)
    assert Replay.objects.get().events == 9


@pytest.mark.django_db
def test_two_replays_at_once_the_second_stops(written):
    log = Log(written(SMALL), read := mappings.load())
    first, second = (players.Player(players.begin(read), read, stopwatch=lambda: 0.0) for _ in range(2))
    first.play(log)
    with pytest.raises(players.CannotReplay, match="Another replay of this log is running"):
        second.play(log)
    assert Replay.objects.get().events == 9 and Case.objects.count() == 2


@pytest.mark.django_db
def test_a_database_with_live_cases_is_refused_and_one_with_closed_cases_is_not(written, now):
    case = make.case(now=now)
    with pytest.raises(CommandError, match="live cases") as refused:
        replay(written(SMALL))
    assert refused.value.returncode == 2 and not Replay.objects.exists()
    with make.signed(now):
        Case.objects.filter(pk=case.pk).update(status=CaseStatus.CLOSED, closed_at=now)
    replay(written(SMALL))
    assert Replay.objects.get().events == 9


@pytest.mark.django_db
def test_a_database_on_which_an_engine_is_at_work_is_refused(written):
    EnginePass.objects.create(worker="w", started_at=timezone.now())
    with pytest.raises(CommandError, match="An engine is at work"):
        replay(written(SMALL))
    EnginePass.objects.update(started_at=timezone.now() - timedelta(seconds=60))
    replay(written(SMALL))


@pytest.mark.django_db
def test_another_desks_export_is_read_by_a_mapping_of_its_own(written, tmp_path):
    text = mappings.DEFAULT.read_text(encoding="utf-8")
    for old, new in (
        ('name = "Incident log"', 'name = "Tickets"'),
        ('delimiter = ","', 'delimiter = ";"'),
        ('date_format = "%d/%m/%Y %H:%M"', 'date_format = "%Y-%m-%dT%H:%M"'),
        ('zone = "UTC" ', 'zone = "Europe/Madrid" '),
        ('ordered_by = "opened_at"', 'ordered_by = "at"'),
        ('state = "incident_state"', 'state = "Estado"'),
        ('"Active" = "open"', '"En curso" = "open"'),
        ('made_sla = "made_sla"', ""),
        ('"New" = "new"', '"Nuevo" = "new"'),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    lines = [
        HEAD.replace("incident_state", "Estado").replace(",", ";"),
        row("T1", "2016-03-01T16:00", "Nuevo", opened="2016-03-01T16:00").replace(",", ";"),
        row("T2", "2016-03-01T16:10", "Nuevo", opened="2016-03-01T15:30").replace(",", ";"),
        row("T1", "2016-03-01T16:20", "En curso", opened="2016-03-01T16:00").replace(",", ";"),
        row("T2", "2016-03-01T16:40", "Closed", opened="2016-03-01T15:30").replace(",", ";"),
    ]
    printed = replay(written(lines), mapping=own)
    assert Case.objects.get(reference="T1").received_at == at("2016-03-01 15:00")  # Madrid is an hour ahead
    assert Case.objects.get(reference="T1").status == CaseStatus.OPEN
    assert "incidents: 2" in printed and "made_sla_matches: 0" in printed  # it records none
