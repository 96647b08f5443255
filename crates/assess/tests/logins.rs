//! Logins of small programs, each idiom as several people would write it.

use casemate_assess::application::Application;
use casemate_assess::knowledge::Knowledge;

fn model(files: &[(&str, &str)]) -> Application {
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let knowledge = Knowledge::built_in().unwrap();
    casemate_assess::model_files(&files, Some(1), knowledge).unwrap()
}

/// The answers to whether endpoints want a login, or a role: `yes`, `no`, `unknown`.
fn expect(found: &Application, kind: &str, expected: &[(&str, &str)]) {
    for (endpoint, answer) in expected {
        let (method, path) = endpoint.split_once(' ').unwrap();
        let mut all = found.endpoints.iter();
        let one = all.find(|e| e.method == method && e.path.as_deref() == Some(path));
        let one = one.unwrap_or_else(|| panic!("no {endpoint}"));
        assert_eq!(one.guarded[kind], *answer, "{kind} of {endpoint}");
    }
}

#[test]
fn what_guards_were_made_with_decides() {
    let found = model(&[
        ("auth.js", OPTIONS),
        ("app.js", KOA),
        ("things.ts", PERMISSIONS),
        ("plain.js", POSITIONS),
        ("service.ts", SERVICE),
    ]);
    let logins = [
        ("GET /a", "yes"),
        ("GET /b", "yes"),
        ("GET /c", "unknown"),
        ("GET /d", "yes"),
        ("GET /e", "unknown"),
        ("GET /things/none", "no"),
        ("GET /things/bare", "no"),
        ("GET /things/read", "yes"),
        ("GET /s/plain", "yes"),
        ("GET /s/guests", "no"),
        ("GET /s/admin", "yes"),
        ("GET /p/guests", "no"),
        ("GET /p/known", "yes"),
        ("GET /p/missing", "yes"),
        ("GET /p/levels", "yes"),
        ("GET /p/level-of-none", "no"),
        ("GET /service", "yes"),
    ];
    expect(&found, "authentication", &logins);
    let roles = [
        ("GET /a", "no"),
        ("GET /b", "yes"),
        ("GET /things/read", "yes"),
        ("GET /s/plain", "no"),
        ("GET /s/admin", "yes"),
    ];
    expect(&found, "role", &roles);
}

#[test]
fn functions_that_refuse_for_others() {
    let found = model(&[("package.json", EXPRESS), ("app.js", REFUSES)]);
    let logins = [
        ("GET /1", "yes"),
        ("GET /2", "yes"),
        ("GET /3", "yes"),
        ("GET /4", "yes"),
        ("GET /5", "yes"),
        ("GET /asserts", "yes"),
        ("GET /proves", "yes"),
        ("GET /swallows", "unknown"),
        ("GET /warns", "unknown"),
    ];
    expect(&found, "authentication", &logins);
}

#[test]
fn handlers_that_answer_other_methods_otherwise() {
    let found = model(&[
        ("package.json", NEXT),
        ("pages/api/a.ts", ONE_METHOD),
        ("pages/api/b.ts", EARLY),
        ("pages/api/open.ts", TWO_METHODS),
        ("pages/api/done.ts", DONE),
    ]);
    let logins = [
        ("ANY /api/a", "yes"),
        ("ANY /api/b", "yes"),
        ("ANY /api/open", "unknown"),
        ("ANY /api/done", "unknown"),
    ];
    expect(&found, "authentication", &logins);
}

#[test]
fn middleware_of_nest_modules() {
    let found = model(&[
        ("package.json", NEST),
        ("src/login.ts", MIDDLEWARE),
        ("src/controllers.ts", CONTROLLERS),
        ("src/app.module.ts", MODULE),
    ]);
    let logins = [
        ("GET /orders", "yes"),
        ("GET /orders/open", "no"),
        ("GET /health", "no"),
        ("GET /users/:id", "no"),
        ("POST /users", "yes"),
    ];
    expect(&found, "authentication", &logins);
}

#[test]
fn global_guards_of_nest() {
    let found = model(&[
        ("package.json", NEST),
        ("src/controllers.ts", CONTROLLERS),
        ("src/main.ts", GLOBAL),
    ]);
    let logins = [("GET /orders", "yes"), ("GET /health", "yes")];
    expect(&found, "authentication", &logins);
}

