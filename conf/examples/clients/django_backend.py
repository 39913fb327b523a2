"""Django: EMAIL_BACKEND = "django_backend.EmailBackend" and SMTP_SEND_URL = "http://localhost/mail" in settings.py."""
import json
import urllib.error
import urllib.parse
import urllib.request
from email.utils import parseaddr

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    def send_messages(self, messages):
        return sum(self.send(message) for message in messages if message.recipients())

    def send(self, message):
        # The envelope has bare addresses; display names stand in the message.
        query = urllib.parse.urlencode([(name, parseaddr(mailbox)[1]) for name, mailbox in [("from", message.from_email)] + [("to", to) for to in message.recipients()]])
        request = urllib.request.Request(f"{settings.SMTP_SEND_URL}?{query}", message.message().as_bytes(), {"Content-Type": "message/rfc822"})
        try:
            with urllib.request.urlopen(request, timeout=30):
                return 1
        except urllib.error.URLError as error:
            if self.fail_silently:
                return 0
            if isinstance(error, urllib.error.HTTPError):
                error.msg += ": " + json.load(error).get("detail", "")
            raise
