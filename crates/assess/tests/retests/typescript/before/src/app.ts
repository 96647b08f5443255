import express from 'express';
import { DOMParser } from '@xmldom/xmldom';
import { Client } from 'ldapts';
import libxmljs from 'libxmljs2';
import xpath from 'xpath';

export const app = express();
app.use(express.text({ type: 'application/xml' }));

const people = new DOMParser().parseFromString('<people><person name="ada"><mail>a@b.example</mail></person></people>', 'text/xml');

app.get('/mail', (req, res) => {
  try {
    res.json(xpath.select(`//person[@name='${req.query.name}']/mail/text()`, people as any).map(String));
  } catch {
    res.status(400).json({});
  }
});
app.get('/people', async (req, res) => {
  const client = new Client({ url: process.env.DIRECTORY ?? '' });
  const found = await client.search('ou=people,dc=example', { filter: `(uid=${req.query.user})`, scope: 'one' });
  res.json(found.searchEntries.map((entry) => entry.dn));
});
app.post('/orders', (req, res) => {
  const order = libxmljs.parseXml(req.body, { noent: true });
  res.type('text').send(order.root()?.text());
});
