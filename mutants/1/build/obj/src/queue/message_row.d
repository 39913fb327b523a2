build/obj/src/queue/message_row.o: src/queue/message_row.c \
 src/queue/message_row.h src/queue/db.h src/queue/dialect.h \
 src/base/result.h src/queue/sql.h src/mail/attributes.h src/base/dsn.h \
 src/base/object.h src/base/buf.h src/queue/message.h src/base/ident.h \
 src/queue/recipient.h src/queue/state.h
src/queue/message_row.h:
src/queue/db.h:
src/queue/dialect.h:
src/base/result.h:
src/queue/sql.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/queue/message.h:
src/base/ident.h:
src/queue/recipient.h:
src/queue/state.h:
