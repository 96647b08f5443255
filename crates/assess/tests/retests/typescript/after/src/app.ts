import express from 'express';
import { DOMParser } from '@xmldom/xmldom';
import { Client, EqualityFilter } from 'ldapts';
import libxmljs from 'libxmljs2';
import xpath from 'xpath';

export const app = express();
app.use(express.text({ type: 'application/xml' }));

const people = new DOMParser().parseFromString('<people><person name="ada"><mail>a@b.example</mail></person></people>', 'text/xml');

const mail = xpath.parse('//person[@name=$name]/mail/text()');
app.get('/mail', (req, res) => {
  const found = mail.select({ node: people as any, variables: { name: String(req.query.name) } });
  res.json(found.map(String));
});
app.get('/people', async (req, res) => {
  const client = new Client({ url: process.env.DIRECTORY ?? '' });
  const filter = new EqualityFilter({ attribute: 'uid', value: String(req.query.user) });
  const found = await client.search('ou=people,dc=example', { filter, scope: 'one' });
  res.json(found.searchEntries.map((entry) => entry.dn));
});
app.post('/orders', (req, res) => {
  const order = libxmljs.parseXml(req.body, { nonet: true });
  res.type('text').send(order.root()?.text());
});
