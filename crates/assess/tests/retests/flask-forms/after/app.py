import os
from functools import wraps

import ldap3
from flask import Flask, abort, jsonify, redirect, request, session
from flask_cors import CORS
from flask_wtf import CSRFProtect
from ldap3.utils.conv import escape_filter_chars
from lxml import etree
from pymongo import MongoClient

app = Flask(__name__)
app.secret_key = os.environ["KEY"]
CSRFProtect(app)
CORS(app, origins="https://hall.example", supports_credentials=True)

rooms = MongoClient(os.environ.get("MONGO_URL")).clinic.rooms
rooms.insert_one({"name": "blue", "code": "x"})
people = etree.fromstring("<people><person name='ada'><mail>a@b.example</mail></person></people>")
notes = {"1": "first"}

directory = ldap3.Connection(ldap3.Server("directory"), client_strategy=ldap3.MOCK_SYNC)
for uid in ("ada", "bob"):
    directory.strategy.add_entry(f"uid={uid},ou=people,dc=example", {"uid": uid, "cn": uid, "objectClass": "person"})
directory.bind()


def admin_required(view):
    @wraps(view)
    def inner(*args, **kwargs):
        if session.get("role") != "admin":
            abort(403)
        return view(*args, **kwargs)
    return inner


def login_required(view):
    @wraps(view)
    def inner(*args, **kwargs):
        if "user" not in session:
            return redirect("/login")
        return view(*args, **kwargs)
    return inner


@app.get("/login")
def login():
    return "<form method=post><input name=name></form>"


@app.post("/mail")
@login_required
def mail():
    session["mail"] = request.form["mail"]
    return redirect("/")


@app.post("/notes/delete/<name>")
@login_required
def remove(name):
    os.remove(os.path.join("files", os.path.basename(name)))
    return redirect("/")


@app.get("/admin/people")
@login_required
@admin_required
def everybody():
    return jsonify([mail.text for mail in people.iter("mail")])


@app.get("/feed")
def feed():
    return jsonify(list(notes.values()))


@app.post("/enter")
@login_required
def enter():
    room = rooms.find_one({"name": str(request.json["name"]), "code": str(request.json["code"])})
    if room is None:
        abort(404)
    return jsonify(name=room["name"])


@app.get("/mail")
def mail_of():
    found = people.xpath("//person[@name=$name]/mail", name=request.args["name"])
    return jsonify([mail.text for mail in found])


@app.get("/people")
def search():
    directory.search("ou=people,dc=example", "(uid=" + escape_filter_chars(request.args["user"]) + ")", attributes=["uid"])
    return jsonify([entry.entry_dn for entry in directory.entries])


@app.post("/orders")
@login_required
def order():
    parser = etree.XMLParser(resolve_entities=False)
    return jsonify(note=etree.fromstring(request.data, parser).text)
