build/obj/t/unit/test_webhook_rule.o: t/unit/test_webhook_rule.c \
 src/web/submit/webhook_rule.c src/web/submit/webhook_rule.h \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/base/result.h src/mail/mail.h src/base/scratch.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/json.h \
 src/base/text.h src/config/hooks.h
src/web/submit/webhook_rule.c:
src/web/submit/webhook_rule.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/mail/mail.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/json.h:
src/base/text.h:
src/config/hooks.h:
