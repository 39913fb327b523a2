build/obj/src/mail/attributes_json.o: src/mail/attributes_json.c \
 src/mail/attributes_json.h src/mail/attributes.h src/base/dsn.h \
 src/base/object.h src/base/buf.h src/base/text.h
src/mail/attributes_json.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/base/text.h:
