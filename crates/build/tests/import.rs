//! Drafts from other formats: what is carried over, and that all the rest is said.

use casemate_build::generate;
use casemate_build::import::{Draft, ImportError, import};
use std::path::Path;

fn draft(text: &str, path: &str) -> Draft {
    let draft =
        import(text, Path::new(path), "fallback").unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(draft.problems, [], "{}", draft.text);
    assert!(generate(&draft.text).is_ok(), "{}", draft.text);
    draft
}

fn check(text: &str, path: &str, lines: &[&str], notes: &[&str]) {
    let draft = draft(text, path);
    for line in lines {
        assert!(
            draft.text.lines().any(|other| other == *line),
            "no `{line}` in\n{}",
            draft.text
        );
    }
    for note in notes {
        assert!(
            draft.notes.iter().any(|other| other.contains(note)),
            "no `{note}` in {:#?}",
            draft.notes
        );
    }
}

#[test]
fn sql_of_people() {
    check(
        "create type state as enum ('DRAFT', 'sent');
         create table users (id uuid primary key, email text not null);
         create table \"Categories\" (id serial primary key, name varchar(80) not null unique);
         create table letters (
           id bigint generated always as identity primary key,
           author_id uuid not null references users (id) on delete cascade,
           category integer references \"Categories\" (id) on delete set null,
           subject text not null check (char_length(subject) between 1 and 120),
           body text,
           stars int not null default 3 check (stars >= 1 and stars <= 5),
           kind text not null check (kind in ('a', 'b')),
           state state not null default 'DRAFT',
           price numeric(10,2) not null,
           weight real,
           tags text[],
           seen boolean not null default false,
           secret_token text,
           \"order\" int,
           meta jsonb,
           created_at timestamptz default now(),
           unique (author_id, subject)
         );
         create index on letters (stars);
         create index on letters (author_id, stars);
         create view v as select 1;
         grant select on letters to x;",
        "schema.sql",
        &[
            "[entity.category]",
            "fields.name = \"text(80) unique\"",
            "[entity.letter]",
            "owner = \"author\"",
            "fields.author = \"ref(user) on_delete=cascade\"",
            "fields.category = \"ref(category) optional on_delete=set_null\"",
            "fields.subject = \"text(1..120)\"",
            "fields.body = \"text(2000) optional\"",
            "fields.stars = \"int(1..5) = 3\"",
            "fields.kind = \"enum(a, b)\"",
            "fields.state = \"enum(draft, sent) = draft\"",
            "fields.price = \"money(EUR)\"",
            "fields.seen = \"bool = false\"",
            "fields.order_value = \"int optional\"",
            "allow.read = \"role:admin\"",
            "list = { filter = [\"category\", \"stars\"], sort = [\"created_at\"], max = 100 }",
        ],
        &[
            "`users`: every backend has its own; left out with `id`, `email`",
            "`letters`: `weight` is left out: numbers with a point",
            "`letters`: `tags` is left out: lists",
            "`letters`: `secret_token` is left out: secrets",
            "`letters`: `meta` is left out: documents",
            "`letters`: `order` is called `order_value`",
            "`letters`: author_id, subject are unique together",
            "`letters`: an index over author_id, stars",
            "1 × create view",
            "1 × grant",
        ],
    );
}

#[test]
fn sql_of_dumps() {
    check(
        "SET statement_timeout = 0;
CREATE TABLE public.notes (
    id integer NOT NULL,
    title character varying(200) NOT NULL,
    owner_id integer NOT NULL,
    parent_id integer,
    status character varying DEFAULT 'open'::character varying NOT NULL,
    CONSTRAINT s CHECK (((status)::text = ANY ((ARRAY['open'::character varying, 'done'::character varying])::text[])))
);
CREATE SEQUENCE public.notes_id_seq;
CREATE TABLE public.users (id integer NOT NULL);
COPY public.notes (id, title) FROM stdin;
1	create table x (id int);
\\.
ALTER TABLE ONLY public.notes ADD CONSTRAINT notes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notes ADD CONSTRAINT o FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notes ADD CONSTRAINT p FOREIGN KEY (parent_id) REFERENCES public.notes(id);
ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;",
        "dump.sql",
        &[
            "owner = \"owner\"",
            "fields.title = \"text(200)\"",
            "fields.status = \"enum(open, done) = open\"",
        ],
        &["`parent` is left out: it would close a circle", "row level security", "copy"],
    );
}

