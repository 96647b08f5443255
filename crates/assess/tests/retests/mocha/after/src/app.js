const express = require('express');
const rateLimit = require('express-rate-limit');
const { people, rooms } = require('./clinic');
const { login, admin } = require('./auth');

const app = express();
app.use(express.json());

app.post('/login', rateLimit({ windowMs: 60000, max: 10 }), async (req, res) => {
  const found = await people.findOne({ name: String(req.body.name), code: String(req.body.code) });
  if (!found) return res.status(401).json({ error: 'no' });
  res.json({ name: found.name });
});
app.get('/rooms', login, async (req, res) => {
  const found = await rooms.find({ name: String(req.query.name) }).toArray();
  res.json(found.map((one) => one.name));
});
app.post('/rooms', login, async (req, res) => {
  await rooms.insertOne({ name: String(req.body.name) });
  res.status(201).json({});
});
app.put('/me', login, async (req, res) => {
  await people.updateOne({ _id: req.user.id }, { $set: { name: String(req.body.name) } });
  res.json({});
});
app.get('/me', login, async (req, res) => {
  res.json(await people.findOne({ _id: req.user.id }));
});
app.post('/register', async (req, res) => {
  const one = { name: String(req.body.name), role: 'member' };
  await people.insertOne(one);
  res.status(201).json(one);
});
app.delete('/rooms/:id', login, async (req, res) => {
  await rooms.deleteOne({ _id: req.params.id });
  res.json({});
});
app.get('/admin/people', login, admin, async (req, res) => {
  res.json(await people.find({}).toArray());
});

module.exports = app;
