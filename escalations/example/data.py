"""Reads the example's own files: who works here, who buys, what is owed, what people say."""

import tomllib
from pathlib import Path

HERE = Path(__file__).parent
LANGUAGES = ("en", "es", "ru")


def read(name):
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def topics():
    """What customers bring, in the order of the files, each with its language."""
    return [{**topic, "language": code} for code in LANGUAGES for topic in read(f"topics_{code}")["topics"]]
