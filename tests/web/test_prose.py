"""Markdown that people write is shown, and can do no harm."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User

from rollback_console.web.templatetags.prose import prose, render_markdown

HARMFUL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "![pixel](https://example.com/seen.png)",
    "<a href='https://example.com' onclick='alert(1)'>x</a>",
    "<style>body{display:none}</style>",
    '[x](https://example.com "a" onmouseover=alert(1)")',
    "<svg/onload=alert(1)>",
    "<https://example.com/<script>>",
    "| a |\n|---|\n| <iframe src=//example.com> |",
]


@pytest.mark.parametrize("text", HARMFUL)
def test_no_html_of_a_writer_reaches_the_page(text: str) -> None:
    html = render_markdown(text)
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= {"p", "a", "table", "thead", "tbody", "tr", "th", "td"}
    for attributes in re.findall(r"<\w+([^>]*)>", html):
        assert not re.search(
            r"(?:^|\s)on\w+\s*=\s*[^\"]|javascript:|data:", attributes.split("title=")[0]
        )


def test_headings_lists_tables_and_code_are_shown_below_the_headings_of_the_page() -> None:
    html = render_markdown("# Why\n\n- one\n- **two**\n\n`code`\n\n| a |\n|---|\n| b |")
    assert "<h3>Why</h3>" in html
    assert "<li><strong>two</strong></li>" in html
    assert "<code>code</code>" in html
    assert "<td>b</td>" in html


@pytest.mark.django_db
def test_who_is_mentioned_is_named_and_a_stranger_is_left_as_written() -> None:
    User.objects.create_user("lee", first_name="Lee", last_name="<Example>")
    html = prose("Ask @lee, not @nobody or mail@lee.example.")
    assert '<b class="mention">@Lee &lt;Example&gt;</b>, not @nobody or mail@lee.example.' in html
