build/obj/src/cli/sendmail_options.o: src/cli/sendmail_options.c \
 src/cli/sendmail.h src/mail/attributes.h src/base/dsn.h \
 src/base/object.h src/base/buf.h src/cli/cli.h src/base/json.h
src/cli/sendmail.h:
src/mail/attributes.h:
src/base/dsn.h:
src/base/object.h:
src/base/buf.h:
src/cli/cli.h:
src/base/json.h:
