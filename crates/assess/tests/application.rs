//! The application model, on small projects.

use casemate_assess::application::{Application, EndpointModel};
use casemate_assess::knowledge::Knowledge;

fn model(files: &[(&str, &str)]) -> Application {
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let knowledge = Knowledge::built_in().unwrap();
    casemate_assess::model_files(&files, Some(1), knowledge).unwrap()
}

fn routes(application: &Application) -> Vec<String> {
    let mut routes: Vec<String> = application
        .endpoints
        .iter()
        .map(|e| format!("{} {}", e.method, e.path.as_deref().unwrap_or("-")))
        .collect();
    routes.sort();
    routes
}

fn at<'a>(application: &'a Application, path: &str) -> &'a EndpointModel {
    let found = application
        .endpoints
        .iter()
        .find(|e| e.path.as_deref() == Some(path));
    found.unwrap_or_else(|| panic!("no {path} in {:?}", routes(application)))
}

fn login(application: &Application, path: &str) -> String {
    at(application, path).guarded["authentication"].clone()
}

#[test]
fn prefixes_of_routers_in_routers_across_files() {
    let found = model(&[
        (
            "app.js",
            "const express = require('express'); const app = express()
             app.use('/api', require('./api')); app.listen(1)",
        ),
        (
            "api.js",
            "const { Router } = require('express'); const api = Router()
             const make = require('./make')
             for (const name of ['cats', 'dogs']) api.use(`/${name}`, make(name))
             api.route('/info').get((q, r) => r.end()).post((q, r) => r.end())
             module.exports = api",
        ),
        (
            "make.js",
            "const express = require('express')
             module.exports = name => { const r = express.Router(); r.get('/:id', (q, s) => s.end(name)); return r }",
        ),
    ]);
    assert_eq!(
        routes(&found),
        [
            "GET /api/cats/:id",
            "GET /api/dogs/:id",
            "GET /api/info",
            "POST /api/info"
        ]
    );
    assert_eq!(found.unresolved, []);
}

#[test]
fn classes_tables_and_computed_methods() {
    let found = model(&[(
        "app.ts",
        "import express, { Router } from 'express'
         class Base { routes: any[] = []; constructor() { this.mount() } mount() {}
           route(method: string, path: string, h: any) { this.routes.push({ method, path, h }) }
           router() { const r = Router(); this.routes.forEach(x => { const m = x.method.toLowerCase(); r[m].call(r, x.path, x.h) }); return r } }
         class Users extends Base { mount() { this.route('GET', '/users', (q: any, s: any) => s.end()); this.route('PUT', '/users', (q: any, s: any) => s.end()) } }
         const app = express(); app.use('/v1', new Users().router()); app.listen(1)",
    )]);
    assert_eq!(routes(&found), ["GET /v1/users", "PUT /v1/users"]);
}

#[test]
fn computed_methods_of_an_application_that_others_start() {
    let found = model(&[(
        "app.ts",
        "import express, { Router } from 'express'
         class Base { app: any; constructor() { this.app = Router() }
           route(o: any) { this.app[o.method](o.path, o.handler.bind(this)); this.app.use(o.path, (e: any, q: any, s: any, next: any) => next(e)) }
           get(path: string, handler: any) { this.route({ method: 'get', path, handler }) }
           get router() { return this.app } }
         class Users extends Base { constructor() { super(); this.get('/users', this.list); this.route({ method: 'put', path: '/users', handler: this.list }) }
           list(q: any, s: any) { s.end() } }
         export async function start(config: any) { const app = express(); app.use('/v1', new Users().router); return app }",
    )]);
    assert_eq!(routes(&found), ["GET /v1/users", "PUT /v1/users"]);
}

#[test]
fn folders_of_routers() {
    let found = model(&[
        (
            "app.js",
            "const express = require('express'), fs = require('fs'), path = require('path'); const app = express()
             fs.readdirSync(path.join(__dirname, 'routes')).forEach(file => {
               app.use('/api/' + file.replace('.js', ''), require(path.join(__dirname, 'routes', file)))
             }); app.listen(1)",
        ),
        (
            "routes/cats.js",
            "const r = require('express').Router(); r.get('/:id', (q, s) => s.end()); module.exports = r",
        ),
        (
            "routes/dogs.js",
            "const r = require('express').Router(); r.post('/', (q, s) => s.end()); module.exports = r",
        ),
    ]);
    assert_eq!(routes(&found), ["GET /api/cats/:id", "POST /api/dogs"]);
    assert_eq!(found.unresolved, []);
}

