build/obj/t/unit/test_base.o: t/unit/test_base.c src/base/buf.h \
 src/base/heap.h src/base/ident.h src/base/log.h src/base/result.h \
 src/base/text.h
src/base/buf.h:
src/base/heap.h:
src/base/ident.h:
src/base/log.h:
src/base/result.h:
src/base/text.h:
