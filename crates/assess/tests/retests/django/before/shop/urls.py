from django.urls import path
from notes import views
urlpatterns = [
    path("notes/", views.notes),
    path("notes/add/", views.add),
    path("notes/<int:pk>/", views.note),
    path("notes/<int:pk>/change/", views.change),
    path("notes/<int:pk>/delete/", views.remove),
    path("notes/<int:pk>/remove/", views.done),
    path("notes/keep/", views.keep),
    path("admin/notes/", views.everything),
    path("users/", views.users),
    path("go/", views.go),
    path("hello/", views.hello),
]
