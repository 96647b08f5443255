"""Fails while any-origin-with-credentials@2f089a0a (api/main.py:11) is there, and passes once it is repaired.

Its requests are those of an attacker: run it where nothing can be lost.

    python -m pytest tests/security/test_any_origin_with_credentials_2f089a0a.py

TEST_USER (optional): headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
"""

import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from api.main import app

USER = json.loads(os.environ.get("TEST_USER") or "{}")


def send(headers=USER):
    path = f"/go"
    headers = dict(headers)
    body, kind = b"", None
    return ask("GET", path, body, kind, headers)


def ask(method, path, body=b"", kind=None, headers=()):
    headers = {**dict(headers), **({"content-type": kind} if kind else {})}
    client = TestClient(app, raise_server_exceptions=False)
    answer = client.request(method, path, content=body, headers=headers, follow_redirects=False)
    return SimpleNamespace(status=answer.status_code, headers=answer.headers, text=answer.text)


TO_LOGIN = re.compile(r"log-?_?in|sign-?_?in|auth", re.IGNORECASE)


def test_origin():
    "GET /go lets no other site read its answer"
    origin = "https://other.example"
    answer = send({**USER, "origin": origin})
    allowed = answer.headers.get("access-control-allow-origin")
    cookies = answer.headers.get("access-control-allow-credentials") == "true"
    assert allowed is not None or answer.status != 401, "inconclusive: it wants a login"
    assert allowed != origin and not (allowed == "*" and cookies), f"pages of {origin} may read the answer"
