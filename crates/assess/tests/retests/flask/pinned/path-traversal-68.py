"""Fails while path-traversal@ac55893a (app.py:68) is there, and passes once it is repaired.

Its requests are those of an attacker: run it where nothing can be lost.

    python -m pytest tests/security/test_path_traversal_ac55893a.py

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
    path = f"/files/{quote(value, safe='')}"
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


def test_path(tmp_path):
    "GET /files/<path:name> keeps to its folder"
    secret = f"secret {os.urandom(8).hex()}"
    kept = [tmp_path / f"kept{ending}" for ending in ("", ".txt", ".json", ".html", ".md", ".csv", ".pdf", ".png", ".log")]
    for file in kept:
        file.write_text(secret)
    reached(send(os.environ.get("TEST_VALUE") or "retest"), 400, 422)
    for lead in (("../" * 14)[:-1], ""):
        for name in ("kept", "kept.txt", "made"):
            answer = send(f"{lead}{tmp_path}/{name}")
            assert secret not in answer.text, "a file outside is shown"
    assert all(file.exists() and file.read_text() == secret for file in kept), "a file outside was changed"
    assert len(list(tmp_path.iterdir())) == len(kept), "a file outside was made"
