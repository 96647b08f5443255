// A directory with two people, for as long as a test needs it.
const ldap = require('ldapjs');

const people = ['ada', 'bob'].map((uid) => ({
  dn: `uid=${uid},ou=people,dc=example`,
  attributes: { uid, cn: uid, objectclass: 'person' },
}));
const server = ldap.createServer();
server.search('ou=people,dc=example', (req, res) => {
  people.filter((one) => req.filter.matches(one.attributes)).forEach((one) => res.send(one));
  res.end();
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ DIRECTORY: `ldap://127.0.0.1:${server.port}` })));
