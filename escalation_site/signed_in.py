"""Who is signed in, asked first by every request: their session and their row, by queries compiled once."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.utils import timezone

from cases.models import Person
from cases.prepared import Given, Prepared

SESSIONS = Prepared(lambda: Session.objects.filter(session_key=Given("key"), expire_date__gt=Given("now")))
PEOPLE = Prepared(lambda: Person.objects.filter(pk=Given("person")))


class SessionStore(DatabaseSessions):
    def _get_session_from_db(self):
        found = SESSIONS.all(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
            return None
        return found[0]


class People(ModelBackend):
    def get_user(self, user_id):
        found = PEOPLE.all(person=user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None
