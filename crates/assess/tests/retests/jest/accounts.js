// The sessions of two accounts, as the program signs them.
const keys = require('keygrip')([process.env.KEY]);

const headers = [1, 2].map((user) => {
  const session = `session=${Buffer.from(JSON.stringify({ user })).toString('base64')}`;
  return { cookie: `${session}; session.sig=${keys.sign(session)}` };
});
console.log(JSON.stringify(headers));
