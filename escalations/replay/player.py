"""Act out a log's events in their own time, the engine between them, and commit the position with them."""

import hashlib
from datetime import timedelta

from django.utils.translation import gettext as _

from cases import engine, history
from cases.errors import Refused
from cases.models import Case
from cases.operations import ending, intake, pausing, routing, standing
from cases.sets import update_each
from cases.states import CaseStatus
from escalations.models import Replay, ReplayedCase

from . import desk
from .log import LogRefused
from .mapping import CLOSED, ENDED, OPEN, RESOLVED, WAITING

BY = history.REPLAY
# Events committed at once, together with the position after them.
BATCH = 500
DAY = timedelta(days=1)
# A log does not say how long a wait is expected to last; nothing in it waits this long.
LONGEST_WAIT = timedelta(days=400)
KEPT = ["events", "last_closed_at", "made_sla", "reopened", "reassigned"]


class CannotReplay(Exception):
    """This log cannot be replayed here; the message says why and what would help."""


def begin(mapping):
    """The Replay of this mapping's log, begun or to begin. Raises CannotReplay where other live cases are."""
    replay = Replay.objects.filter(name=mapping.name).first()
    if replay is not None and replay.mapping_digest != mapping.digest:
        raise CannotReplay(
            _("“%(name)s” was begun with another mapping; go on with that one, or use a fresh database.")
            % {"name": mapping.name}
        )
    if (
        Case.objects.live().exclude(replayed__replay=replay).exists()
        if replay
        else Case.objects.live().exists()
    ):
        raise CannotReplay(
            _("This database has live cases, which a replay's clock would run late; use a fresh database.")
        )
    return replay or Replay(name=mapping.name, mapping_digest=mapping.digest)


