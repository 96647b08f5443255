//! The inventory of routes on small programs, each written in a way in which public backends write theirs.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// Method and path of all endpoints of a program.
fn routes(files: &[(&str, &str)]) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_casemate"))
        .arg("model")
        .arg(folder.path())
        .args(["--format", "json"])
        .output()
        .unwrap();
    let model: Value = serde_json::from_slice(&output.stdout).unwrap();
    model["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| {
            let path = endpoint["path"].as_str().unwrap_or("-");
            format!("{} {path}", endpoint["method"].as_str().unwrap())
        })
        .collect()
}

fn of(routes: &[&str]) -> BTreeSet<String> {
    routes.iter().map(|route| (*route).to_owned()).collect()
}

#[test]
fn resources_that_a_method_hands_on_are_routes() {
    let app = "
from flask import Flask
from flask_restful import Api, Resource
class Orders(Resource):
    def get(self):
        return []
    def post(self):
        return {}
class ApiOf(Api):
    def add_org_resource(self, resource, *urls, **kwargs):
        urls = ['/<org>' + url for url in urls]
        return self.add_resource(resource, *urls, **kwargs)
app = Flask(__name__)
api = ApiOf(app)
api.add_org_resource(Orders, '/api/orders', endpoint='orders')
";
    let found = routes(&[
        ("app.py", app),
        ("requirements.txt", "flask\nflask-restful\n"),
    ]);
    assert_eq!(found, of(&["GET /api/orders", "POST /api/orders"]));
}

