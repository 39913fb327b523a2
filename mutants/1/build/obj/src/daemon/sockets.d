build/obj/src/daemon/sockets.o: src/daemon/sockets.c src/daemon/sockets.h \
 src/base/log.h src/base/buf.h src/config/settings.h src/config/secret.h \
 src/base/result.h
src/daemon/sockets.h:
src/base/log.h:
src/base/buf.h:
src/config/settings.h:
src/config/secret.h:
src/base/result.h:
