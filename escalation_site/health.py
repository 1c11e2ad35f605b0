"""What a load balancer or a watchman asks: does the process answer, and can the desk do its work?"""

from django.db import Error
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cases import watchdog

# What each part is called when it is not well. Names and limits, and nothing else, are for strangers.
ILL = {"engine": "silent", "backlog": "late", "history": "incomplete"}


@require_safe
@never_cache
def live(request):
    """The process answers. Nothing else is asked, so that a slow database restarts no web process."""
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def ready(request):
    """200 when the database answers, the engine passes and keeps up, and the history is written; else 503.

    Each part by name, with the limit in seconds at which it turns.
    """
    try:
        parts = watchdog.readiness(timezone.now())
    except Error:
        # Whatever it said may name hosts and users: it goes to the log of the server, not to who asks.
        answer = {"database": "does not answer", **dict.fromkeys(ILL, "unknown")}
        return JsonResponse({"status": "not ready", **answer}, status=503)
    answer = {"database": "ok"} | {name: "ok" if well else ILL[name] for name, (well, _) in parts.items()}
    limits = {name: limit for name, (_, limit) in parts.items() if limit is not None}
    well = set(answer.values()) == {"ok"}
    return JsonResponse(
        {"status": "ready" if well else "not ready", **answer, "limits": limits}, status=200 if well else 503
    )
