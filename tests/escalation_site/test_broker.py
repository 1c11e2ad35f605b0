"""The embedded broker: what was delivered goes, what waits stays. Celery's settings fit the broker."""

import importlib
import sqlite3
from contextlib import closing

import pytest
from kombu import Connection

from escalation_site import celery, tasks


@pytest.fixture
def broker(tmp_path, settings):
    settings.BROKER_URL = f"sqla+sqlite:///{tmp_path}/broker.sqlite3"
    return tmp_path / "broker.sqlite3"


def kept(path):
    """(delivered, waiting) messages in the broker's file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT sum(NOT visible), sum(visible) FROM kombu_message").fetchone()


# kombu's models use an option of SQLAlchemy that a later release will drop.
@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated")
def test_delivered_messages_are_thrown_away_and_waiting_ones_arrive(broker, settings):
    with Connection(settings.BROKER_URL) as connection:
        queue = connection.SimpleQueue("engine")
        for number in range(5):
            queue.put(number)
        for _ in range(3):
            queue.get(timeout=60).ack()
        assert kept(broker) == (3, 2)

        assert tasks.purge_broker() == 3

        assert kept(broker) == (0, 2)
        assert [queue.get(timeout=60).payload for _ in range(2)] == [3, 4]
        queue.close()


@pytest.fixture
def as_it_was():
    """Set up again from the real settings, once those are back."""
    yield
    importlib.reload(celery)


@pytest.fixture
def app_for(as_it_was, settings):
    """The Celery application as it is set up for a broker."""

    def load(url):
        settings.BROKER_URL = url
        return importlib.reload(celery).app

    return load


@pytest.mark.parametrize(
    ("url", "purged"), [("sqla+sqlite:////tmp/broker.sqlite3", True), ("redis://127.0.0.1/0", False)]
)
def test_only_a_broker_that_keeps_what_it_delivered_is_purged(app_for, url, purged):
    app = app_for(url)
    assert ("broker" in app.conf.beat_schedule) is purged
    assert app.conf.worker_enable_remote_control is not purged


def test_every_scheduled_task_exists_expires_and_goes_to_a_queue_that_has_a_worker(app_for):
    app = app_for("sqla+sqlite:////tmp/broker.sqlite3")
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert 0 < entry["options"]["expires"] <= entry["schedule"]
        assert entry["options"]["queue"] in ("engine", "delivery")
