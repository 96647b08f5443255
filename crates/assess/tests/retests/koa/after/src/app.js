import Koa from 'koa';
import Router from '@koa/router';

const app = new Koa();
const router = new Router();

router.get('/hello', (ctx) => {
  ctx.type = 'html';
  ctx.body = '<p>Hello ' + String(ctx.query.name).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`) + '</p>';
});
router.get('/go', (ctx) => ctx.redirect(['/a', '/b'].includes(ctx.query.to) ? ctx.query.to : '/'));
router.get('/feed', (ctx) => {
  ctx.set('Access-Control-Allow-Origin', 'https://links.example');
  ctx.body = [];
});
app.use(router.routes());

export default app;
