import Koa from 'koa';
import Router from '@koa/router';

const app = new Koa();
const router = new Router();

router.get('/hello', (ctx) => {
  ctx.type = 'html';
  ctx.body = '<p>Hello ' + ctx.query.name + '</p>';
});
router.get('/go', (ctx) => ctx.redirect(ctx.query.to));
router.get('/feed', (ctx) => {
  ctx.set('Access-Control-Allow-Origin', ctx.get('origin'));
  ctx.body = [];
});
app.use(router.routes());

export default app;
