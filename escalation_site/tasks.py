"""Upkeep that belongs to no app."""

from celery import shared_task
from django.conf import settings
from sqlalchemy import create_engine, text


@shared_task
def purge_broker():
    """Throw away the embedded broker's delivered messages; return how many.

    It marks them and keeps them, and its every poll reads past them: a week of ticks made a poll cost 0.2 s.
    """
    engine = create_engine(settings.BROKER_URL.removeprefix("sqla+"), connect_args={"timeout": 20})
    try:
        with engine.begin() as connection:
            return connection.execute(text("DELETE FROM kombu_message WHERE NOT visible")).rowcount
    finally:
        engine.dispose()
