build/obj/src/base/dsn.o: src/base/dsn.c src/base/dsn.h src/base/text.h
src/base/dsn.h:
src/base/text.h:
