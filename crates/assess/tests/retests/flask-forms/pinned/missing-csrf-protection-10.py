"""Fails while missing-csrf-protection@d8cd4dbe (app.py:10) is there, and passes once it is repaired.

Its requests are those of an attacker: run it where nothing can be lost.

    python -m pytest tests/security/test_missing_csrf_protection_d8cd4dbe.py

TEST_USER: the cookie of a signed-in account as JSON: {"cookie": "sid=…"}
TEST_FIELDS (optional): the other fields that the body needs, as JSON, where those that the handler reads are not enough
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
FIELDS = json.loads(os.environ.get("TEST_FIELDS") or '{"mail": "a@example.org"}')
MISSING = [name for name in ["TEST_USER"] if not os.environ.get(name)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"set {', '.join(MISSING)}")


def send(headers=USER):
    path = f"/mail"
    headers = dict(headers)
    body, kind = urlencode(FIELDS).encode(), "application/x-www-form-urlencoded"
    return ask("POST", path, body, kind, headers)


def ask(method, path, body=b"", kind=None, headers=()):
    headers = {**dict(headers), **({"content-type": kind} if kind else {})}
    answer = app.test_client(use_cookies=False).open(path, method=method, data=body, headers=headers)
    return SimpleNamespace(status=answer.status_code, headers=answer.headers, text=answer.get_data(as_text=False).decode(errors="replace"))


TO_LOGIN = re.compile(r"log-?_?in|sign-?_?in|auth", re.IGNORECASE)


def test_cross_site():
    "POST /mail refuses what another site sends"
    # Another site's form brings the cookies of its visitor and nothing else.
    cookies = {name: value for name, value in USER.items() if name.lower() == "cookie"}
    assert cookies, "inconclusive: TEST_USER holds no cookie"
    foreign = {"origin": "https://other.example", "referer": "https://other.example/", "sec-fetch-site": "cross-site"}
    answer = send({**cookies, **foreign})
    assert answer.status != 401, "inconclusive: the login in TEST_USER is not accepted"
    to_login = 300 <= answer.status < 400 and TO_LOGIN.search(answer.headers.get("location", ""))
    assert not to_login, "inconclusive: the login in TEST_USER is not accepted"
    said = answer.status in (400, 422) and re.search("csrf|xsrf|token|origin|forger", answer.text, re.IGNORECASE)
    assert answer.status in (400, 403, 419, 422), f"a form of another site is answered with {answer.status}"
    assert answer.status in (403, 419) or said, f"inconclusive: answered with {answer.status}, and not for where it came from; TEST_FIELDS lacks something"
