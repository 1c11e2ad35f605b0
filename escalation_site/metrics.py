"""/metrics, for Prometheus: the watchdog's figures, read from the database each time somebody asks.

Nothing is counted in the process that answers. Any web process gives the same answer, so that it matters
neither how many there are nor which was started when, and no counter is lost with one.
"""

from datetime import timedelta
from ipaddress import ip_address

from django.conf import settings
from django.db import Error
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from cases import reconciling, watchdog
from cases.lateness import BOUNDS
from cases.models import TimerRepair
from cases.states import TimerKind

# What a proxy adds: whoever comes through one is not on this machine, whatever the address says.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")
NOTHING = timedelta(0)


@require_safe
@never_cache
def metrics(request):
    """Prometheus' text, for who may read it; 503 without a word more when the database does not answer."""
    if not may_read(request):
        answer = HttpResponse(status=401 if settings.METRICS_TOKEN else 403)
        if settings.METRICS_TOKEN:
            answer["WWW-Authenticate"] = "Bearer"
        return answer
    registry = CollectorRegistry(auto_describe=False)
    write, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        registry.register(Desk(timezone.now()))
        return HttpResponse(write(registry), content_type=content_type)
    except Error:
        return HttpResponse(status=503)


def may_read(request):
    """Whoever brings METRICS_TOKEN; where there is none, whoever asks from this machine and not through a
    proxy on it."""
    if settings.METRICS_TOKEN:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and constant_time_compare(token.strip(), settings.METRICS_TOKEN)
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


class Desk(Collector):
    """The families of metrics, made of one watchdog.State."""

    def __init__(self, now):
        self.now = now

    def describe(self):
        return []  # asked once, at registering; the figures are asked at collecting

    def collect(self):
        found = watchdog.state(self.now)
        yield from self.engines(found)
        yield from self.timers(found)
        yield from self.notices(found)
        yield from self.reconciler()
        yield gauge(
            "desk_history_writers_missing",
            "Writers and guards of the history that the database lacks.",
            len(found.writers_missing),
        )
        wrong = {finding.name for finding in found.findings}
        findings = GaugeMetricFamily(
            "desk_finding", "1 for what the watchdog finds wrong, else 0.", labels=["name"]
        )
        for name in watchdog.FINDINGS:
            findings.add_metric([name], name in wrong)
        yield findings

    def engines(self, found):
        if found.last_pass_at:
            yield gauge(
                "desk_engine_last_pass_timestamp_seconds",
                "When an engine last said that it looks.",
                found.last_pass_at.timestamp(),
            )
        silent = sum(engine.is_silent for engine in found.engines)
        engines = GaugeMetricFamily("desk_engines", "Engines seen in the last day.", labels=["state"])
        engines.add_metric(["looking"], len(found.engines) - silent)
        engines.add_metric(["silent"], silent)
        yield engines
        counts, fired, seconds = watchdog.ever_fired()
        yield CounterMetricFamily("desk_timers_fired", "Timers that ever fired.", value=fired)
        lateness = HistogramMetricFamily(
            "desk_timer_lateness_seconds", "How late timers fired, from when they were due and armed."
        )
        lateness.add_metric([], list(cumulated(counts)), sum_value=seconds)
        yield lateness

    def timers(self, found):
        yield gauge(
            "desk_timers_due",
            f"Timers that are due and have not fired; counted up to {watchdog.ENOUGH + 1}.",
            found.due,
        )
        yield gauge(
            "desk_timers_oldest_due_seconds",
            "How long the oldest of them waits; 0 when none does.",
            age(found.oldest_due_at, self.now),
        )
        if found.next_due_at:
            yield gauge(
                "desk_timers_next_due_timestamp_seconds",
                "When the next timer is due.",
                found.next_due_at.timestamp(),
            )
        yield gauge(
            "desk_timers_tried_again", "Timers that failed and wait for another try.", found.tried_again
        )
        stuck = GaugeMetricFamily(
            "desk_timers_set_aside", "Timers that cannot run, by what they were to do.", labels=["kind"]
        )
        for kind in sorted({*TimerKind.values, *found.set_aside}):
            stuck.add_metric([kind], found.set_aside.get(kind, 0))
        yield stuck

    def reconciler(self):
        repairs = CounterMetricFamily(
            "desk_timer_repairs", "What the reconciler put right, by what it found.", labels=["finding"]
        )
        for finding, count in TimerRepair.objects.tally().items():
            repairs.add_metric([finding], count)
        yield repairs
        if last := reconciling.last_round():
            yield gauge(
                "desk_reconciler_last_round_timestamp_seconds",
                "When the reconciler had last looked at every open case.",
                last.last_finished_at.timestamp(),
            )

    def notices(self, found):
        notices = GaugeMetricFamily(
            "desk_notices",
            f"Notices that have not left, counted up to {watchdog.ENOUGH + 1}; those tried again and those"
            " late are among the waiting.",
            labels=["channel", "state"],
        )
        oldest = GaugeMetricFamily(
            "desk_notices_oldest_seconds",
            "Age of the oldest that waits; 0 when none does.",
            labels=["channel"],
        )
        for box in found.outbox:
            for state in ("waiting", "late", "tried_again", "failed"):
                notices.add_metric([box.channel, state], getattr(box, state))
            oldest.add_metric([box.channel], age(box.oldest_at, self.now))
        yield notices
        yield oldest


def gauge(name, words, value):
    return GaugeMetricFamily(name, words, value=value)


def age(at, now):
    """Seconds since `at`, never below 0; 0 for None."""
    return max(now - at, NOTHING).total_seconds() if at else 0


def cumulated(counts):
    """(upper bound, how many up to it) of each bucket, as Prometheus wants a histogram."""
    total = 0
    for bound, count in zip([*map(float, BOUNDS), None], counts, strict=True):
        total += count
        yield ("+Inf" if bound is None else f"{bound:g}", total)
