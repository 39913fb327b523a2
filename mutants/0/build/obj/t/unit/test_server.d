build/obj/t/unit/test_server.o: t/unit/test_server.c src/base/buf.h \
 src/smtp/server.h src/smtp/parameter.h src/base/dsn.h
src/base/buf.h:
src/smtp/server.h:
src/smtp/parameter.h:
src/base/dsn.h:
