"""Where the content of attachments lies: one file for each content, under the name of its SHA-256.

A file is there before the row that names it. What no row names (a transaction that was rolled back) is
harmless and is swept away later.
"""

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

NAMED = re.compile(r"^[0-9a-f]{64}$")


def _folder():
    return Path(settings.MEDIA_ROOT) / "attachments"


def path_of(sha256):
    """Raises ValueError for what is no SHA-256 in hex: nothing else ever becomes a path."""
    if not NAMED.match(sha256):
        raise ValueError(f"{sha256!r} names no content.")
    return _folder() / sha256[:2] / sha256


def put(content):
    """Write `content` (bytes), whole or not at all, and return its SHA-256 in hex.

    It is written anew where it is there already: that makes it young again, so that no sweep under way takes
    it from the row that is about to name it.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    path = path_of(sha256)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, waiting = tempfile.mkstemp(dir=path.parent, prefix="new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(waiting, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(waiting)
        raise
    return sha256


def get(sha256):
    """The content as an open binary file. Raises FileNotFoundError."""
    return path_of(sha256).open("rb")


def older_than(at):
    """The paths of everything here that was written before `at` (aware): contents, and what a crash left."""
    for path in _folder().glob("??/*"):
        with suppress(FileNotFoundError):
            if _written_at(path) < at:
                yield path


def remove(path, *, unless_younger_than):
    """Take a file away, but not one that was put there anew meanwhile; whether it went."""
    with suppress(FileNotFoundError):
        if _written_at(path) < unless_younger_than:
            path.unlink()
            return True
    return False


def _written_at(path):
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
