"""Fails while sql-injection@6f7aa39b (app.py:62) is there, and passes once it is repaired.

Its requests are those of an attacker: run it where nothing can be lost.

    python -m pytest tests/security/test_sql_injection_6f7aa39b.py

TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
TEST_VALUE (optional): an honest value, where the usual one is refused
"""

import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app import app

USER = json.loads(os.environ.get("TEST_USER") or "{}")


def send(value, headers=USER):
    path = f"/users" + "?" + urlencode({"name": value})
    headers = dict(headers)
    body, kind = b"", None
    return ask("GET", path, body, kind, headers)


def ask(method, path, body=b"", kind=None, headers=()):
    headers = {**dict(headers), **({"content-type": kind} if kind else {})}
    answer = app.test_client(use_cookies=False).open(path, method=method, data=body, headers=headers)
    return SimpleNamespace(status=answer.status_code, headers=answer.headers, text=answer.get_data(as_text=False).decode(errors="replace"))


TO_LOGIN = re.compile(r"log-?_?in|sign-?_?in|auth", re.IGNORECASE)


def reached(answer, *also):
    refused = answer.status in (401, 403, 405, 415, 429, *also)
    refused = refused or 300 < answer.status < 309 and TO_LOGIN.search(answer.headers.get("location", ""))
    assert not refused, f"inconclusive: an honest request is answered with {answer.status}; is what stands in the environment right?"


def test_sql():
    "GET /users takes SQL for text"
    reached(send(os.environ.get("TEST_VALUE") or "1"), 400, 422)
    # Each pair is text that nobody has stored, and to SQL it is two different things.
    pairs = [
        ("x' OR '1'='1", "x' OR '1'='2"),
        ("x'' -- ", "x' '' -- "),
        ("x''", "x'"),
        ('x""', 'x"'),
        ("0 OR 1=1", "0 OR 1=2"),
        ("(1)", "(1"),
    ]

    def besides(answer, value):
        """What an answer says besides the value, however that is written there."""
        text = answer.text
        for mark, written in (("'", r"&#x27;|&#39;|&apos;|\\u0027|%27|\\'"), ('"', r'&quot;|&#34;|\\u0022|%22|\\"')):
            text = re.sub(written, mark, text, flags=re.IGNORECASE)
        for mark in "=() ":
            text = re.sub(f"%{ord(mark):02x}|&#x{ord(mark):x};", mark, text, flags=re.IGNORECASE)
        return answer.status, text.replace(value, "")

    for one, other in pairs:
        answers = send(one), send(other), send(other)
        told, untold, again = (besides(answer, value) for answer, value in zip(answers, (one, other, other)))
        if untold != again:
            told, untold = told[:1], untold[:1]
        assert told == untold, f"{one} is answered otherwise than {other}"
