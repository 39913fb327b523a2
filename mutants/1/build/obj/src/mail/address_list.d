build/obj/src/mail/address_list.o: src/mail/address_list.c \
 src/base/text.h src/mail/address.h src/mail/mail.h src/base/result.h \
 src/base/scratch.h src/mail/attributes.h src/base/dsn.h \
 src/base/object.h src/base/buf.h src/mail/words.h
src/base/text.h:
src/mail/address.h:
src/mail/mail.h:
src/base/result.h:
src/base/scratch.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/mail/words.h:
