"""Fails while xml-external-entities@d407dfda (app.py:89) is there, and passes once it is repaired.

Its requests are those of an attacker: run it where nothing can be lost.

    python -m pytest tests/security/test_xml_external_entities_d407dfda.py

TEST_USER: headers of a signed-in account as JSON: {"cookie": "sid=…"} or {"authorization": "Bearer …"}
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
MISSING = [name for name in ["TEST_USER"] if not os.environ.get(name)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"set {', '.join(MISSING)}")


def send(value, headers=USER):
    path = f"/orders"
    headers = dict(headers)
    body, kind = value.encode(), "application/xml"
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


def test_xml(tmp_path):
    "POST /orders reads no file for a document"
    file = tmp_path / "secret"
    secret = f"secret-{os.urandom(8).hex()}"
    file.write_text(secret)
    reached(send("<a>1</a>"))
    answer = send(f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file://{file}">]><a>&e;</a>')
    assert secret not in answer.text, "a document reads a file"