#[test]
fn lists_of_many_routers_that_are_added_up_are_all_there() {
    let mut app = "
const express = require('express')
class Routes {
  constructor(routes = []) { this.routes = routes; this.mountRoutes() }
  mountRoutes() {}
  route(method, path, handler) { this.routes.push({ method, path, handler }) }
  mount(app) { this.routes.forEach((r) => { app[r.method](r.path, r.handler) }) }
}
"
    .to_owned();
    for index in 0..14 {
        app += &format!(
            "class R{index} extends Routes {{ mountRoutes() {{ this.route('get', '/r{index}', (req, res) => res.json({{}})) }} }}\n"
        );
    }
    app += "const routers = [";
    for index in 0..14 {
        app += &format!("new R{index}(), ");
    }
    app += "]
const routes = routers.reduce((some, router) => some.concat(router.routes), [])
const app = express()
new Routes(routes).mount(app)
app.listen(80)
";
    let found = routes(&[
        ("app.js", &app),
        ("package.json", r#"{"dependencies":{"express":"4"}}"#),
    ]);
    let missing: Vec<String> = (0..14)
        .map(|index| format!("GET /r{index}"))
        .filter(|route| !found.contains(route))
        .collect();
    assert_eq!(missing, Vec::<String>::new(), "{found:?}");
}

#[test]
fn what_is_mounted_without_a_prefix_has_none() {
    let app = "
const Koa = require('koa')
const Router = require('@koa/router')
const mount = require('koa-mount')
const inner = new Koa()
const router = new Router()
router.get('/always', (ctx) => { ctx.body = '' })
inner.use(router.routes())
const app = new Koa()
app.use(mount(inner))
app.use(mount('/more', inner))
app.listen(80)
";
    let dependencies = r#"{"dependencies":{"koa":"2","@koa/router":"12","koa-mount":"4"}}"#;
    let found = routes(&[("app.js", app), ("package.json", dependencies)]);
    assert_eq!(found, of(&["GET /always", "GET /more/always"]));
}

#[test]
fn actions_without_methods_are_read() {
    let urls = "
from django.urls import include, path
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSet
class Orders(ViewSet):
    def list(self, request):
        return Response([])
    @action(detail=True)
    def lines(self, request, pk=None):
        return Response([])
    @action(detail=True, methods=['post'])
    def pay(self, request, pk=None):
        return Response({})
router = SimpleRouter()
router.register('orders', Orders, basename='order')
urlpatterns = [path('api/', include(router.urls))]
";
    let found = routes(&[
        ("shop/urls.py", urls),
        ("shop/settings.py", "ROOT_URLCONF = 'shop.urls'\n"),
        ("requirements.txt", "django\ndjangorestframework\n"),
    ]);
    let of_action: BTreeSet<&str> = found
        .iter()
        .filter_map(|route| route.split_once(' '))
        .filter(|(_, path)| path.ends_with("/lines/") || path.ends_with("/pay/"))
        .map(|(method, _)| method)
        .collect();
    assert_eq!(of_action, BTreeSet::from(["GET", "POST"]), "{found:?}");
}

#[test]
fn routers_of_the_program_add_methods_and_routes() {
    let urls = "
from django.urls import include, path
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter, DynamicRoute, Route, SimpleRouter
from rest_framework.viewsets import ModelViewSet, ViewSet

class Bulk(DefaultRouter):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.routes[0].mapping.update({'put': 'update_all'})
        self.routes[0].mapping['delete'] = 'destroy_all'
        self.routes[2].mapping['post'] = 'copy'

class Plain(SimpleRouter):
    routes = [
        Route(url=r'^{prefix}$', mapping={'get': 'list'}, name='{basename}-list', detail=False, initkwargs={}),
        Route(url=r'^{prefix}/{lookup}/now$', mapping={'get': 'now'}, name='{basename}-now', detail=True, initkwargs={}),
    ]

class Orders(ModelViewSet):
    def update_all(self, request):
        return Response([])
    def destroy_all(self, request):
        return Response([])
    def copy(self, request, pk=None):
        return Response([])

class Clocks(ViewSet):
    def list(self, request):
        return Response([])
    def retrieve(self, request, pk=None):
        return Response([])
    def now(self, request, pk=None):
        return Response([])

router = Bulk()
router.register('orders', Orders)
plain = Plain()
plain.register('clocks', Clocks, basename='clock')
urlpatterns = [path('api/', include(router.urls)), path('', include(plain.urls))]
";
    let found = routes(&[
        ("shop/urls.py", urls),
        ("shop/settings.py", "ROOT_URLCONF = 'shop.urls'\n"),
        ("requirements.txt", "django\ndjangorestframework\n"),
    ]);
    let expected = of(&[
        "DELETE /api/orders/",
        "DELETE /api/orders/{pk}/",
        "GET /api/orders/",
        "GET /api/orders/{pk}/",
        "GET /clocks/",
        "GET /clocks/{pk}/now",
        "PATCH /api/orders/{pk}/",
        "POST /api/orders/",
        "POST /api/orders/{pk}/",
        "PUT /api/orders/",
        "PUT /api/orders/{pk}/",
    ]);
    assert_eq!(found, expected);
}

#[test]
fn a_handler_answers_at_all_addresses_that_its_decorators_name() {
    let flask = "
from flask import Blueprint, Flask
app = Flask(__name__)
inner = Blueprint('inner', __name__, url_prefix='/inner')
@app.route('/orders')
@app.route('/orders.json', methods=['POST'])
@inner.route('/all')
def orders():
    return 'all'
app.register_blueprint(inner)
";
    let fastapi = "
from fastapi import APIRouter, FastAPI
app = FastAPI()
router = APIRouter()
@router.get('/carts')
@router.post('/carts')
async def carts():
    return []
app.include_router(router, prefix='/shop')
";
    let found = routes(&[
        ("one/app.py", flask),
        ("one/requirements.txt", "flask\n"),
        ("two/app.py", fastapi),
        ("two/requirements.txt", "fastapi\n"),
    ]);
    let expected = of(&[
        "GET /inner/all",
        "GET /orders",
        "GET /shop/carts",
        "POST /orders.json",
        "POST /shop/carts",
    ]);
    assert_eq!(found, expected);
}

#[test]
fn classes_answer_where_they_are_registered() {
    let flask = "
from flask import Flask
from flask.views import MethodView, View
app = Flask(__name__)
class Orders(MethodView):
    def get(self, key): return 'one'
    def post(self): return 'new'
class Page(View):
    methods = ['GET', 'POST']
    def dispatch_request(self): return 'page'
def plain():
    return 'plain'
app.add_url_rule('/orders/<key>', view_func=Orders.as_view('order'), methods=['GET'])
app.add_url_rule('/orders', view_func=Orders.as_view('orders'), methods=['POST'])
app.add_url_rule('/page', view_func=Page.as_view('page'))
for rule, view in {'/a': plain, '/b': plain}.items():
    app.add_url_rule(rule, view_func=view)
";
    let tornado = "
import tornado.web
class Orders(tornado.web.RequestHandler):
    def get(self, key): self.write('one')
    def delete(self, key): self.write('gone')
class Home(tornado.web.RequestHandler):
    def get(self): self.write('home')
handlers = [(r'/orders/(\\d+)', Orders)]
handlers += [(r'/', Home)]
class Shop(tornado.web.Application):
    def __init__(self, **settings):
        settings.update(handlers=handlers)
        super().__init__(**settings)
Shop().listen(80)
";
    let aiohttp = "
from aiohttp import web
class Carts(web.View):
    async def get(self): return web.Response()
    async def put(self): return web.Response()
async def ping(request): return web.Response()
app = web.Application()
app.router.add_view('/carts', Carts)
app.router.add_get('/ping', ping)
web.run_app(app)
";
    let falcon = "
import falcon
class Bills:
    def on_get(self, req, resp, key): resp.text = 'one'
    def on_patch(self, req, resp, key): resp.text = 'other'
app = falcon.App()
app.add_route('/bills/{key}', Bills())
";
    let found = routes(&[
        ("one/app.py", flask),
        ("one/requirements.txt", "flask\n"),
        ("two/app.py", tornado),
        ("two/requirements.txt", "tornado\n"),
        ("three/app.py", aiohttp),
        ("three/requirements.txt", "aiohttp\n"),
        ("four/app.py", falcon),
        ("four/requirements.txt", "falcon\n"),
    ]);
    let expected = of(&[
        "DELETE /orders/(\\d+)",
        "GET /",
        "GET /a",
        "GET /b",
        "GET /bills/{key}",
        "GET /carts",
        "GET /orders/(\\d+)",
        "GET /orders/<key>",
        "GET /page",
        "GET /ping",
        "PATCH /bills/{key}",
        "POST /orders",
        "POST /page",
        "PUT /carts",
    ]);
    assert_eq!(found, expected);
}

#[test]
fn routes_in_lists_have_the_prefixes_of_what_holds_the_lists() {
    let app = "
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles
async def home(request):
    return JSONResponse({})
async def user(request):
    return JSONResponse({})
async def chat(websocket):
    await websocket.accept()
admin = Router(routes=[Route('/home', home)])
other = Starlette(routes=[Route('/deep', home, methods=['POST'])])
routes = [
    Route('/', home),
    Mount('/users', routes=[Route('/{name}', user), WebSocketRoute('/chat', chat)]),
    Mount('/admin', app=admin),
    Mount('/v1', routes=[Mount('/inner', app=other)]),
    Mount('/static', app=StaticFiles(directory='static')),
]
late = Router()
late.add_route('/late', home)
app = Starlette(debug=False, routes=routes)
app.mount('/more', late)
";
    let found = routes(&[("app.py", app), ("requirements.txt", "starlette\n")]);
    let wanted = [
        "GET /",
        "GET /users/{name}",
        "WS /users/chat",
        "GET /admin/home",
        "POST /v1/inner/deep",
        "GET /more/late",
    ];
    assert_eq!(found, of(&wanted));
}

#[test]
fn applications_in_applications_have_prefixes() {
    let app = "
from aiohttp import web
async def users(request):
    return web.json_response([])
routes = web.RouteTableDef()
@routes.get('/listed')
async def listed(request):
    return web.json_response([])
def build():
    admin = web.Application()
    admin.router.add_get('/users', users)
    admin.add_routes([web.post('/users', users)])
    inner = web.Application()
    inner.router.add_get('/deep', users)
    admin.add_subapp('/inner/', inner)
    return admin
app = web.Application()
app.router.add_get('/', users)
app.add_subapp('/admin/', build())
below = web.Application()
below.add_routes(routes)
app.add_subapp('/below', below)
web.run_app(app)
";
    let found = routes(&[("app.py", app), ("requirements.txt", "aiohttp\n")]);
    let wanted = [
        "GET /",
        "GET /admin/users",
        "POST /admin/users",
        "GET /admin/inner/deep",
        "GET /below/listed",
    ];
    assert_eq!(found, of(&wanted));
    let app = "
from fastapi import FastAPI
inner = FastAPI()
@inner.get('/deep')
def deep():
    return {}
app = FastAPI()
@app.get('/near')
def near():
    return {}
app.mount('/sub', inner)
";
    let found = routes(&[("app.py", app), ("requirements.txt", "fastapi\n")]);
    assert_eq!(found, of(&["GET /near", "GET /sub/deep"]));
}

#[test]
fn methods_with_a_suffix_answer_where_it_is_named() {
    let app = "
import falcon
class Orders:
    def on_get(self, req, resp):
        resp.media = []
    def on_post(self, req, resp):
        resp.media = {}
    def on_get_one(self, req, resp, order):
        resp.media = {}
    def on_delete_one(self, req, resp, order):
        resp.media = {}
app = falcon.App()
orders = Orders()
app.add_route('/orders', orders)
app.add_route('/orders/{order:int}', orders, suffix='one')
";
    let found = routes(&[("app.py", app), ("requirements.txt", "falcon\n")]);
    let wanted = [
        "GET /orders",
        "POST /orders",
        "GET /orders/{order:int}",
        "DELETE /orders/{order:int}",
    ];
    assert_eq!(found, of(&wanted));
}

#[test]
fn objects_in_objects_are_parts_of_addresses() {
    let app = "
import cherrypy
class Pages:
    @cherrypy.expose
    def index(self):
        return 'x'
    @cherrypy.expose
    def show(self, name):
        return name
class Root:
    about = Pages()
    def __init__(self):
        self.pages = Pages()
    @cherrypy.expose
    def index(self):
        return 'x'
    def hidden(self):
        return 'y'
    def listed(self):
        return 'z'
    listed.exposed = True
@cherrypy.expose
class Things:
    def GET(self, key=None):
        return '[]'
    def POST(self, title):
        return 'ok'
    def helper(self):
        return 1
conf = {'/': {'request.dispatch': cherrypy.dispatch.MethodDispatcher()}}
cherrypy.tree.mount(Root(), '/x')
cherrypy.tree.mount(Things(), '/api/things', conf)
cherrypy.quickstart(Pages(), '/q')
";
    let found = routes(&[("app.py", app), ("requirements.txt", "cherrypy\n")]);
    let wanted = [
        "ROUTE /x",
        "ROUTE /x/listed",
        "ROUTE /x/about",
        "ROUTE /x/about/show",
        "ROUTE /x/pages",
        "ROUTE /x/pages/show",
        "GET /api/things",
        "POST /api/things",
        "ROUTE /q",
        "ROUTE /q/show",
    ];
    assert_eq!(found, of(&wanted));
}

#[test]
fn what_runs_before_the_methods_of_a_class_is_no_endpoint() {
    let app = "
import tornado.web
class Base(tornado.web.RequestHandler):
    def prepare(self):
        if not self.get_secure_cookie('user'):
            raise tornado.web.HTTPError(401)
class Orders(Base):
    def get(self, order):
        self.write({})
app = tornado.web.Application([(r'/orders/([0-9]+)', Orders)])
";
    let found = routes(&[("app.py", app), ("requirements.txt", "tornado\n")]);
    assert_eq!(found, of(&["GET /orders/([0-9]+)"]));
}

#[test]
fn functions_that_answer_a_server_are_entries() {
    let app = "
from wsgiref.simple_server import make_server
def answer(environ, start_response):
    start_response('200 OK', [])
    return [b'']
make_server('', 8000, answer).serve_forever()
";
    let found = routes(&[("app.py", app), ("requirements.txt", "requests\n")]);
    assert_eq!(found, of(&["ALL /*"]));
    let app = "
import uvicorn
class Answer:
    async def __call__(self, scope, receive, send):
        await send({'type': 'http.response.start', 'status': 200, 'headers': []})
uvicorn.run(Answer(), port=5000)
";
    let found = routes(&[("app.py", app), ("requirements.txt", "uvicorn\n")]);
    assert_eq!(found, of(&["ALL /*"]));
    // What a framework makes is no such function.
    let app = "
import uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get('/near')
def near():
    return {}
uvicorn.run(app, port=5000)
";
    let found = routes(&[("app.py", app), ("requirements.txt", "fastapi\nuvicorn\n")]);
    assert_eq!(found, of(&["GET /near"]));
}

#[test]
fn a_plugin_that_is_wrapped_to_share_its_surroundings_is_registered_once() {
    let main = "
const fastify = require('fastify')
const start = async () => {
  const app = fastify()
  await app.register(require('./plugin'))
  await app.listen({ port: 1 })
}
start()
";
    let plugin = "
const fp = require('fastify-plugin')
module.exports = fp(async function (app) {
  await app.register(require('./routes'), { prefix: '/api' })
})
";
    let routes_of = "
module.exports = async function (app) {
  app.get('/a', async () => 1)
}
";
    let found = routes(&[
        ("main.js", main),
        ("plugin.js", plugin),
        ("routes.js", routes_of),
        (
            "package.json",
            r#"{"dependencies":{"fastify":"4","fastify-plugin":"4"}}"#,
        ),
    ]);
    assert_eq!(found, of(&["GET /api/a"]));
}

#[test]
fn methods_and_paths_that_are_worked_out_are_read() {
    let main = "
const express = require('express')
const _ = require('lodash')
const app = express()
let method = 'post'
method = 'get'
app[method]('/chosen', (req, res) => res.end())
function use(router, path, controller) {
  for (const key of Object.keys(controller)) {
    router.post(path + '/' + _.kebabCase(key), async (req, res) => res.json(await controller[key](req.body)))
  }
}
use(app, '/files', { async listAll() {}, async removeOne() {}, async drop() {} })
app.listen(1)
";
    let found = routes(&[
        ("main.js", main),
        (
            "package.json",
            r#"{"dependencies":{"express":"4","lodash":"4"}}"#,
        ),
    ]);
    assert_eq!(
        found,
        of(&[
            "GET /chosen",
            "POST /chosen",
            "POST /files/list-all",
            "POST /files/remove-one",
            "POST /files/drop",
        ])
    );
}
