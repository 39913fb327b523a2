build/obj/t/unit/test_action_request.o: t/unit/test_action_request.c \
 src/web/status/action_request.c src/web/status/action_request.h \
 src/base/json.h src/mail/mail.h src/base/result.h src/base/scratch.h \
 src/mail/attributes.h src/base/dsn.h src/base/object.h src/base/buf.h \
 src/web/shared/params.h src/base/ident.h src/base/text.h
src/web/status/action_request.c:
src/web/status/action_request.h:
src/base/json.h:
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/web/shared/params.h:
src/base/ident.h:
src/base/text.h:
