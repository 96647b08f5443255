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
