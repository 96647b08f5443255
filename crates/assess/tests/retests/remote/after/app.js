const express = require('express');
const { execFile } = require('child_process');

const app = express();
app.use(express.json());

app.get('/hello', (req, res) => res.send('<p>Hello ' + String(req.query.name).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`) + '</p>'));
app.post('/ping', (req, res) => {
  execFile('echo', ['--', String(req.body.host)], (error, out) => res.type('text').send(String(out)));
});
app.get('/fetch', async (req, res) => {
  if (req.query.url !== 'https://api.example.org/') return res.status(400).send('no');
  try {
    const answer = await fetch(req.query.url);
    res.type('text').send(await answer.text());
  } catch (e) {
    res.status(502).send('no');
  }
});

app.listen(process.env.PORT || 3000);
