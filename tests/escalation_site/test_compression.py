"""What leaves compressed, and what does not; measured in bytes by the journeys, as browsers get it."""

import gzip

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from escalation_site.compression import CompressWords

LONG = b"Said again and again. " * 200


def answered(kind, takes="gzip", body=LONG, **headers):
    def page(_request):
        return HttpResponse(body, content_type=kind, headers=headers)

    return CompressWords(page)(RequestFactory().get("/", headers={"accept-encoding": takes}))


@pytest.mark.parametrize(
    "kind", ["text/html; charset=utf-8", "text/css", "application/json", "image/svg+xml"]
)
def test_words_leave_compressed_for_who_takes_it(kind):
    answer = answered(kind)
    assert gzip.decompress(answer.content) == LONG
    assert len(answer.content) < len(LONG) / 10
    assert "Accept-Encoding" in answer["Vary"]
    assert answered(kind, takes="identity").content == LONG


@pytest.mark.parametrize("kind", ["font/woff2", "image/png", "application/pdf", "application/zip"])
def test_what_is_compressed_already_leaves_as_it_is(kind):
    answer = answered(kind)
    assert answer.content == LONG and "Content-Encoding" not in answer


def test_a_file_keeps_its_length_and_the_length_of_a_page_tells_nothing():
    """A browser says how much of a download is left; the length of a page tells nobody what stands in it."""
    file = {"Content-Disposition": "attachment"}
    assert "Content-Encoding" not in answered("text/plain", **file)
    assert len({len(answered("text/html").content) for _again in range(60)}) > 1


def test_it_stands_above_static_files_and_all_that_writes(settings):
    at = settings.MIDDLEWARE.index
    compressing = at("escalation_site.compression.CompressWords")
    assert compressing < at("whitenoise.middleware.WhiteNoiseMiddleware")
    assert compressing < at("django.middleware.csrf.CsrfViewMiddleware")
