"""The web process's entry point."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from escalation_site import pools

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")
application = get_wsgi_application()
# Every page is loaded now, and not while the first reader waits.
import_module(settings.ROOT_URLCONF)
pools.borrow()