class Player:
    """Plays a log into `replay` (from `begin`). `stopwatch()` gives seconds, `told(player)` hears of it."""

    def __init__(self, replay, mapping, *, stopwatch, told=lambda player: None):
        self.replay, self.mapping = replay, mapping
        self.stopwatch, self.told = stopwatch, told
        self.desk = desk.Desk(mapping) if replay.pk else None
        self._digest = hashlib.sha256()
        self._rows = {}

    def play(self, log):
        """Play what of `log` was not played. Raises LogRefused, all before that line committed."""
        seen, batch = 0, []
        refused = None
        done = self.replay.events
        self._since = self.stopwatch()
        try:
            for event in log:
                seen += 1
                if seen > done:
                    batch.append(event)
                    if len(batch) == BATCH:
                        self._commit(batch)
                        batch = []
                else:
                    self._recognise(event, is_last=seen == done)
        except LogRefused as error:
            refused = error
        self._commit(batch)
        if refused is not None:
            raise refused
        if seen < done:
            raise CannotReplay(
                _("The log ends after %(seen)d of %(done)d events replayed before: it is another one.")
                % {"seen": seen, "done": done}
            )

    def finish(self, log, *, at):
        """The log is over: the engine does what was due by then, once. `at` (aware): the real time."""
        if self.replay.finished_at is None and self.replay.at is not None:
            with history.acting(by=BY, reason=_("replayed"), now=self.replay.at, via="replay", silent=True):
                engine.passes_before(until=self.replay.at + timedelta(microseconds=1))
                self.replay.rows_moved, self.replay.finished_at = log.rows_moved, at
                self._keep_time()
                self.replay.save()

    def _recognise(self, event, *, is_last):
        self._digest.update(event.fingerprint())
        if is_last and self._digest.hexdigest() != self.replay.digest:
            raise CannotReplay(
                _("The log differs from what was replayed up to line %(line)d: it is another one.")
                % {"line": event.line}
            )

    # --- One commit ---

    def _commit(self, batch):
        """Play `batch` in one transaction with the position after it; what an operation refuses ends it."""
        if not batch:
            return
        refused = None
        with (
            history.acting(
                by=BY, reason=_("replayed"), now=batch[0].at, via="replay", silent=True, remembering=True
            ),
            standing.at_the_end(now=batch[-1].at),
        ):
            self._require_nobody_went_on()
            if self.replay.pk is None:
                self._establish(batch[0])
            self.desk.meet(batch)
            self._rows = self._load(batch)
            for event in batch:
                if event.at != self.replay.at:
                    # What an event does at an instant comes before what is due just after it.
                    engine.passes_before(until=event.at)
                try:
                    self._play(event)
                except Refused as error:
                    refused = LogRefused(event.line, " ".join(error.messages))
                    break
                self._digest.update(event.fingerprint())
                self.replay.events += 1
                self.replay.at = event.at
            self._keep_rows()
            self._keep_position()
        self.told(self)
        if refused is not None:
            raise refused

    def _require_nobody_went_on(self):
        """The row stays locked to the end of the commit."""
        row = Replay.objects.select_for_update().filter(name=self.mapping.name).first()
        if (row.events if row else 0) != self.replay.events:
            raise CannotReplay(
                _("Another replay of this log is running on this database; let that one go on.")
            )

    def _establish(self, first):
        with history.acting(by=BY, reason=_("replay begun"), now=first.opened_at - DAY):
            desk.establish(self.mapping, now=first.opened_at - DAY)
            self.replay.save()
        self.desk = desk.Desk(self.mapping)

    def _load(self, batch):
        """{number: its ReplayedCase} of those incidents of `batch` that are known."""
        numbers = {event.number for event in batch}
        rows = ReplayedCase.objects.filter(replay=self.replay, number__in=numbers)
        found = {row.number: row for row in rows}
        cases = Case.objects.hold([row.case_id for row in found.values()])
        for row in found.values():
            row.case = cases[row.case_id]
        return found

    def _keep_rows(self):
        rows = self._rows.values()
        ReplayedCase.objects.bulk_create(row for row in rows if row.pk is None)
        update_each((row for row in rows if row.pk is not None), KEPT)

    def _keep_position(self):
        self._keep_time()
        self.replay.digest = self._digest.hexdigest()
        self.replay.save()

    def _keep_time(self):
        now = self.stopwatch()
        self.replay.seconds += now - self._since
        self._since = now

    # --- One event ---

    def _play(self, event):
        """Carry out what `event` says is different, in one savepoint."""
        row = self._rows.get(event.number)
        if event.values is not event.before:
            with history.acting(by=BY, reason=_("replayed"), now=event.at):
                if row is None:
                    row = ReplayedCase(replay=self.replay, number=event.number, case=self._open(event))
                self._change(row.case, event.before, event.values, event.at)
            self._rows[event.number] = row
        row.events += 1
        row.made_sla, row.reopened, row.reassigned = event.recorded
        if event.values.state == CLOSED:
            row.last_closed_at = event.at

    def _open(self, event):
        says = event.values
        customer = self.desk.customer(says.customer)
        return intake.open_case(
            customer=customer,
            subject=_("Incident %(number)s") % {"number": event.number},
            body=_("Incident %(number)s of %(customer)s, from the log.")
            % {"number": event.number, "customer": customer},
            by=BY,
            now=event.at,
            received_at=event.opened_at,
            channel=says.channel,
            service=self.desk.service,
            category=self.desk.category(says.category),
            impact=says.impact,
            urgency=says.urgency,
            priority=says.priority,
            team=self.desk.team(says.team),
            owner=self.desk.owner(says.owner),
            is_routed=True,
            reference=event.number,
        )

    def _change(self, case, was, says, now):
        """The verbs between two rows of an incident, in the order in which they can follow each other."""
        state = says.state
        waited = was is not None and was.state.startswith(WAITING)
        if not case.is_live and state not in ENDED:
            ending.reopen(case=case, reason=_("reopened in the log"), by=BY, now=now)
        elif waited and state != was.state and state not in ENDED:
            self._resume(case, now)
        if was is not None and (was.priority, was.impact, was.urgency) != (
            says.priority,
            says.impact,
            says.urgency,
        ):
            routing.prioritise(
                case=case, priority=says.priority, impact=says.impact, urgency=says.urgency, by=BY, now=now
            )
        if was is not None and (was.team, was.owner) != (says.team, says.owner):
            team, owner = self.desk.team(says.team), self.desk.owner(says.owner)
            routing.assign(case=case, team=team, owner=owner, reason=_("assigned in the log"), by=BY, now=now)
        if state.startswith(WAITING) and (was is None or state != was.state):
            reason = self.desk.pause_reasons[state.removeprefix(WAITING)]
            pausing.pause(case=case, reason=reason, expected_end_at=now + LONGEST_WAIT, by=BY, now=now)
        elif state == OPEN and case.status == CaseStatus.NEW:
            routing.take_up(case=case, by=BY, now=now)
        elif state == RESOLVED and case.is_live:
            ending.resolve(case=case, reason=_("resolved in the log"), by=BY, now=now)
        elif state == CLOSED and case.status != CaseStatus.CLOSED:
            ending.close(case=case, reason=_("closed in the log"), by=BY, now=now)

    def _resume(self, case, now):
        for row in case.pauses.open().select_related("reason"):
            row.case = case
            pausing.resume(pause=row, by=BY, now=now)
