"""What a load balancer or a watchman asks: does the process answer, and can the desk do its work?"""

from datetime import timedelta

from django.db import DatabaseError
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cases.models import EnginePass

# An idle engine says once a second that it looks; this long without a word, it has stopped.
SILENCE = timedelta(seconds=30)


@require_safe
@never_cache
def live(request):
    """The process answers. Nothing else is asked, so that a slow database restarts no web process."""
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def ready(request):
    """200 when the database answers and the engine passes, else 503; each finding by name."""
    try:
        last = last_pass()
    except DatabaseError:
        findings = {"database": "does not answer", "engine": "unknown"}
    else:
        fresh = last is not None and timezone.now() - last <= SILENCE
        findings = {"database": "ok", "engine": "ok" if fresh else "silent"}
        findings["last_pass"] = last and last.isoformat()
    well = findings["database"] == findings["engine"] == "ok"
    return JsonResponse({"status": "ready" if well else "not ready", **findings}, status=200 if well else 503)


def last_pass():
    """When an engine last said that it looks, or None."""
    return EnginePass.objects.order_by("-started_at").values_list("started_at", flat=True).first()
