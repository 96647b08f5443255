//! The logins that stand before routes on small programs of Python, each written in ways in which public backends write theirs.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// Method, path and whether a login stands before it, of all endpoints of a program.
fn logins(files: &[(&str, &str)]) -> BTreeSet<String> {
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
            let login = endpoint["guarded"]["authentication"].as_str().unwrap();
            format!("{} {path} {login}", endpoint["method"].as_str().unwrap())
        })
        .collect()
}

fn of(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

const DJANGO: (&str, &str) = ("requirements.txt", "django\ndjangorestframework\n");
const FLASK: (&str, &str) = ("requirements.txt", "flask\nflask-jwt-extended\n");

#[test]
fn modules_of_a_package_come_with_its_star() {
    let found = logins(&[
        DJANGO,
        (
            "urls.py",
            "from django.urls import path\nfrom shop.pages import *\n\
             urlpatterns = [path('orders', orders.listed), path('new', new.create), path('top', top)]\n",
        ),
        ("shop/__init__.py", ""),
        (
            "shop/pages/__init__.py",
            "from .orders import *\nfrom shop.pages.new import *\n",
        ),
        (
            "shop/pages/orders.py",
            "from django.contrib.auth.decorators import login_required\n\
             @login_required\ndef listed(request):\n    return None\n",
        ),
        (
            "shop/pages/new.py",
            "def create(request):\n    return None\ndef top(request):\n    return None\n",
        ),
    ]);
    let wanted = ["ROUTE /orders yes", "ROUTE /new no", "ROUTE /top no"];
    assert_eq!(found, of(&wanted));
}

#[test]
fn decorators_that_wait_for_their_function() {
    let found = logins(&[
        DJANGO,
        (
            "guards.py",
            "
import functools
from functools import partial, wraps
from django.http import HttpResponse

def may(permission, func=None):
    if func is None:
        return functools.partial(may, permission)
    @functools.wraps(func)
    def inner(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return HttpResponse(status=401)
        return func(request, *args, **kwargs)
    return inner

def known(view=None, *, strict=False):
    if view is None:
        return partial(known, strict=strict)
    @wraps(view)
    def inner(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return HttpResponse(status=401)
        return view(request, *args, **kwargs)
    return inner

def timed(view=None, *, unit='s'):
    if view is None:
        return lambda view: timed(view, unit=unit)
    @wraps(view)
    def inner(request, *args, **kwargs):
        return view(request, *args, **kwargs)
    return inner
",
        ),
        (
            "urls.py",
            "
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from guards import may, known, timed
@may('orders')
def a(request):
    return None
@csrf_exempt
@known
def b(request):
    return None
@known(strict=True)
def c(request):
    return None
@timed(unit='ms')
def d(request):
    return None
@timed
def e(request):
    return None
urlpatterns = [path('a', a), path('b', b), path('c', c), path('d', d), path('e', e)]
",
        ),
    ]);
    let wanted = [
        "ROUTE /a yes",
        "ROUTE /b yes",
        "ROUTE /c yes",
        "ROUTE /d no",
        "ROUTE /e no",
    ];
    assert_eq!(found, of(&wanted));
}

#[test]
fn lists_of_middleware_that_are_put_together() {
    let middleware = "
from django.shortcuts import redirect
from django.conf import settings
class LoginFirst:
    def __init__(self, get_response):
        self.get_response = get_response
    def __call__(self, request):
        if not request.user.is_authenticated:
            return redirect(settings.LOGIN_URL)
        return self.get_response(request)
class NewPassword:
    def __init__(self, get_response):
        self.get_response = get_response
    def __call__(self, request):
        if request.user.is_authenticated and request.user.must_change:
            return redirect('/password')
        return self.get_response(request)
";
    let urls = "
from django.urls import path
from django.views import View
class Orders(View):
    def get(self, request):
        return None
def plain(request):
    return None
urlpatterns = [path('orders', Orders.as_view()), path('plain', plain)]
";
    let lists = [
        "OUR_MIDDLEWARE = ['shop.middleware.LoginFirst']\nMIDDLEWARE = OUR_MIDDLEWARE\n",
        "MIDDLEWARE = []\nMIDDLEWARE.append('shop.middleware.LoginFirst')\n",
        "MIDDLEWARE = []\nMIDDLEWARE.insert(0, 'shop.middleware.LoginFirst')\n",
        "MIDDLEWARE = []\nMIDDLEWARE.extend(['shop.middleware.LoginFirst'])\n",
    ];
    let with = |settings: &str| {
        logins(&[
            DJANGO,
            ("shop/__init__.py", ""),
            ("shop/middleware.py", middleware),
            ("shop/urls.py", urls),
            ("shop/settings.py", settings),
        ])
    };
    for list in lists {
        let found = with(list);
        assert_eq!(
            found,
            of(&["GET /orders yes", "ROUTE /plain yes"]),
            "{list}"
        );
    }
    // Whoever is not known meets no check there.
    let found = with("MIDDLEWARE = ['shop.middleware.NewPassword']\n");
    assert_eq!(found, of(&["GET /orders no", "ROUTE /plain no"]));
}

#[test]
fn prefixes_that_are_set_and_routers_of_the_program() {
    let found = logins(&[
        DJANGO,
        (
            "urls.py",
            "
import os
from django.urls import include, path
from routes import router
prefix = ''
if os.environ.get('BELOW'):
    prefix = os.environ['BELOW'] + '/'
urlpatterns = [path(prefix, include('orders.urls')), path(f'{prefix}v1/', include(router.urls))]
",
        ),
        ("orders/__init__.py", ""),
        (
            "orders/urls.py",
            "from django.urls import path\nfrom django.contrib.auth.decorators import login_required\n\
             @login_required\ndef listed(request):\n    return None\nurlpatterns = [path('orders', listed)]\n",
        ),
        (
            "routers.py",
            "
class BaseRouter:
    def __init__(self):
        self.registry = []
    def register(self, prefix, viewset, base_name=None):
        self.registry.append((prefix, viewset, base_name))
class Router(BaseRouter):
    pass
",
        ),
        (
            "routes.py",
            "
from rest_framework.views import APIView
from rest_framework.permissions import IsAuthenticated
from routers import Router
def detail_route(methods=None):
    def made(func):
        func.methods = methods
        return func
    return made
class Users(APIView):
    permission_classes = [IsAuthenticated]
    def list(self, request):
        return None
    @detail_route(methods=['post'])
    def ban(self, request, pk):
        return None
router = Router()
router.register('users', Users, base_name='users')
",
        ),
    ]);
    let wanted = [
        "ROUTE /orders yes",
        "GET /v1/users/ yes",
        "POST /v1/users/{pk}/ban/ yes",
    ];
    assert_eq!(found, of(&wanted));
}

#[test]
fn what_runs_before_the_handlers_of_flask() {
    let app = "
from flask import Flask, Blueprint, request, session, abort, g
from checks import login_first, note, for_all
def orders():
    bp = Blueprint('orders', __name__)
    @bp.route('/list')
    def listed():
        return 'x'
    return bp
def public():
    view = Blueprint('public', __name__, url_prefix='/public')
    @view.route('/list')
    def listed():
        return 'x'
    return view
def make():
    app = Flask(__name__)
    app.before_request(note)
    app.register_blueprint(orders(), url_prefix='/orders')
    app.register_blueprint(public())
    @app.before_request
    def login():
        if request.endpoint in ('public.listed', 'static'):
            return None
        if not session.get('user'):
            abort(401)
    return app
def other():
    app = Flask('other')
    admin = Blueprint('admin', __name__)
    tools = Blueprint('tools', __name__)
    @admin.before_request
    @tools.before_request
    @for_all
    def before():
        g.note = 1
    @admin.route('/admin')
    def first():
        return 'x'
    @tools.route('/tools')
    def second():
        return 'x'
    @app.route('/open')
    def third():
        return 'x'
    app.register_blueprint(admin)
    app.register_blueprint(tools)
    return app
";
    let checks = "
from functools import wraps
from flask import session, abort, g
def login_first():
    if not session.get('user'):
        abort(401)
def note():
    g.user = session.get('user')
def for_all(f):
    @wraps(f)
    def inner(*args, **kwargs):
        if not session.get('user'):
            abort(401)
        return f(*args, **kwargs)
    return inner
";
    let found = logins(&[FLASK, ("app.py", app), ("checks.py", checks)]);
    let wanted = [
        "GET /orders/list yes",
        "GET /public/list unknown",
        "GET /open no",
        "GET /admin yes",
        "GET /tools yes",
    ];
    assert_eq!(found, of(&wanted));
}

#[test]
fn functions_that_a_call_runs_before_handlers_of_flask() {
    let app = "
from flask import Flask, session, redirect
from flask.views import MethodView
app = Flask(__name__)
class Orders(MethodView):
    def get(self):
        return 'x'
    def post(self):
        return 'x'
@app.route('/plain')
def plain():
    return 'x'
app.add_url_rule('/orders', view_func=Orders.as_view('orders'))
def check():
    if session.get('user') is None:
        return redirect('/login')
app.before_request(check)
";
    let found = logins(&[FLASK, ("app.py", app)]);
    let wanted = ["GET /plain yes", "GET /orders yes", "POST /orders yes"];
    assert_eq!(found, of(&wanted));
}

#[test]
fn applications_of_a_class_of_the_program() {
    let app = "
from flask import Flask, Blueprint, session, abort
class Shop(Flask):
    pass
class Part(Blueprint):
    pass
app = Shop(__name__)
part = Part('part', __name__, url_prefix='/part')
@part.route('/a')
def a():
    return 'x'
@app.before_request
def login():
    if not session.get('user'):
        abort(401)
app.register_blueprint(part)
";
    let found = logins(&[FLASK, ("app.py", app)]);
    assert_eq!(found, of(&["GET /part/a yes"]));
}

#[test]
fn tokens_that_may_be_left_out_and_those_that_a_function_wants() {
    let app = "
from functools import wraps
from flask import Flask, request, g
from flask_jwt_extended import jwt_required
app = Flask(__name__)
class AuthError(Exception):
    pass
def verify(token, role=None):
    if token is None:
        raise AuthError('no token')
    return decode(token)
def check(role=None):
    token = request.headers.get('Authorization')
    g.user = verify(token, role=role)
def login(f):
    @wraps(f)
    def inner(*args, **kwargs):
        check(role='a')
        return f(*args, **kwargs)
    return inner
@app.route('/a')
@login
def a():
    return 'x'
@app.route('/b')
@jwt_required()
def b():
    return 'x'
@app.route('/c')
@jwt_required(optional=True)
def c():
    return 'x'
";
    let found = logins(&[FLASK, ("app.py", app)]);
    let wanted = ["GET /a yes", "GET /b yes", "GET /c no"];
    assert_eq!(found, of(&wanted));
}

#[test]
fn layers_around_applications_of_starlette() {
    let checks = "
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse
class Login(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if request.url.path == '/login':
            return await call_next(request)
        if not request.headers.get('Authorization'):
            return JSONResponse({}, status_code=401)
        return await call_next(request)
class Note(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        request.state.agent = request.headers.get('User-Agent')
        response = await call_next(request)
        return response
";
    let routes = "
router = APIRouter()
@router.get('/items')
def items():
    return []
@app.post('/login')
def login():
    return {}
app.include_router(router, prefix='/api')
";
    let head = "from fastapi import APIRouter, FastAPI, Request\nfrom starlette.middleware import Middleware\n\
                from starlette.responses import JSONResponse\nfrom checks import Login, Note\n";
    let with = |made: &str| {
        logins(&[
            ("requirements.txt", "fastapi\n"),
            ("checks.py", checks),
            ("app.py", &format!("{head}{made}{routes}")),
        ])
    };
    let guarded = [
        "app = FastAPI()\napp.add_middleware(Login)\napp.add_middleware(Note)\n",
        "app = FastAPI(middleware=[Middleware(Note), Middleware(Login)])\n",
    ];
    for made in guarded {
        let found = with(made);
        assert_eq!(
            found,
            of(&["GET /api/items yes", "POST /login unknown"]),
            "{made}"
        );
    }
    let found = with("app = FastAPI()\napp.add_middleware(Note)\n");
    assert_eq!(found, of(&["GET /api/items no", "POST /login no"]));
    let declared = "
app = FastAPI()
@app.middleware('http')
async def first(request: Request, call_next):
    if request.cookies.get('session') is None:
        return JSONResponse({}, status_code=401)
    return await call_next(request)
";
    let found = with(declared);
    assert_eq!(found, of(&["GET /api/items yes", "POST /login yes"]));
}

#[test]
fn layers_around_applications_of_aiohttp() {
    let checks = "
from aiohttp import web
@web.middleware
async def login(request, handler):
    if request.headers.get('Authorization') is None:
        raise web.HTTPUnauthorized()
    return await handler(request)
def login_of(users):
    @web.middleware
    async def inner(request, handler):
        if not await users.is_known(request):
            raise web.HTTPUnauthorized()
        return await handler(request)
    return inner
@web.middleware
async def note(request, handler):
    request['agent'] = request.headers.get('User-Agent')
    return await handler(request)
class Users:
    async def is_known(self, request):
        return request.headers.get('KEY') == 'x'
";
    let routes = "
async def items(request):
    return web.Response()
routes = web.RouteTableDef()
@routes.get('/more')
async def more(request):
    return web.Response()
app.router.add_get('/items', items)
app.add_routes(routes)
web.run_app(app)
";
    let with = |made: &str| {
        let head = "from aiohttp import web\nfrom checks import *\n";
        logins(&[
            ("requirements.txt", "aiohttp\n"),
            ("checks.py", checks),
            ("app.py", &format!("{head}{made}{routes}")),
        ])
    };
    for made in [
        "app = web.Application(middlewares=[note, login])\n",
        "app = web.Application(middlewares=[login_of(Users())])\n",
    ] {
        let found = with(made);
        assert_eq!(found, of(&["GET /items yes", "GET /more yes"]), "{made}");
    }
    let found = with("app = web.Application(middlewares=[note])\n");
    assert_eq!(found, of(&["GET /items no", "GET /more no"]));
}

#[test]
fn who_asks_by_the_method_that_tornado_asks() {
    let app = "
from tornado.web import Application, HTTPError, RequestHandler
class Base(RequestHandler):
    def get_current_user(self):
        return self.settings['users'].get(self.get_secure_cookie('session'))
    @staticmethod
    def auth(admin=False):
        def decorator(func):
            def wrapper(self, *args, **kwargs):
                if self.get_current_user() is None:
                    raise HTTPError(403)
                return func(self, *args, **kwargs)
            return wrapper
        return decorator
class Orders(Base):
    @Base.auth(admin=True)
    def get(self):
        self.write('x')
    def post(self):
        self.write('x')
app = Application([('/orders', Orders)])
";
    let found = logins(&[("requirements.txt", "tornado\n"), ("app.py", app)]);
    assert_eq!(found, of(&["GET /orders yes", "POST /orders no"]));
}

#[test]
fn permissions_that_let_everybody_read() {
    let with = |settings: &str, permissions: &str| {
        logins(&[
            DJANGO,
            ("settings.py", settings),
            (
                "perms.py",
                "
from rest_framework import permissions
class OursOrReadOnly(permissions.BasePermission):
    def has_permission(self, request, view):
        if request.method in permissions.SAFE_METHODS:
            return True
        return request.user.is_authenticated
",
            ),
            (
                "urls.py",
                &format!(
                    "
from django.urls import path
from rest_framework.views import APIView
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from perms import OursOrReadOnly
class Orders(APIView):
    {permissions}
    def get(self, request):
        return None
    def post(self, request):
        return None
urlpatterns = [path('orders', Orders.as_view())]
"
                ),
            ),
        ])
    };
    let wanted = of(&["GET /orders no", "POST /orders yes"]);
    let named = "REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticatedOrReadOnly']}\n";
    let open = "REST_FRAMEWORK = {'PAGE_SIZE': 10}\n";
    assert_eq!(with(named, "pass"), wanted);
    let listed = "permission_classes = [IsAuthenticatedOrReadOnly]";
    assert_eq!(with(open, listed), wanted);
    let ours = "permission_classes = (OursOrReadOnly,)";
    let wanted = of(&["GET /orders unknown", "POST /orders yes"]);
    assert_eq!(with(open, ours), wanted);
}

#[test]
fn permissions_that_ask_the_view_whom_it_answers() {
    let found = logins(&[
        DJANGO,
        (
            "base.py",
            "
from rest_framework.permissions import BasePermission
class UnlessPublic(BasePermission):
    def has_permission(self, request, view):
        if getattr(view, 'public', False):
            return True
        return request.user and request.user.is_authenticated
",
        ),
        (
            "urls.py",
            "
from django.urls import path
from rest_framework.views import APIView
from base import UnlessPublic
class Api(APIView):
    permission_classes = [UnlessPublic]
    def get(self, request):
        return None
class News(Api):
    public = True
urlpatterns = [path('api', Api.as_view()), path('news', News.as_view())]
",
        ),
    ]);
    assert_eq!(found, of(&["GET /api yes", "GET /news unknown"]));
}

#[test]
fn functions_that_frappe_answers_for_whoever_is_logged_in() {
    let app = "
import frappe
@frappe.whitelist()
def orders():
    return []
@frappe.whitelist(allow_guest=True)
def news():
    return []
@frappe.whitelist(methods=['POST'])
def order(item):
    return item
";
    let found = logins(&[("requirements.txt", "frappe\n"), ("shop/api.py", app)]);
    assert_eq!(found, of(&["POST - yes", "POST - no"]));
}
