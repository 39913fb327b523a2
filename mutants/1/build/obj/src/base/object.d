build/obj/src/base/object.o: src/base/object.c src/base/object.h \
 src/base/buf.h src/base/text.h
src/base/object.h:
src/base/buf.h:
src/base/text.h:
