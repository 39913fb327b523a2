"""usage: django_client.py smtp|http"""
import os
import sys
from email.utils import formataddr

import django.conf
from django.core.mail import EmailMessage

WHO = {field: os.environ[f"MAIL_{field}"] for field in ("FROM", "TO", "CC", "BCC")}
BACKENDS = {"smtp": "django.core.mail.backends.smtp.EmailBackend", "http": "django_backend.EmailBackend"}
django.conf.settings.configure(EMAIL_BACKEND=BACKENDS[sys.argv[1]], EMAIL_HOST="127.0.0.1", EMAIL_PORT=int(os.environ["MAIL_PORT"]), SMTP_SEND_URL=os.environ["MAIL_URL"],
                               DEFAULT_CHARSET="utf-8", USE_TZ=True)
mail = EmailMessage(os.environ["MAIL_SUBJECT"], os.environ["MAIL_TEXT"], formataddr((os.environ["MAIL_FROM_NAME"], WHO["FROM"])),
                    [formataddr((os.environ["MAIL_TO_NAME"], WHO["TO"]))], cc=[WHO["CC"]], bcc=[WHO["BCC"]])
mail.attach_file(os.environ["MAIL_FILE"])
assert mail.send() == 1
