build/obj/src/queue/store_control.o: src/queue/store_control.c \
 src/queue/store_control.h src/queue/db.h src/queue/dialect.h \
 src/base/result.h src/queue/sql.h src/mail/attributes.h src/base/dsn.h \
 src/base/object.h src/base/buf.h src/queue/store_request.h \
 src/base/mono.h src/base/ident.h src/queue/message.h \
 src/queue/recipient.h src/queue/state.h src/queue/store_outcome.h \
 src/queue/message_row.h src/queue/store_page.h src/queue/store_read.h
src/queue/store_control.h:
src/queue/db.h:
src/queue/dialect.h:
src/base/result.h:
src/queue/sql.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/queue/store_request.h:
src/base/mono.h:
src/base/ident.h:
src/queue/message.h:
src/queue/recipient.h:
src/queue/state.h:
src/queue/store_outcome.h:
src/queue/message_row.h:
src/queue/store_page.h:
src/queue/store_read.h:
