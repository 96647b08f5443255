const jwt = require('jsonwebtoken');

function login(req, res, next) {
  try {
    req.user = jwt.verify((req.headers.authorization || '').replace('Bearer ', ''), process.env.KEY, { algorithms: ['HS256'] });
  } catch (e) {
    return res.status(401).json({ error: 'login' });
  }
  next();
}

function admin(req, res, next) {
  if (req.user.role !== 'admin') return res.status(403).json({ error: 'role' });
  next();
}

module.exports = { login, admin };
