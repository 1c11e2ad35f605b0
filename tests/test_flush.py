"""Tests with real transactions empty the database afterwards, though the history in it is append-only."""

import pytest
from django.db import DatabaseError, transaction

from cases import history
from cases.models import Skill


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_one_test_committed_the_next_does_not_see_and_the_guards_are_back(turn, now):
    assert Skill.history.count() == 0
    with history.acting(by=history.EXAMPLE, reason="a test", now=now):
        Skill.objects.create(name="billing")
    assert Skill.history.count() == 1

    with pytest.raises(DatabaseError), transaction.atomic():
        Skill.history.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Skill.objects.update(name="unsigned")