#[test]
fn prefixes_of_other_frameworks() {
    let koa = model(&[(
        "app.js",
        "const Koa = require('koa'), Router = require('@koa/router'), mount = require('koa-mount')
         const app = new Koa(), r = new Router({ prefix: '/a' }), inner = new Koa()
         r.get('/b', ctx => { ctx.body = 1 }); inner.use(r.routes()); app.use(mount('/m', inner)); app.listen(1)",
    )]);
    assert_eq!(routes(&koa), ["GET /m/a/b"]);
    let fastify = model(&[(
        "app.js",
        "const app = require('fastify')()
         app.register(async function (api) { api.get('/b', async () => 1) }, { prefix: '/a' }); app.listen({ port: 1 })",
    )]);
    assert_eq!(routes(&fastify), ["GET /a/b"]);
    let hono = model(&[(
        "app.ts",
        "import { Hono } from 'hono'
         const inner = new Hono(); inner.get('/b', c => c.text('x')); const app = new Hono(); app.route('/a', inner); export default app",
    )]);
    assert_eq!(routes(&hono), ["GET /a/b"]);
}

#[test]
fn what_stands_before_a_handler_stands_before_it_in_order() {
    let found = model(&[(
        "app.js",
        "const express = require('express'); const app = express(), admin = express.Router()
         function auth(req, res, next) { if (!req.session.user) return res.status(401).end(); next() }
         app.get('/open', (q, s) => s.end())
         app.use('/admin', auth, admin)
         admin.get('/x', (q, s) => s.end())
         app.get('/one', auth, (q, s) => s.end())
         app.use(auth)
         app.get('/late', (q, s) => s.end()); app.listen(1)",
    )]);
    let logins = ["/open", "/admin/x", "/one", "/late"].map(|path| login(&found, path));
    assert_eq!(logins, ["no", "yes", "yes", "yes"]);
    let guard = &at(&found, "/late").guards[0];
    assert_eq!((guard.at.line, guard.why.as_str()), (2, "refuses with 401"));
}

#[test]
fn guards_are_known_by_what_they_do() {
    let found = model(&[(
        "app.js",
        "const express = require('express'), jwt = require('jsonwebtoken'); const app = express()
         const wrap = f => (req, res, next) => Promise.resolve(f(req, res, next)).catch(next)
         const end = (q, s) => s.end()
         app.get('/next-error', (req, res, next) => { if (!req.user) return next(new Error('x')); next() }, end)
         app.get('/throws', (req, res, next) => { if (!req.user) throw new Error('x'); next() }, end)
         app.get('/wrapped', wrap(async (req, res, next) => { if (!req.user) return res.redirect('/'); next() }), end)
         app.get('/callback', (req, res, next) => { jwt.verify(req.headers.authorization, 'k', (err, user) => { if (err) return res.sendStatus(403); req.who = user; next() }) }, end)
         app.get('/tries', (req, res, next) => { try { req.who = jwt.verify(req.cookies.t, 'k'); next() } catch (e) { res.status(401).end() } }, end)
         app.get('/falls-through', (req, res, next) => { if (!req.user) { res.status(401).end() } next() }, end)
         app.get('/some', (req, res, next) => { if (req.query.free) return next(); if (!req.user) return res.status(401).end(); next() }, end)
         app.get('/guests', (req, res, next) => { if (req.user) return res.redirect('/'); next() }, end)
         app.get('/logs', (req, res, next) => { console.log(req.url); next() }, end)
         app.get('/itself', (req, res) => { if (!req.session.id) return res.redirect('/login'); res.end() })
         app.listen(1)",
    )]);
    let of = |path: &str| login(&found, path);
    for path in [
        "/next-error",
        "/throws",
        "/wrapped",
        "/callback",
        "/tries",
        "/itself",
    ] {
        assert_eq!(of(path), "yes", "{path}");
    }
    for path in ["/falls-through", "/some"] {
        assert_eq!(of(path), "unknown", "{path}");
    }
    for path in ["/guests", "/logs"] {
        assert_eq!(of(path), "no", "{path}");
    }
}

#[test]
fn guards_of_libraries_by_their_rows() {
    let found = model(&[(
        "app.js",
        "const express = require('express'), passport = require('passport'), limit = require('express-rate-limit'), csurf = require('csurf')
         const app = express(); app.use(csurf())
         app.post('/a', limit({ max: 5 }), passport.authenticate('jwt'), (q, s) => s.end()); app.listen(1)",
    )]);
    let guarded = &at(&found, "/a").guarded;
    for kind in ["authentication", "csrf", "rate-limit"] {
        assert_eq!(guarded[kind], "yes", "{kind}");
    }
    assert_eq!(guarded["role"], "no");
}

