const jwt = require('jsonwebtoken');
function login(req, res, next) {
  try {
    req.user = jwt.verify((req.headers.authorization || '').replace('Bearer ', ''), process.env.KEY, { algorithms: ['HS256'] });
  } catch (e) {
    return res.status(401).json({ error: 'login' });
  }
  next();
}
module.exports = { login };
