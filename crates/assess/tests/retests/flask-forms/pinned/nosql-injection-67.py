"""Fails while nosql-injection@25fec4ff (app.py:67) is there, and passes once it is repaired.

Its requests are those of an attacker: run it where nothing can be lost.

    python -m pytest tests/security/test_nosql_injection_25fec4ff.py

TEST_USER: headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
TEST_FIELDS (optional): the other fields that the body needs, as JSON
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
FIELDS = json.loads(os.environ.get("TEST_FIELDS") or "{}")
MISSING = [name for name in ["TEST_USER"] if not os.environ.get(name)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"set {', '.join(MISSING)}")


def send(value, headers=USER):
    path = f"/enter"
    headers = dict(headers)
    body, kind = json.dumps({**FIELDS, "name": value, "code": value}).encode(), "application/json"
    return ask("POST", path, body, kind, headers)


def ask(method, path, body=b"", kind=None, headers=()):
    headers = {**dict(headers), **({"content-type": kind} if kind else {})}
    answer = app.test_client(use_cookies=False).open(path, method=method, data=body, headers=headers)
    return SimpleNamespace(status=answer.status_code, headers=answer.headers, text=answer.get_data(as_text=False).decode(errors="replace"))


TO_LOGIN = re.compile(r"log-?_?in|sign-?_?in|auth", re.IGNORECASE)


def reached(answer, *also):
    refused = answer.status in (401, 403, 405, 415, 429, *also)
    refused = refused or 300 < answer.status < 309 and TO_LOGIN.search(answer.headers.get("location", ""))
    assert not refused, f"inconclusive: an honest request is answered with {answer.status}; is what stands in the environment right?"


def test_nosql():
    "POST /enter takes operators for values that it refuses"
    plain = send(os.environ.get("TEST_VALUE") or "1")
    reached(plain, 400, 422)
    for operator in ({"$ne": None}, {"$gt": ""}, {"$casemate": "1"}):
        answer = send(operator)
        if answer.status in (400, 401, 404, 422):
            continue
        # Answered as any text, or as the text that it becomes where it is made one.
        texts = plain, send(str(operator)), send(json.dumps(operator))
        alike = any((one.status, len(one.text)) == (answer.status, len(answer.text)) for one in texts)
        assert alike, f"{operator} is answered with {answer.status}, and otherwise than a text"
