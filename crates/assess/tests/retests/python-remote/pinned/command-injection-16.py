"""Fails while command-injection@4b4324ff (app.py:16) is there, and passes once it is repaired.

Its requests are those of an attacker: run it where nothing can be lost.

    python -m pytest tests/security/test_command_injection_4b4324ff.py

BASE_URL: where the program answers: http://127.0.0.1:5000
TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
TEST_FIELDS (optional): the other fields that the body needs, as JSON
"""

import json
import os
import re
from http.client import HTTPConnection, HTTPSConnection
from types import SimpleNamespace
from urllib.parse import quote, urlencode, urlsplit

import pytest


USER = json.loads(os.environ.get("TEST_USER") or "{}")
FIELDS = json.loads(os.environ.get("TEST_FIELDS") or "{}")
MISSING = [name for name in ["BASE_URL"] if not os.environ.get(name)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"set {', '.join(MISSING)}")


def send(value, headers=USER):
    path = f"/ping"
    headers = dict(headers)
    body, kind = urlencode({**FIELDS, "host": value}).encode(), "application/x-www-form-urlencoded"
    return ask("POST", path, body, kind, headers)


def ask(method, path, body=b"", kind=None, headers=()):
    headers = {**dict(headers), **({"content-type": kind} if kind else {})}
    base = urlsplit(os.environ["BASE_URL"])
    connection = (HTTPSConnection if base.scheme == "https" else HTTPConnection)(base.netloc, timeout=60)
    connection.request(method, base.path.rstrip("/") + path, body, headers)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    return SimpleNamespace(status=answer.status, headers=found, text=answer.read().decode(errors="replace"))


TO_LOGIN = re.compile(r"log-?_?in|sign-?_?in|auth", re.IGNORECASE)


def reached(answer, *also):
    refused = answer.status in (401, 403, 405, 415, 429, *also)
    refused = refused or 300 < answer.status < 309 and TO_LOGIN.search(answer.headers.get("location", ""))
    assert not refused, f"inconclusive: an honest request is answered with {answer.status}; is what stands in the environment right?"


def test_command(tmp_path):
    "POST /ping runs no command"
    reached(send("1"), 400, 422)
    mark = tmp_path / "ran"
    for value in (f"$(touch {mark})", f";touch {mark};", f"';touch {mark};'", f'";touch {mark};"', f"|touch {mark}"):
        send(value)
        assert not mark.exists(), f"{value} was run"
