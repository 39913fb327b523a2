build/obj/t/unit/test_object.o: t/unit/test_object.c src/base/object.h \
 src/base/buf.h
src/base/object.h:
src/base/buf.h:
