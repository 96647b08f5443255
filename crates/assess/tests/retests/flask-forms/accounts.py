# The sessions of two accounts, as the program signs them, each with the token that its forms would bring.
import json

from app import app
from itsdangerous import URLSafeTimedSerializer

session = app.session_interface.get_signing_serializer(app)
token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps("once")
accounts = ({"user": user, "csrf_token": "once"} for user in (1, 2))
print(json.dumps([{"cookie": "session=" + session.dumps(one), "x-csrftoken": token} for one in accounts]))
