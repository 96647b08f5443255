"""Fails while open-redirect@6776f015 (api/main.py:70) is there, and passes once it is repaired.

Its requests are those of an attacker: run it where nothing can be lost.

    python -m pytest tests/security/test_open_redirect_6776f015.py

TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
TEST_VALUE (optional): an honest value, where the usual one is refused
"""

import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlencode, urljoin, urlsplit

import pytest
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from api.main import app

USER = json.loads(os.environ.get("TEST_USER") or "{}")


def send(value, headers=USER):
    path = f"/go" + "?" + urlencode({"to": value})
    headers = dict(headers)
    body, kind = b"", None
    return ask("GET", path, body, kind, headers)


def ask(method, path, body=b"", kind=None, headers=()):
    headers = {**dict(headers), **({"content-type": kind} if kind else {})}
    client = TestClient(app, raise_server_exceptions=False)
    answer = client.request(method, path, content=body, headers=headers, follow_redirects=False)
    return SimpleNamespace(status=answer.status_code, headers=answer.headers, text=answer.text)


TO_LOGIN = re.compile(r"log-?_?in|sign-?_?in|auth", re.IGNORECASE)


def test_redirect():
    "GET /go leads to no other host"
    for value in ("https://other.example/", "//other.example/", "https://other.example"):
        to = send(value).headers.get("location")
        if to is not None:
            assert urlsplit(urljoin("http://own.example/", to)).netloc != "other.example", f"{value} leads to another host"
    honest = send(os.environ.get("TEST_VALUE") or "/")
    assert honest.headers.get("location") is not None, f"inconclusive: an honest request is answered with {honest.status} and leads nowhere; let TEST_VALUE be an address that it leads to"
