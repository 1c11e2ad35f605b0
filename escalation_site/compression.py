"""Words leave compressed, whoever serves them; files that are compressed already leave as they are."""

from django.middleware.gzip import GZipMiddleware

WORDS = ("text/", "application/json", "application/javascript", "application/vnd.oai", "image/svg+xml")


class CompressWords(GZipMiddleware):
    """Compresses text, styles, scripts and JSON for browsers that take it.

    A secret must not be guessed by the length of a page that repeats what was asked (BREACH): the token of
    every form is masked anew in every answer, and the parent pads each answer by up to 100 bytes at random.
    Pictures, fonts and files that came with messages are small already, and keep their length, so that a
    browser can say how much of a download is left.
    """

    def process_response(self, request, response):
        if not response.get("Content-Type", "").startswith(WORDS) or response.get("Content-Disposition"):
            return response
        return super().process_response(request, response)
