from django.utils.html import escape
import json

from django.contrib.auth.decorators import login_required, permission_required
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .models import Note


@login_required
def notes(request):
    return JsonResponse(list(Note.objects.filter(owner=request.user).values("id", "text")), safe=False)


@login_required
@require_POST
def add(request):
    Note.objects.create(owner=request.user, text=request.POST["text"])
    return HttpResponse(status=201)


@login_required
def note(request, pk):
    return JsonResponse({"text": get_object_or_404(Note, pk=pk, owner=request.user).text})


@login_required
@require_POST
def change(request, pk):
    note = get_object_or_404(Note, pk=pk, owner=request.user)
    note.text = request.POST["text"]
    note.save()
    return HttpResponse()


@login_required
@require_POST
def remove(request, pk):
    Note.objects.filter(pk=pk).delete()
    return HttpResponse()


def users(request):
    with connection.cursor() as cursor:
        cursor.execute("select id, username from auth_user where username = %s", [request.GET["name"]])
        return JsonResponse(cursor.fetchall(), safe=False)


def go(request):
    return HttpResponseRedirect(request.GET["to"] if request.GET["to"] in ("/a", "/b") else "/")


def hello(request):
    return HttpResponse("<p>Hello " + escape(request.GET.get("name", "")) + "</p>")


@login_required
@require_POST
def done(request, pk):
    Note.objects.filter(pk=pk, owner=request.user).delete()
    return HttpResponseRedirect("/notes/")


@permission_required("notes.view_note", raise_exception=True)
def everything(request):
    return JsonResponse(list(Note.objects.values("text")), safe=False)


@login_required
@require_POST
def keep(request):
    note = Note.objects.create(owner=request.user, text=json.loads(request.body)["text"])
    return JsonResponse({"text": note.text, "pinned": note.pinned})
