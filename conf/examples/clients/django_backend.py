"""Django: EMAIL_BACKEND = "django_backend.EmailBackend" and SMTP_SEND_URL = "http://localhost/mail" in settings.py."""
import urllib.error
import urllib.parse
import urllib.request

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    def send_messages(self, messages):
        return sum(self.send(message) for message in messages if message.recipients())

    def send(self, message):
        query = urllib.parse.urlencode([("from", message.from_email)] + [("to", address) for address in message.recipients()])
        request = urllib.request.Request(f"{settings.SMTP_SEND_URL}?{query}", message.message().as_bytes(), {"Content-Type": "message/rfc822"})
        try:
            with urllib.request.urlopen(request, timeout=30):
                return 1
        except urllib.error.URLError:
            if not self.fail_silently:
                raise
            return 0
