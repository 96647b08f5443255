import os
import subprocess

from flask import Flask, request

app = Flask(__name__)


@app.get("/hello")
def hello():
    return "<p>Hello " + request.args.get("name", "") + "</p>"


@app.post("/ping")
def ping():
    return subprocess.run("echo " + request.form["host"], shell=True, capture_output=True, text=True).stdout


app.run(port=int(os.environ.get("PORT", "5000")))