#[test]
fn what_handlers_of_nest_note_decides() {
    let (keys, rest) = NOTED.split_once("const Open").unwrap();
    // The keys and the decorators stand in files of their own, behind a file that gives them on.
    let (imports, keys) = keys.split_once("const IS_PUBLIC").unwrap();
    let keys = format!(
        "import {{ SetMetadata }} from '@nestjs/common';\nconst IS_PUBLIC{keys}export {{ IS_PUBLIC, Public, Roles }};\n"
    );
    let main =
        format!("{imports}import {{ IS_PUBLIC, Public, Roles }} from './keys';\nconst Open{rest}");
    let found = model(&[
        ("package.json", NEST),
        ("src/main.ts", &main),
        ("src/keys/index.ts", "export * from './public';\n"),
        ("src/keys/public.ts", &keys),
    ]);
    let logins = [
        ("GET /orders", "yes"),
        ("POST /orders", "yes"),
        ("GET /orders/open", "no"),
        ("GET /news", "no"),
    ];
    expect(&found, "authentication", &logins);
    let roles = [("GET /orders", "no"), ("POST /orders", "yes")];
    expect(&found, "role", &roles);
    let found = model(&[("package.json", NEST), ("src/main.ts", SKIPPED)]);
    let logins = [
        ("GET /a", "yes"),
        ("GET /a/anyone", "no"),
        ("GET /a/skip", "unknown"),
    ];
    expect(&found, "authentication", &logins);
}

const OPTIONS: &str = r#"
const jwt = require('jsonwebtoken');
async function validate(ctx, options) {
  const token = ctx.cookies.get('token');
  if (!token) {
    if (options.optional) return { user: undefined };
    const e = new Error('no'); e.status = 401; throw e;
  }
  const user = jwt.verify(token, process.env.KEY);
  if (options.role && user.role !== options.role) { ctx.throw(403); }
  return { user };
}
module.exports = function auth(options = {}) {
  return async function authMiddleware(ctx, next) {
    try {
      const { user } = await validate(ctx, options);
      ctx.state.auth = { user };
    } catch (err) {
      if (options.optional) ctx.state.auth = {};
      else throw err;
    }
    return next();
  };
};
"#;

const KOA: &str = r#"
const Koa = require('koa'); const Router = require('@koa/router'); const auth = require('./auth');
const app = new Koa(); const r = new Router();
r.get('/a', auth(), async (ctx) => { ctx.body = await db.find(ctx.params.id) });
r.get('/b', auth({ role: 'admin' }), async (ctx) => { ctx.body = 1 });
r.get('/c', auth({ optional: true }), async (ctx) => { ctx.body = 1 });
r.get('/d', auth({ optional: false }), async (ctx) => { ctx.body = 1 });
r.get('/e', auth(require('./settings').login), async (ctx) => { ctx.body = 1 });
app.use(r.routes());
app.listen(3000);
"#;

const PERMISSIONS: &str = r#"
import express, { Request, Response, NextFunction } from 'express';
import jwt from 'jsonwebtoken';
const NONE = 'NONE';
const app = express();
const requirePermission = (permission?: string) => async (req: any, res: Response, next: NextFunction) => {
  if (!permission || permission === NONE) { return next(); }
  if (!req.user) return res.status(401).end();
  if (!req.user.permissions.includes(permission)) return res.status(403).end();
  return next();
};
class Base {
  app = express.Router();
  route(o: any) { this.app[o.method](o.path, requirePermission(o.permission), o.handler.bind(this)); }
  get(path: string, handler: any, permission?: string) { this.route({ method: 'get', path, handler, permission }); }
}
class Things extends Base {
  constructor() { super();
    this.get('/none', this.one, NONE);
    this.get('/read', this.one, 'READ');
    this.get('/bare', this.one);
  }
  async one(req: any, res: Response) { res.json({}); }
}
function session({ guests = false, admin = false } = {}) {
  return (req: any, res: Response, next: NextFunction) => {
    if (!req.user && !guests) { res.sendStatus(401); return; }
    if (admin && !req.user.isAdmin) { res.sendStatus(403); return; }
    next();
  };
}
app.use('/things', new Things().app);
app.get('/s/plain', session(), (q, s) => s.json({}));
app.get('/s/guests', session({ guests: true }), (q, s) => s.json({}));
app.get('/s/admin', session({ admin: true }), (q, s) => s.json({}));
app.listen(1);
"#;

const POSITIONS: &str = r#"
const express = require('express');
const app = express();
const end = (q, s) => s.json({});
function login(guests) {
  return (req, res, next) => { if (!req.user) { if (guests) return next(); res.sendStatus(401); return; } next(); };
}
const level = (config) => async (req, res, next) => {
  if (!isNaN(parseInt(String(config.level)))) {
    if (req.user) { return next(); }
  } else { return next(); }
  return res.status(403).end();
};
app.get('/p/guests', login(true), end);
app.get('/p/known', login(false), end);
app.get('/p/missing', login(), end);
app.get('/p/levels', level({ level: 10 }), end);
app.get('/p/level-of-none', level({}), end);
app.listen(1);
"#;

const EXPRESS: &str = r#"
{"dependencies":{"express":"4","express-session":"1","jsonwebtoken":"9"}}
"#;

const REFUSES: &str = r#"
const express = require('express'); const session = require('express-session');
const config = require('./config'); const log = require('./log');
const noAuthentication = config.general && config.general.noAuthentication === true;
function reject(req, res, message) { log.info('rejected ' + message); res.setHeader('Content-Type', 'text/plain').status(401).send(message); }
function check(req, res, next) { if (!req.session.loggedIn && !noAuthentication) { reject(req, res, 'Not logged in'); } else { next(); } }
const app = express(); app.use(session({ secret: process.env.S }));
function unauthorized() { const e = new Error('x'); e.status = 401; throw e; }
function check2(req, res, next) { if (!req.session.user) unauthorized(); next(); }
const deny = (res) => res.status(403).json({ error: 'no' });
const check3 = (req, res, next) => { if (req.session.user) return next(); return deny(res); };
class Answers { static denied(res) { res.writeHead(401); res.end(); } }
function check4(req, res, next) { if (!req.session.userId) { return Answers.denied(res); } next(); }
function isAuthEnabled() { return config.auth.enabled; }
async function check5(req, res, next) {
  if (req?.session?.user || !isAuthEnabled()) { return next(); }
  try { req.session.user = await parseJWT(req); next(); } catch (e) { res.json({ success: false, code: 3 }); }
}
async function parseJWT(req) { const t = req.headers.authorization; return await require('jsonwebtoken').verify(t, 'x'); }
app.get('/1', check, (q, s) => s.json({}));
app.get('/2', check2, (q, s) => s.json({}));
app.get('/3', check3, (q, s) => s.json({}));
app.get('/4', check4, (q, s) => s.json({}));
app.get('/5', check5, (q, s) => s.json({}));
class Denied extends Error { constructor(status) { super('no'); this.status = status; } }
function assertThat(value, error) { if (!value) { throw error; } }
function check6(req, res, next) { assertThat(req.session.user, new Denied(401)); next(); }
app.get('/asserts', check6, (q, s) => s.json({}));
function whoIs(req) { return require('jsonwebtoken').verify(req.headers.authorization, process.env.KEY); }
function check7(req, res, next) { req.user = whoIs(req); next(); }
app.get('/proves', check7, (q, s) => s.json({}));
function who(req) { if (!req.session.user) { const e = new Error('x'); e.status = 401; throw e; } }
function soft(req, res, next) { try { who(req) } catch (e) { req.user = null } next(); }
app.get('/swallows', soft, (q, s) => s.json({}));
function warn(req, res, next) { if (!req.session.user) { remember(res, 401); } next(); }
function remember(res, status) { if (status > 500) res.status(401).end(); }
app.get('/warns', warn, (q, s) => s.json({}));
app.listen(1);
"#;

const NEXT: &str = r#"
{"dependencies":{"next":"14","next-auth":"4","@prisma/client":"5"}}
"#;

const ONE_METHOD: &str = r#"
import { getServerSession } from "next-auth/next";
import { PrismaClient } from "@prisma/client";
const prisma = new PrismaClient();
export default async function handle(req, res) {
  if (req.method === "PATCH") {
    const session = await getServerSession(req, res, {});
    if (!session) { res.status(401).end("Unauthorized"); return; }
    const x = await prisma.thing.update({ where: { id: req.query.id }, data: req.body });
    return res.status(200).json(x);
  } else {
    res.setHeader("Allow", ["PATCH"]);
    return res.status(405).end(`Method ${req.method} Not Allowed`);
  }
}
"#;

const EARLY: &str = r#"
import { getServerSession } from "next-auth/next";
import { PrismaClient } from "@prisma/client";
const prisma = new PrismaClient();
export default async function handler(req, res) {
  if (req.method !== "POST") { return res.status(405).json({ error: "no" }); }
  if (!req.body.id) { res.status(400).json({ error: "no id" }); return; }
  try {
    const session = await getServerSession(req, res, {});
    if (!session) return res.status(401).json({});
    await prisma.thing.delete({ where: { id: req.body.id } });
    res.status(200).json({});
  } catch (e) { console.error(e); res.status(500).json({ e: "failed" }); }
}
"#;

