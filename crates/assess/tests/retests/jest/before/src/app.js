const express = require('express');
const session = require('cookie-session');
const cors = require('cors');

const app = express();
app.use(express.urlencoded({ extended: false }));
app.use(session({ name: 'session', keys: [process.env.KEY] }));
app.use('/api', cors({ origin: true, credentials: true }));

const notes = new Map([[1, 'first']]);
const login = (req, res, next) => (req.session.user ? next() : res.redirect('/login'));

app.get('/login', (req, res) => res.type('html').send('<form method="post"><input name="name"></form>'));
app.get('/notes', login, (req, res) => res.json([...notes.values()]));
app.post('/notes', login, (req, res) => {
  notes.set(req.session.user, String(req.body.text));
  res.redirect('/notes');
});
app.get('/api/notes', login, (req, res) => res.json([...notes.values()]));
app.get('/feed', (req, res) => {
  res.set('Access-Control-Allow-Origin', req.headers.origin);
  res.json([]);
});

module.exports = app;
