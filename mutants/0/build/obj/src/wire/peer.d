build/obj/src/wire/peer.o: src/wire/peer.c src/wire/peer.h \
 src/base/mono.h src/base/result.h src/wire/frame.h src/base/buf.h \
 src/base/clock.h src/base/object.h
src/wire/peer.h:
src/base/mono.h:
src/base/result.h:
src/wire/frame.h:
src/base/buf.h:
src/base/clock.h:
src/base/object.h:
