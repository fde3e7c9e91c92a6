"""The words of a page's scripts."""

from __future__ import annotations

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from sessions_app.dashboard.script_words import WORDS

register = template.Library()


@register.simple_tag
def script_words(script: str) -> SafeString:
    """What ``script`` says, as the block in which it looks for it."""
    return json_script(WORDS[script](), f"{script}-words")
