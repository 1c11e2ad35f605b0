"""Words of regulatory packs on pages."""

from django import template

from cases import law_words

register = template.Library()

register.filter("said", law_words.said)
