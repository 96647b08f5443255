import os
import subprocess

from flask import Flask, request
from markupsafe import escape

app = Flask(__name__)


@app.get("/hello")
def hello():
    return f"<p>Hello {escape(request.args.get('name', ''))}</p>"


@app.post("/ping")
def ping():
    return subprocess.run(["echo", "--", request.form["host"]], capture_output=True, text=True).stdout


app.run(port=int(os.environ.get("PORT", "5000")))
