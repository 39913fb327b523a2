build/obj/src/queue/schedule.o: src/queue/schedule.c src/queue/schedule.h \
 src/base/mono.h src/base/heap.h src/base/ident.h src/config/settings.h \
 src/config/secret.h src/base/buf.h src/base/result.h
src/queue/schedule.h:
src/base/mono.h:
src/base/heap.h:
src/base/ident.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