const TWO_METHODS: &str = r#"
import { getServerSession } from "next-auth/next";
import { PrismaClient } from "@prisma/client";
const prisma = new PrismaClient();
export default async function handle(req, res) {
  if (req.method === "PATCH") {
    const session = await getServerSession(req, res, {});
    if (!session) { res.status(401).end("Unauthorized"); return; }
    return res.status(200).json({});
  } else if (req.method === "GET") {
    return res.status(200).json(await prisma.thing.findMany());
  }
  return res.status(405).end();
}
"#;

const DONE: &str = r#"
import { getServerSession } from "next-auth/next";
import { PrismaClient } from "@prisma/client";
const prisma = new PrismaClient();
export default async function handle(req, res) {
  if (req.method === "DELETE") {
    res.status(404);
    await prisma.thing.deleteMany({ where: { id: req.query.id } });
    return res.end();
  }
  const session = await getServerSession(req, res, {});
  if (!session) { res.status(401).end("Unauthorized"); return; }
  return res.status(200).json({});
}
"#;

const NEST: &str = r#"
{"name":"t","dependencies":{"@nestjs/common":"10","@nestjs/core":"10","jsonwebtoken":"9"}}
"#;

const MIDDLEWARE: &str = r#"
import { Injectable, NestMiddleware, UnauthorizedException, CanActivate, ExecutionContext } from '@nestjs/common';
import { verify } from 'jsonwebtoken';
import { Request, Response, NextFunction } from 'express';
@Injectable()
export class LoginMiddleware implements NestMiddleware {
  async use(req: Request, res: Response, next: NextFunction) {
    const token = req.headers.authorization || req.cookies.auth;
    if (!token) throw new UnauthorizedException();
    try { req.user = verify(token, process.env.KEY); } catch (e) { throw new UnauthorizedException(); }
    next();
  }
}
"#;

const CONTROLLERS: &str = r#"
import { Controller, Get, Post, Body } from '@nestjs/common';
@Controller('orders')
export class OrdersController { @Get() all() { return []; } @Get('open') open() { return []; } }
@Controller('health')
export class HealthController { @Get() health() { return 'ok'; } }
@Controller('users')
export class UsersController { @Get(':id') one() { return 'ok'; } @Post() add(@Body() b: any) { return b; } }
"#;

const MODULE: &str = r#"
import { Module, NestModule, MiddlewareConsumer, RequestMethod } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OrdersController, HealthController, UsersController } from './controllers';
import { LoginMiddleware } from './login';
const guarded = [OrdersController];
@Module({ controllers: [HealthController, UsersController, ...guarded] })
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(LoginMiddleware).exclude('orders/open').forRoutes(...guarded);
    consumer.apply(LoginMiddleware).forRoutes({ path: 'users', method: RequestMethod.POST });
  }
}
async function bootstrap() { const app = await NestFactory.create(AppModule); await app.listen(3000); }
bootstrap();
"#;

const GLOBAL: &str = r#"
import { Module, Injectable, CanActivate, ExecutionContext, UnauthorizedException } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { OrdersController, HealthController } from './controllers';
@Injectable()
export class LoginGuard implements CanActivate {
  constructor(private reflector: Reflector) {}
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest();
    if (!request.user) throw new UnauthorizedException();
    return true;
  }
}
@Module({ controllers: [HealthController, OrdersController] })
export class AppModule {}
async function bootstrap() { const app = await NestFactory.create(AppModule); app.useGlobalGuards(new LoginGuard(app.get(Reflector))); await app.listen(3000); }
bootstrap();
"#;

