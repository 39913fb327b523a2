build/obj/src/intake/local_header.o: src/intake/local_header.c \
 src/intake/local_header.h src/config/settings.h src/config/secret.h \
 src/base/buf.h src/base/result.h src/intake/quota.h src/base/mono.h \
 src/queue/message.h src/base/ident.h src/mail/attributes.h \
 src/base/dsn.h src/base/object.h src/queue/recipient.h src/queue/state.h \
 src/base/text.h src/mail/address.h src/mail/attributes_json.h \
 src/mail/mail.h src/base/scratch.h
src/intake/local_header.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
src/intake/quota.h:
src/base/mono.h:
src/queue/message.h:
src/base/ident.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/queue/recipient.h:
src/queue/state.h:
src/base/text.h:
src/mail/address.h:
src/mail/attributes_json.h:
src/mail/mail.h:
src/base/scratch.h:
