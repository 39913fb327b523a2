build/obj/src/mail/ndjson.o: src/mail/ndjson.c src/mail/ndjson.h \
 src/base/buf.h src/mail/lift.h src/base/scratch.h
src/mail/ndjson.h:
src/base/buf.h:
src/mail/lift.h:
src/base/scratch.h:
