build/obj/t/unit/test_schedule_order.o: t/unit/test_schedule_order.c \
 src/queue/schedule.h src/base/mono.h src/base/heap.h src/base/ident.h \
 src/config/settings.h src/config/secret.h src/base/buf.h \
 src/base/result.h
src/queue/schedule.h:
src/base/mono.h:
src/base/heap.h:
src/base/ident.h:
src/config/settings.h:
src/config/secret.h:
src/base/buf.h:
src/base/result.h:
