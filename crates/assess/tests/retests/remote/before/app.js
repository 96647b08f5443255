const express = require('express');
const { exec } = require('child_process');

const app = express();
app.use(express.json());

app.get('/hello', (req, res) => res.send('<p>Hello ' + req.query.name + '</p>'));
app.post('/ping', (req, res) => {
  exec('echo ' + req.body.host, (error, out) => res.type('text').send(String(out)));
});
app.get('/fetch', async (req, res) => {
  try {
    const answer = await fetch(req.query.url);
    res.type('text').send(await answer.text());
  } catch (e) {
    res.status(502).send('no');
  }
});

app.listen(process.env.PORT || 3000);