#[test]
fn prisma() {
    check(
        "datasource db { provider = \"postgresql\" }
generator client {
  provider = \"prisma-client-js\"
}
enum Status {
  OPEN
  DONE
}
model User {
  id    Int    @id @default(autoincrement())
  posts Post[]
}
model Post {
  id        String   @id @default(uuid())
  title     String   @db.VarChar(120) // a title
  slug      String   @unique
  status    Status   @default(OPEN)
  views     BigInt   @default(0)
  rating    Float?
  dueOn     DateTime? @db.Date
  authorId  Int
  author    User     @relation(fields: [authorId], references: [id], onDelete: Cascade)
  tagId     String?
  tag       Tag?     @relation(\"T\", fields: [tagId], references: [id], onDelete: SetNull)
  createdAt DateTime @default(now())
  @@index([status])
  @@unique([title, slug])
  @@map(\"posts\")
}
model Tag {
  id    String @id
  name  String
  posts Post[] @relation(\"T\")
}",
        "schema.prisma",
        &[
            "[entity.post]",
            "owner = \"author\"",
            "fields.title = \"text(120)\"",
            "fields.slug = \"text(2000) unique\"",
            "fields.status = \"enum(open, done) = open\"",
            "fields.views = \"int = 0\"",
            "fields.due_on = \"date optional\"",
            "fields.author = \"ref(user) on_delete=cascade\"",
            "fields.tag = \"ref(tag) optional on_delete=set_null\"",
            "list = { filter = [\"status\", \"tag\"], sort = [\"created_at\"], max = 100 }",
        ],
        &[
            "`Post`: `rating` is left out",
            "`Post`: title, slug are unique together",
            "`Post`: `slug`: no longest length",
        ],
    );
}

const PETS: &str = "openapi: 3.1.0
info: { title: Pet Store API }
paths:
  /pets:
    get:
      parameters:
        - { name: kind, in: query, schema: { type: string } }
      responses:
        '200': { content: { application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Pet' } } } } }
    post:
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/NewPet' } } } }
      responses:
        201: { content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }
  /pets/{id}:
    delete:
      responses: { 204: { description: gone } }
  /pets/{id}/walk:
    post:
      responses: { 200: { content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } } }
  /ping:
    get: { responses: { 200: { description: ok } } }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: x }
  schemas:
    NewPet:
      type: object
      required: [name, kind]
      properties:
        name: { type: string, minLength: 1, maxLength: 40 }
        kind: { type: string, enum: [cat, dog] }
        password: { type: string }
    Pet:
      allOf:
        - $ref: '#/components/schemas/NewPet'
        - type: object
          required: [id]
          properties:
            id: { type: string, format: uuid }
            age: { type: integer, minimum: 0, maximum: 40 }
            price: { type: number }
            score: { type: integer, readOnly: true }
            photos: { type: array, items: { type: string } }
            self: { $ref: '#/components/schemas/Pet' }
";

#[test]
fn openapi() {
    check(
        PETS,
        "openapi.yaml",
        &[
            "name = \"pet-store-api\"",
            "[entity.pet]",
            "fields.name = \"text(1..40)\"",
            "fields.kind = \"enum(cat, dog)\"",
            "fields.age = \"int(0..40) optional\"",
            "fields.price = \"money(EUR) optional\"",
            "fields.score = \"int optional readonly\"",
            "list = { filter = [\"kind\"], sort = [\"created_at\"], max = 100 }",
        ],
        &[
            "POST /pets/{id}/walk: not one of",
            "GET /ping: what it is about could not be told",
            "sign-in by key",
            "`Pet`: `photos` is left out: lists",
            "`Pet`: `password` is left out: secrets",
            "`self` is left out: it would close a circle",
            "the document has GET /pets, POST /pets, DELETE /pets/{id}",
        ],
    );
}

#[test]
fn what_is_nothing() {
    let none = |text: &str, path: &str| import(text, Path::new(path), "x").unwrap_err();
    assert_eq!(
        none("", "schema.txt"),
        ImportError::Format("schema.txt".into())
    );
    assert!(matches!(
        none("select 1;", "a.sql"),
        ImportError::Nothing(_)
    ));
    assert!(matches!(
        none("create table users (id int);", "a.sql"),
        ImportError::Nothing(_)
    ));
    assert!(matches!(
        none("create table a (id int);", "a.sql"),
        ImportError::Nothing(_)
    ));
    assert!(matches!(none("model", "a.prisma"), ImportError::Nothing(_)));
    assert!(matches!(none("a: 1", "a.yaml"), ImportError::Syntax(_)));
    assert!(matches!(none("{", "a.json"), ImportError::Syntax(_)));
    assert!(matches!(
        none("{\"openapi\": \"3.0.0\"}", "a.json"),
        ImportError::Nothing(_)
    ));
}

/// Nothing in another file writes into the description.
#[test]
fn hostile_names() {
    for name in [
        "a\"\nb = 1",
        "x'; drop",
        "user",
        "constructor",
        "__proto__",
        "order",
        "é",
        "select",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let quoted = name.replace('"', "\"\"");
        let text = format!(
            "create table \"{quoted}\" (id int, \"{quoted}\" int, plain int, r int references \"{quoted}\" (id));"
        );
        if let Ok(draft) = import(&text, Path::new("a.sql"), "x") {
            assert_eq!(draft.problems, [], "{}", draft.text);
        }
    }
}
