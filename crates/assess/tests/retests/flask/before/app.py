import os
import sqlite3
import subprocess
from functools import wraps

import jwt
import requests
from flask import Flask, abort, g, jsonify, redirect, request, render_template_string

app = Flask(__name__)
DB = sqlite3.connect(":memory:", check_same_thread=False)
DB.executescript("""
create table users (id integer primary key, name text);
create table orders (id integer primary key, user_id integer, note text);
insert into users values (1, 'ada'), (2, 'bob');
insert into orders values (1, 1, 'first'), (2, 2, 'second');
""")


def login_required(view):
    @wraps(view)
    def inner(*args, **kwargs):
        try:
            g.user = jwt.decode(request.headers.get("Authorization", "").replace("Bearer ", ""), os.environ["KEY"], algorithms=["HS256"])
        except jwt.InvalidTokenError:
            abort(401)
        return view(*args, **kwargs)
    return inner


@app.get("/orders")
@login_required
def orders():
    return jsonify(DB.execute("select id, note from orders where user_id = ?", (g.user["id"],)).fetchall())


@app.put("/orders/<int:order_id>")
@login_required
def change(order_id):
    row = DB.execute("update orders set note = ? where id = ? and user_id = ?", (request.json["note"], order_id, g.user["id"]))
    return jsonify(row.rowcount)


@app.get("/orders/<int:order_id>")
@login_required
def order(order_id):
    row = DB.execute("select id, note from orders where id = ?", (order_id,)).fetchone()
    if row is None:
        abort(404)
    return jsonify(row)


@app.delete("/orders/<int:order_id>")
def remove(order_id):
    DB.execute("delete from orders where id = ?", (order_id,))
    return "", 204


@app.get("/users")
def users():
    name = request.args.get("name", "")
    return jsonify(DB.execute("select id, name from users where name = '" + name + "'").fetchall())


@app.get("/files/<path:name>")
def files(name):
    try:
        with open(os.path.join("files", name)) as file:
            return file.read()
    except OSError:
        abort(404)


@app.get("/go")
def go():
    return redirect(request.args["to"])


@app.get("/hello")
def hello():
    return "<p>Hello " + request.args.get("name", "") + "</p>"


@app.get("/greet")
def greet():
    return render_template_string("<p>" + request.args.get("text", "") + "</p>")


@app.get("/fetch")
def fetch():
    try:
        return requests.get(request.args["url"], timeout=2).text
    except requests.RequestException:
        return "no", 502


@app.post("/ping")
def ping():
    return subprocess.run("echo " + request.form["host"], shell=True, capture_output=True, text=True).stdout