#[test]
fn what_is_not_resolved_is_listed() {
    let found = model(&[(
        "app.js",
        "const express = require('express'); const app = express()
         app.use('/p', load(process.env.PLUGIN)); app.get(process.env.PATH_OF_IT, (q, s) => s.end()); app.listen(1)",
    )]);
    let why: Vec<&str> = found.unresolved.iter().map(|u| u.why.as_str()).collect();
    assert_eq!(
        why,
        [
            "it is not known what is registered here",
            "its path is not constant"
        ]
    );
    assert_eq!(found.registrations, 2);
}

#[test]
fn what_is_included_answers_nothing_itself() {
    let found = model(&[
        (
            "urls.py",
            "from django.urls import include, path
import views
urlpatterns = [path('shop/', include('shop.urls')), path('hi/', views.hi)]
",
        ),
        (
            "views.py",
            "from django.http import HttpResponse
def hi(request):
    return HttpResponse('x')
",
        ),
    ]);
    assert_eq!(routes(&found), ["ROUTE /hi/"]);
    assert_eq!(login(&found, "/hi/"), "no");
}

#[test]
fn methods_that_are_found_by_name_register_nothing_where_they_are_called() {
    let found = model(&[(
        "schema.py",
        "import graphene

class Rename(graphene.Mutation):
    class Arguments:
        name = graphene.String()

    @classmethod
    def clean(cls, name):
        return name.strip()

    @classmethod
    def mutate(cls, root, info, name):
        return Rename(name=cls.clean(name))

schema = graphene.Schema(mutation=Rename)
",
    )]);
    assert!(!found.endpoints.is_empty());
    assert_eq!(found.registrations, 0);
    assert_eq!(found.unresolved, []);
}

#[test]
fn threads_change_nothing() {
    let text = "const app = require('express')(); app.get('/a', (q, s) => s.end()); app.use('/b', (q, s) => s.end()); app.listen(1)";
    let files = [
        ("a.js".to_owned(), text.to_owned()),
        ("b.js".to_owned(), text.to_owned()),
    ];
    let knowledge = Knowledge::built_in().unwrap();
    let one = casemate_assess::model_files(&files, Some(1), knowledge).unwrap();
    let two = casemate_assess::model_files(&files, Some(2), knowledge).unwrap();
    assert_eq!(one, two);
}

#[test]
fn prefixes_of_python_routers_across_files() {
    let found = model(&[
        (
            "api/users.py",
            "from fastapi import APIRouter\nrouter = APIRouter(prefix='/users')\n@router.get('/me')\ndef me(): return 1\n",
        ),
        ("api/__init__.py", ""),
        (
            "main.py",
            "from fastapi import FastAPI, APIRouter\nfrom api import users\nv1 = APIRouter()\nv1.include_router(users.router)\n\
             app = FastAPI()\napp.include_router(v1, prefix='/api/v1')\n",
        ),
    ]);
    assert_eq!(routes(&found), ["GET /api/v1/users/me"]);
    let found = model(&[
        (
            "posts.py",
            "from flask import Blueprint\nposts = Blueprint('p', __name__, url_prefix='/old')\n@posts.route('/<int:id>')\ndef one(id): return 'x'\n",
        ),
        (
            "app.py",
            "from flask import Flask\ndef create():\n    from posts import posts\n    app = Flask(__name__)\n    app.register_blueprint(posts, url_prefix='/new')\n    return app\n",
        ),
    ]);
    assert_eq!(routes(&found), ["GET /new/<int:id>"]);
}

#[test]
fn url_configurations_of_django_name_each_other() {
    let found = model(&[
        (
            "site/urls.py",
            "from django.urls import include, path\nurlpatterns = [path('shop/', include('shop.urls')), path('api/', include(('shop.api', 'a')))]\n",
        ),
        ("site/__init__.py", ""),
        ("shop/__init__.py", ""),
        (
            "shop/urls.py",
            "from django.urls import path\nfrom . import views\nurlpatterns = [path('items/<int:pk>/', views.item), path('new/', views.New.as_view())]\n",
        ),
        (
            "shop/api.py",
            "from rest_framework.routers import DefaultRouter\nfrom . import views\nrouter = DefaultRouter()\nrouter.register('things', views.Things)\n",
        ),
        (
            "shop/views.py",
            "from django.http import HttpResponse\nfrom django.views import View\nfrom rest_framework.viewsets import ModelViewSet\n\
             def item(request, pk): return HttpResponse('x')\n\
             class New(View):\n    def post(self, request): return HttpResponse('x')\n\
             class Things(ModelViewSet):\n    def retrieve(self, request, pk): return HttpResponse('x')\n",
        ),
    ]);
    let found = routes(&found);
    for route in [
        "POST /shop/new/",
        "GET /api/things/{pk}/",
        "ROUTE /shop/items/<int:pk>/",
    ] {
        assert!(found.contains(&route.to_owned()), "{route} in {found:?}");
    }
    assert!(!found.contains(&"ROUTE /shop/".to_owned()), "{found:?}");
}
