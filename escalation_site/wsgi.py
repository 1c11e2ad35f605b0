"""The web process's entry point."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from escalation_site import pools

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")
application = get_wsgi_application()
# Every page is loaded now, and not while the first reader waits.
get_resolver().url_patterns  # noqa: B018
pools.borrow()
