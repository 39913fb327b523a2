build/obj/t/unit/test_ndjson.o: t/unit/test_ndjson.c src/base/buf.h \
 t/unit/fill.h src/mail/ndjson.h src/mail/lift.h src/base/scratch.h
src/base/buf.h:
t/unit/fill.h:
src/mail/ndjson.h:
src/mail/lift.h:
src/base/scratch.h:
