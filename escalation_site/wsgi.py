"""The web process's entry point."""

import os

from django.core.wsgi import get_wsgi_application

from escalation_site import pools

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "escalation_site.settings")
application = get_wsgi_application()
pools.borrow()