const NOTED: &str = r#"
import { Module, Injectable, CanActivate, ExecutionContext, UnauthorizedException, ForbiddenException, SetMetadata, Controller, Get, Post, applyDecorators } from '@nestjs/common';
import { APP_GUARD, NestFactory, Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
const IS_PUBLIC = 'isPublic';
const Public = () => SetMetadata(IS_PUBLIC, true);
const Roles = (...roles: string[]) => SetMetadata('roles', roles);
const Open = () => applyDecorators(SetMetadata('open', true));
@Injectable()
export class LoginGuard extends AuthGuard('jwt') {
  constructor(private reflector: Reflector) { super(); }
  canActivate(context: ExecutionContext) {
    const isPublic = this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, [context.getHandler(), context.getClass()]);
    if (isPublic) { return true; }
    return super.canActivate(context);
  }
}
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}
  canActivate(context: ExecutionContext): boolean {
    const roles = this.reflector.get<string[]>('roles', context.getHandler());
    if (!roles || !roles.length) return true;
    const { user } = context.switchToHttp().getRequest();
    if (!user || !roles.includes(user.role)) throw new ForbiddenException();
    return true;
  }
}
@Controller('orders')
export class OrdersController {
  @Get() all() { return []; }
  @Public() @Get('open') open() { return []; }
  @Roles('admin') @Post() add() { return []; }
}
@Public()
@Controller('news')
export class NewsController { @Get() all() { return []; } }
@Module({ controllers: [OrdersController, NewsController], providers: [{ provide: APP_GUARD, useClass: LoginGuard }, { provide: APP_GUARD, useClass: RolesGuard }] })
export class AppModule {}
async function bootstrap() { const app = await NestFactory.create(AppModule); await app.listen(3000); }
bootstrap();
"#;

const SKIPPED: &str = r#"
import { Module, Injectable, CanActivate, ExecutionContext, UnauthorizedException, SetMetadata, Controller, Get } from '@nestjs/common';
import { APP_GUARD, NestFactory, Reflector } from '@nestjs/core';
const Anyone = Reflector.createDecorator<boolean>();
const SkipLogin = (skip = true) => SetMetadata('skipLogin', skip);
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(private reflector: Reflector) {}
  async canActivate(context: ExecutionContext) {
    if (this.reflector.get(Anyone, context.getHandler())) return true;
    if (this.skips(context)) return true;
    const request = context.switchToHttp().getRequest();
    if (!request.user) throw new UnauthorizedException();
    return true;
  }
  private skips(context: ExecutionContext) { return this.reflector.getAllAndOverride<boolean>('skipLogin', [context.getHandler(), context.getClass()]); }
}
@Controller('a')
export class AController {
  @Get() closed() { return []; }
  @Anyone(true) @Get('anyone') anyone() { return []; }
  @SkipLogin() @Get('skip') skip() { return []; }
  @SkipLogin(true) @Get('skip-true') skipTrue() { return []; }
  @SkipLogin(false) @Get('skip-false') skipFalse() { return []; }
}
@Module({ controllers: [AController], providers: [{ provide: APP_GUARD, useClass: SessionGuard }] })
export class AppModule {}
async function bootstrap() { const app = await NestFactory.create(AppModule); await app.listen(3000); }
bootstrap();
"#;

#[test]
fn requests_that_nest_injects() {
    let found = model(&[("package.json", NEST), ("src/main.ts", INJECTED)]);
    let roles = [("DELETE /things/:id", "yes"), ("GET /things", "no")];
    expect(&found, "role", &roles);
}

const INJECTED: &str = r#"
import { Controller, Delete, Get, Inject, Param, UseGuards, ForbiddenException, Module } from '@nestjs/common';
import { REQUEST, NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { PrismaClient } from '@prisma/client';
const db = new PrismaClient();
@UseGuards(AuthGuard('jwt'))
@Controller()
export class Things {
  constructor(@Inject(REQUEST) private readonly request: any) {}
  @Delete('things/:id') async remove(@Param('id') id: string) {
    if (!this.request.user.isAdmin) throw new ForbiddenException();
    return db.thing.delete({ where: { id } });
  }
  @Get('things') async all() { return db.thing.findMany({ where: { userId: this.request.user.id } }); }
}
@Module({ controllers: [Things] }) export class AppModule {}
async function bootstrap() { const app = await NestFactory.create(AppModule); await app.listen(3000); }
bootstrap();
"#;

const SERVICE: &str = r#"
import express, { RequestHandler } from 'express';
class AuthService { constructor(private db: any) {} async authenticate(t: string): Promise<any> { return this.db.find(t); } }
class AuthenticationError extends Error { status = 401; }
export function authenticate(auth: AuthService): RequestHandler {
  return async (req: any, _res, next) => {
    const token = req.cookies['session'];
    const user = token === undefined ? undefined : await auth.authenticate(token);
    if (user === undefined) { throw new AuthenticationError(); }
    req.user = user;
    next();
  };
}
const app = express();
app.get('/service', authenticate(new AuthService({})), (q, s) => { s.json({}) });
app.listen(1);
"#;
