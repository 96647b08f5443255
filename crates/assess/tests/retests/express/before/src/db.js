const Database = require('better-sqlite3');
const db = new Database(':memory:');
db.exec(`create table users (id integer primary key, name text, password text);
create table orders (id integer primary key, user_id integer, note text);
insert into users values (1, 'ada', 'x'), (2, 'bob', 'y');
insert into orders values (1, 1, 'first'), (2, 2, 'second');`);
module.exports = db;
