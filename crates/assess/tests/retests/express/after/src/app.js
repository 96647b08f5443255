const express = require('express');
const ejs = require('ejs');
const path = require('path');
const fs = require('fs');
const { exec } = require('child_process');
const db = require('./db');
const { login } = require('./auth');

const rateLimit = require('express-rate-limit');
const app = express();
app.use(express.json());
app.use(express.urlencoded({ extended: true }));

app.post('/login', rateLimit({ windowMs: 60000, max: 10 }), (req, res) => {
  const user = db.prepare('select id, name from users where name = ? and password = ?').get(String(req.body.name), String(req.body.password));
  if (!user) return res.status(401).json({ error: 'no' });
  res.json(user);
});
app.get('/orders', login, (req, res) => res.json(db.prepare('select * from orders where user_id = ?').all(req.user.id)));
app.post('/orders', login, (req, res) => {
  db.prepare('insert into orders (user_id, note) values (?, ?)').run(req.user.id, String(req.body.note));
  res.status(201).json({});
});
app.get('/orders/:id', login, (req, res) => {
  const order = db.prepare('select * from orders where id = ?').get(req.params.id);
  if (!order || order.user_id !== req.user.id) return res.status(404).json({});
  res.json(order);
});
app.put('/orders/:id', login, (req, res) => {
  const order = db.prepare('select * from orders where id = ? and user_id = ?').get(req.params.id, req.user.id);
  if (!order) return res.status(404).json({});
  db.prepare('update orders set note = ? where id = ? and user_id = ?').run(String(req.body.note), req.params.id, req.user.id);
  res.json({});
});
app.delete('/orders/:id', login, (req, res) => {
  db.prepare('delete from orders where id = ?').run(req.params.id);
  res.json({ gone: true });
});
app.get('/users', login, (req, res) => {
  const rows = db.prepare("select id, name from users where name = ?").all(String(req.query.name));
  res.json(rows);
});
app.get('/ping', (req, res) => {
  require('child_process').execFile('echo', ['--', String(req.query.host)], (error, out) => res.type('text').send(String(out)));
});
app.get('/files/:name', (req, res) => {
  const file = path.join(__dirname, '../files', path.basename(req.params.name));
  fs.readFile(file, 'utf8', (error, text) => error ? res.status(404).send('none') : res.type('text').send(text));
});
app.get('/go', (req, res) => res.redirect(['/a', '/b'].includes(req.query.to) ? req.query.to : '/'));
app.get('/fetch', async (req, res) => {
  try {
    if (!['https://api.example.org/'].includes(req.query.url)) return res.status(400).send('no');
    const answer = await fetch(req.query.url);
    res.type('text').send(await answer.text());
  } catch (e) {
    res.status(502).send('no');
  }
});
app.get('/hello', (req, res) => res.send('<p>Hello ' + ejs.escapeXML(String(req.query.name)) + '</p>'));
app.get('/greet', (req, res) => res.type('html').send(ejs.render('<p><%= text %></p>', { text: req.query.text })));
app.get('/calc', (req, res) => res.json({ value: Number(req.query.sum) }));
app.get('/search', login, (req, res) => {
  const found = ['one', 'two'].filter((word) => word.includes(String(req.query.word)));
  res.json(found);
});
app.get('/length', (req, res) => res.json({ length: String(req.query.word).length }));

module.exports = app;
