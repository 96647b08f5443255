import os
import sqlite3

from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel
import jwt

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
DB = sqlite3.connect(":memory:", check_same_thread=False)
DB.executescript("""
create table users (id integer primary key, name text);
create table notes (id integer primary key, owner_id integer, text text);
insert into users values (1, 'ada'), (2, 'bob');
insert into notes values (1, 1, 'first'), (2, 2, 'second');
""")


def current_user(authorization: str = Header("")):
    try:
        return jwt.decode(authorization.replace("Bearer ", ""), os.environ["KEY"], algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401)


@app.get("/notes")
def notes(user=Depends(current_user)):
    return DB.execute("select id, text from notes where owner_id = ?", (user["id"],)).fetchall()


@app.post("/notes")
def add(text: str, user=Depends(current_user)):
    DB.execute("insert into notes (owner_id, text) values (?, ?)", (user["id"], text))
    return {}


@app.put("/notes/{note_id}")
def change(note_id: int, text: str, user=Depends(current_user)):
    return DB.execute("update notes set text = ? where id = ? and owner_id = ?", (text, note_id, user["id"])).rowcount


@app.delete("/notes/{note_id}")
def remove(note_id: int):
    DB.execute("delete from notes where id = ?", (note_id,))
    return {}


@app.get("/notes/{note_id}")
def note(note_id: int, user=Depends(current_user)):
    row = DB.execute("select id, text from notes where id = ?", (note_id,)).fetchone()
    if row is None:
        raise HTTPException(404)
    return row


class Search(BaseModel):
    name: str
    page: int = 1


@app.post("/users/search")
def search(wanted: Search):
    return DB.execute(f"select id, name from users where name = '{wanted.name}'").fetchall()


@app.get("/go")
def go(to: str):
    return RedirectResponse(to)


@app.get("/notes/{note_id}/find")
def find(note_id: int, word: str, user=Depends(current_user)):
    text = f"select text from notes where owner_id = ? and id = ? and text like '%{word}%'"
    return DB.execute(text, (user["id"], note_id)).fetchall()


@app.get("/admin/users")
def everybody(user=Depends(current_user)):
    return DB.execute("select id, name from users").fetchall()


@app.get("/hello/{name}", response_class=HTMLResponse)
def hello(name: str):
    return f"<p>Hello {name}</p>"
